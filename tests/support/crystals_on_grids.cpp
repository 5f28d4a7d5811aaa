#include "tests/support/crystals_on_grids.hpp"

#include "tests/support/crystals.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::test {

std::vector<CrystalOnGrid> crystals_on_grids() {
  return {{"triclinic isotopes 3x2x1", triclinic_crystal(), {3, 2, 1}},
          {"Cmc2_1 2x2x2", cmc21_crystal(), {2, 2, 2}},
          {"hcp 3x3x1", hexagonal_crystal(), {3, 3, 1}}};
}

}  // namespace zeropoint::test
