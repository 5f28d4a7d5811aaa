#pragma once

#include <string>
#include <vector>

namespace zeropoint::sscha {

/// What a path has of a run: the run's folder, a file in it, or the folder of one condition of a ladder of temperatures
/// or pressures ("300K", "300K_20GPa"), whose settings are those of the run above it.
struct ResultFolder {
  enum class State {
    none,        ///< no run left anything there
    unfinished,  ///< interrupted; result.h5 may be there or not
    finished,
    ladder,  ///< has no result of its own: each condition has
  };
  struct Condition {
    std::string name;  ///< of its folder
    bool finished = false;
  };

  State state = State::none;
  std::string folder;
  std::string settings;               ///< run.toml of the run; empty without one
  std::vector<Condition> conditions;  ///< of a ladder, or of the ladder that misses the condition asked for; by name

  bool has_result() const;
  std::string result() const;  ///< FOLDER/result.h5
  /// "300K, 400K, and 500K unfinished"; "none yet".
  std::string conditions_text() const;
};

/// Looks at names alone, reads nothing. A file stands for its folder.
ResultFolder find_result(const std::string& path);

/// Complains where a path stands for a whole ladder, or for a condition that its ladder does not have: says which there
/// are. @throws InputError.
void require_one_condition(const ResultFolder& found);

}  // namespace zeropoint::sscha
