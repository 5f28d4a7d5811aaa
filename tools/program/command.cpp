#include "tools/program/command.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace zeropoint {

at::Device Run::device() const {
  try {
    return open_device(shared.device);
  } catch (const ConfigError& error) {
    throw ConfigError{"compute.device = \"{}\": {}, or write compute.device = \"cpu\"", shared.device, error.what()};
  }
}

void declare_shared(Job& job, const std::string& directory) {
  SharedSettings& shared = job.shared;
  shared.directory = directory;
  job.schema.section("").key("seed", &shared.seed, "of all random numbers").at_least(0);

  Section& compute = job.schema.section("compute", "where and how it is computed");
  compute.choice("device", &shared.device, {"cpu", "cuda"}, "").free_on_resume();
  compute.key("threads", &shared.threads, "0: all").at_least(0).free_on_resume();
  compute.choice("compatibility", shared.python_sscha, {{"none", false}, {"python-sscha", true}},
                 "its constants and conventions, for comparison");

  Section& output = job.schema.section("output", "what is left");
  output.key("directory", &shared.directory, "folder of the results").paths().free_on_resume();
  output.key("figures", &shared.figures, "SVG, by gnuplot").free_on_resume();
}

std::function<std::unique_ptr<Job>()> on_cpu(const std::string& command,
                                             std::function<std::unique_ptr<Job>()> prepare) {
  return [command, prepare] {
    std::unique_ptr<Job> job = prepare();
    job->schema.rule({"compute.device"}, [command, device = &job->shared.device]() -> std::string {
      if (*device == "cpu") return "";
      return fmt::format("compute.device = \"{}\": `{}` runs on the CPU", *device, command);
    });
    return job;
  };
}

std::vector<Command> all_commands() {
  return {sample_command(),  collect_command(),    minimize_command(), sscha_command(),
          hessian_command(), dispersion_command(), relax_command(),    phonons_command(),
          a2f_command(),     tc_command(),         train_command(),    evaluate_command(),
          learn_command(),   info_command(),       convert_command(),  plot_command()};
}

}  // namespace zeropoint
