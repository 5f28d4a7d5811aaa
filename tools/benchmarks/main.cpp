// Times what users wait for: zeropoint_bench [--json FILE] [--threads N] [--list] [case...]

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cxxopts.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "tools/benchmarks/cases.hpp"

namespace zeropoint {
namespace {

using bench::Case;
using bench::Timing;

/// fp64 rate of the machine as it is at this moment, GFlop/s: what else the timings have to be judged by.
double gemm_gflops() {
  const std::int64_t n = 1024;
  at::set_num_threads(threads());
  const at::Tensor a = at::rand({n, n}, at::kDouble), b = at::rand({n, n}, at::kDouble);
  at::Tensor c = at::empty({n, n}, at::kDouble);
  const double seconds = bench::best_of(10, [&] { at::mm_out(c, a, b); });
  return 2e-9 * static_cast<double>(n * n * n) / seconds;
}

/// Runs `body` in a process of its own, so that its peak memory is its own, and returns what it returned.
/// @throws InternalError when the process dies, InputError with its message when `body` throws.
nlohmann::json in_own_process(const std::function<nlohmann::json()>& body) {
  int ends[2];
  if (pipe(ends) != 0) throw InternalError{"no pipe to a new process"};
  const pid_t child = fork();
  if (child < 0) throw InternalError{"no new process"};
  if (child == 0) {
    close(ends[0]);
    nlohmann::json reply;
    try {
      reply = body();
    } catch (const std::exception& failure) {
      reply = {{"error", failure.what()}};
    }
    const std::string text = reply.dump();
    FILE* out = fdopen(ends[1], "w");
    std::fwrite(text.data(), 1, text.size(), out);
    std::fclose(out);
    _exit(0);  // no destructors: the parent owns everything that was there before
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  const nlohmann::json reply = nlohmann::json::parse(text, nullptr, false);
  if (status != 0 || reply.is_discarded()) throw InternalError{"the process of the case died with status {}", status};
  if (reply.contains("error")) throw InputError{"{}", reply["error"].get<std::string>()};
  return reply;
}

nlohmann::json measure(const Case& one, const std::string& folder) {
  const Timing timing = one.run(folder);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  nlohmann::json result = {{"seconds", timing.seconds},
                           {"peak_memory_mb", static_cast<double>(usage.ru_maxrss) * 1024e-6},
                           {"threads", threads()}};
  if (timing.rate > 0) {
    result["rate"] = timing.rate;
    result["rate_unit"] = timing.rate_unit;
  }
  if (!timing.parts.empty()) result["parts"] = timing.parts;
  return result;
}

/// A folder for what cases prepare, gone with the object.
struct TemporaryFolder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("zeropoint_bench_{}", getpid());
  TemporaryFolder() { std::filesystem::create_directories(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

nlohmann::json run(const Case& one) {
  const TemporaryFolder folder;
  in_own_process([&] {
    one.prepare(folder.path.string());
    return nlohmann::json::object();
  });
  const double gflops = in_own_process([] { return nlohmann::json{{"rate", gemm_gflops()}}; })["rate"];
  nlohmann::json result = in_own_process([&] { return measure(one, folder.path.string()); });
  result["gemm_gflops"] = gflops;
  return result;
}

int run_bench(int argc, char** argv) {
  cxxopts::Options options("zeropoint_bench", "Times what users wait for, each case in a process of its own.");
  options.add_options()("json", "also write the results to this file", cxxopts::value<std::string>())(
      "threads", "0: all processors", cxxopts::value<int>()->default_value("0"))("list", "name the cases and stop")(
      "help", "this text")("cases", "cases to run; none: all", cxxopts::value<std::vector<std::string>>());
  options.parse_positional({"cases"});
  options.positional_help("[case...]");
  const auto arguments = options.parse(argc, argv);
  if (arguments.count("help") > 0) {
    fmt::print("{}", options.help());
    return 0;
  }
  std::vector<Case> chosen = bench::cases();
  if (arguments.count("cases") > 0) {
    const auto names = arguments["cases"].as<std::vector<std::string>>();
    for (const std::string& name : names) {
      if (std::none_of(chosen.begin(), chosen.end(), [&](const Case& one) { return one.name == name; })) {
        throw ConfigError{"no case '{}': --list names them", name};
      }
    }
    std::erase_if(chosen,
                  [&](const Case& one) { return std::find(names.begin(), names.end(), one.name) == names.end(); });
  }
  if (arguments.count("list") > 0) {
    for (const Case& one : chosen) fmt::print("{:24} {}\n", one.name, one.what);
    return 0;
  }

  set_threads(arguments["threads"].as<int>());
  nlohmann::json results = nlohmann::json::object();
  bool failed = false;
  for (const Case& one : chosen) {
    try {
      const nlohmann::json result = results[one.name] = run(one);
      fmt::print("{:24} {:10.3g} s  {:7.0f} MB  ({} threads, machine {:.0f} GFlop/s)", one.name,
                 result["seconds"].get<double>(), result["peak_memory_mb"].get<double>(), threads(),
                 result["gemm_gflops"].get<double>());
      if (result.contains("rate"))
        fmt::print("  {:.3g} {}", result["rate"].get<double>(), result["rate_unit"].get<std::string>());
      fmt::print("\n");
      std::fflush(stdout);
    } catch (const std::exception& failure) {
      results.erase(one.name);
      fmt::print(stderr, "{}: {}\n", one.name, failure.what());
      failed = true;
    }
  }
  if (arguments.count("json") > 0) {
    const std::string path = arguments["json"].as<std::string>();
    std::ofstream file(path);
    file << results.dump(2) << "\n";
    if (!file.flush()) throw IoError{"cannot write {}: is its folder there?", path};
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace zeropoint

int main(int argc, char** argv) {
  try {
    return zeropoint::run_bench(argc, argv);
  } catch (const zeropoint::ConfigError& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  } catch (const cxxopts::exceptions::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}
