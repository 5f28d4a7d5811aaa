#pragma once

/// What the shell is told.
namespace zeropoint::exit_code {

constexpr int done = 0;
constexpr int failed = 1;         ///< the input or the files are wrong, or a computation failed
constexpr int usage = 2;          ///< the command line or the run file is wrong
constexpr int not_converged = 3;  ///< finished and written, but not converged or physically refused
constexpr int waiting = 75;       ///< for DFT

}  // namespace zeropoint::exit_code
