#include "potentials/command.hpp"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/support/model_matrices.hpp"

namespace zeropoint::potentials {
namespace {

Evaluation answer_of(const std::string& command, std::int64_t n = 1) {
  const Supercell supercell(test::cubic_crystal(), {1, 1, 1});
  const CommandPotential potential({.command = command, .patience = std::chrono::seconds(2)});
  return potential.evaluate(supercell, at::zeros({n, 2, 3}, at::kDouble));
}

TEST(CommandPotential, TellsAProgramThatFailsFromWrongInput) {
  // It dies, is no program, answers what is no frame, or another number of lines than asked for.
  for (const char* command : {"exit 3", "/no/such/program", "cat", "yes"}) {
    EXPECT_THROW(answer_of(command), CalculatorError) << command;
  }
  const Supercell supercell(test::cubic_crystal(), {1, 1, 1});
  EXPECT_THROW(CommandPotential({.command = "cat"}).evaluate(supercell, at::zeros({1, 3, 3}, at::kDouble)), InputError);
}

TEST(CommandPotential, TellsAConfigurationWithoutAnAnswerFromAProgramThatFails) {
  EXPECT_THROW(answer_of("printf '2\\nLattice=\"4 0 0 0 4 0 0 0 4\" Properties=species:S:1:pos:R:3:forces:R:3 "
                         "energy=nan\\nNa 0 0 0 0 0 0\\nCl 2 0 0 0 0 0\\n'; cat > /dev/null"),
               ConfigurationError);
}

TEST(CommandPotential, SaysHowAProgramDied) {
  try {
    answer_of("echo no licence >&2; exit 3");
    FAIL() << "a program that died has answered";
  } catch (const CalculatorError& error) {
    EXPECT_NE(error.problem().find("ended with exit code 3; its last words: no licence"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace zeropoint::potentials
