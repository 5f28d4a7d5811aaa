#pragma once

#include "active_learning/dft_code.hpp"
#include "files/pwx_input.hpp"

namespace zeropoint::active_learning {

/// pw.x from the user's complete input of the unit cell or of the supercell: structure and k points are replaced,
/// output goes to the scratch folder of a run, and nothing is kept of wave functions. Retries halve mixing_beta, change
/// the diagonalisation, mix locally, and double electron_maxstep.
class PwxCode : public DftCode {
 public:
  /// @throws InputError: what PwxInput refuses; conv_thr above 1e-10 Ry an atom and 1e-8 Ry (forces would be noisy); no
  /// pseudo_dir, or a pseudopotential that is not there.
  PwxCode(DftOptions options, const Supercell& supercell);
  std::string method() const override { return method_; }
  std::vector<InputFile> inputs(const Crystal& crystal, const std::string& name, int attempt) const override;
  std::string shell_command() const override;
  /// Cutoff, number of k points and the check sums of pseudopotentials, as pw.x echoes them.
  std::string other_method(const std::string& text, const Crystal& crystal) const override;

 private:
  void check_convergence_threshold(int n_atoms) const;
  std::string method_text() const;

  DftOptions options_;
  PwxInput input_;
  std::optional<KMesh> mesh_;
  double cutoff_ = 0;                          // Ry
  std::vector<std::string> pseudopotentials_;  // paths, in the order of the species of the template
  std::vector<std::string> md5_;
  std::string method_;
};

}  // namespace zeropoint::active_learning
