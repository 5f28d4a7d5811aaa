#include "files/merged_ensemble.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

#include "core/error.hpp"

namespace zeropoint {
namespace {

class MergedEnsemble : public Ensemble {
 public:
  MergedEnsemble(std::vector<const Ensemble*> ensembles, std::vector<Vectors> shifts)
      : ensembles_(std::move(ensembles)), shifts_(std::move(shifts)) {
    if (ensembles_.empty() || ensembles_.size() != shifts_.size()) throw InputError{"no ensembles to merge"};
    for (const Ensemble* ensemble : ensembles_) {
      begins_.push_back(size_);
      size_ += ensemble->size();
      has_stresses_ = has_stresses_ && ensemble->has_stresses();
    }
  }

  std::int64_t size() const override { return size_; }
  bool has_stresses() const override { return has_stresses_; }
  std::string description() const override {
    std::string text = fmt::format("{} ensembles merged: ", ensembles_.size());
    for (std::size_t k = 0; k < ensembles_.size(); ++k) text += (k ? "; " : "") + ensembles_[k]->description();
    return text;
  }

  Configurations read(std::int64_t begin, std::int64_t end) const override {
    std::vector<Configurations> parts;
    for (std::size_t k = 0; k < ensembles_.size(); ++k) {
      const std::int64_t first = std::max(begin, begins_[k]), last = std::min(end, begins_[k] + ensembles_[k]->size());
      if (first < last)
        parts.push_back(shifted(ensembles_[k]->read(first - begins_[k], last - begins_[k]), shifts_[k]));
    }
    if (parts.size() == 1) {
      if (!has_stresses_) parts[0].stresses = at::Tensor();
      return parts[0];
    }
    const auto joined = [&](at::Tensor Configurations::* member) {
      std::vector<at::Tensor> all;
      for (const Configurations& part : parts) all.push_back(part.*member);
      return at::cat(all, 0);
    };
    Configurations result{
        joined(&Configurations::displacements), joined(&Configurations::energies), joined(&Configurations::forces), {}};
    if (has_stresses_) result.stresses = joined(&Configurations::stresses);
    return result;
  }

 private:
  static Configurations shifted(Configurations c, const Vectors& shift) {
    if (shift.cwiseAbs().maxCoeff() == 0) return c;
    const at::Tensor move = at::from_blob(const_cast<double*>(shift.data()), {1, shift.rows(), 3}, at::kDouble);
    const std::int64_t n = c.size(), n_atoms = c.displacements.size(1);
    c.displacements =
        c.displacements.reshape({n * n_atoms / shift.rows(), shift.rows(), 3}).add(move).view({n, n_atoms, 3});
    return c;
  }

  std::vector<const Ensemble*> ensembles_;
  std::vector<Vectors> shifts_;
  std::vector<std::int64_t> begins_;
  std::int64_t size_ = 0;
  bool has_stresses_ = true;
};

}  // namespace

std::unique_ptr<Ensemble> merged_ensemble(std::vector<const Ensemble*> ensembles, std::vector<Vectors> shifts) {
  return std::make_unique<MergedEnsemble>(std::move(ensembles), std::move(shifts));
}

}  // namespace zeropoint
