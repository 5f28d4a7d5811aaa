#include "core/device.hpp"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/error.hpp"
#include "core/scratch_file.hpp"

namespace zeropoint {
namespace {

/// The folder of the libtorch_cpu.so in use; empty when the loader does not tell.
std::filesystem::path libtorch_folder() {
  void* library = dlopen("libtorch_cpu.so", RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) return {};
  link_map* entry = nullptr;
  const bool known = dlinfo(library, RTLD_DI_LINKMAP, &entry) == 0;
  std::filesystem::path folder = known ? std::filesystem::path{entry->l_name}.parent_path() : std::filesystem::path{};
  dlclose(library);
  return folder;
}

/// Loads a library for good. @returns why it cannot be, empty when it can.
std::string load_library(const std::string& path) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return {};
  const char* reason = dlerror();
  return reason != nullptr ? reason : "unknown reason";
}

at::Device open_cuda() {
  const std::filesystem::path folder = libtorch_folder();
  if (const std::string reason = load_library((folder / "libtorch_cuda.so").string()); !reason.empty()) {
    throw ConfigError{"the LibTorch in {} has no CUDA ({}). Run tools/setup --cuda and build again", folder.string(),
                      reason};
  }
  if (const std::string reason = load_library("libcuda.so.1"); !reason.empty()) {
    throw ConfigError{"there is no NVIDIA driver ({}). Install one", reason};
  }
  const at::Device device{at::kCUDA, 0};
  try {
    if (!at::hasCUDA() || at::detail::getCUDAHooks().deviceCount() == 0) {
      const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
      throw ConfigError{"no GPU is visible{}. See what nvidia-smi lists",
                        visible != nullptr ? fmt::format(" (CUDA_VISIBLE_DEVICES = \"{}\")", visible) : ""};
    }
    // A GPU may be listed and yet be too old, too new for its driver, or taken: find out now.
    if (at::ones({8}, at::TensorOptions{at::kDouble}.device(device)).sum().item<double>() != 8) {
      throw ConfigError{"the GPU adds eight ones to another number. Have it checked"};
    }
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    throw ConfigError{
        "the GPU cannot be used ({}). Is its driver one for CUDA 13, and is no other "
        "program holding it? Mend that",
        reason.substr(0, reason.find('\n'))};
  }
  return device;
}

}  // namespace

at::Device open_device(const std::string& name) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda") throw ConfigError{"there is no device '{}': cpu or cuda", name};
  static const at::Device cuda = open_cuda();  // tried again after a failure
  return cuda;
}

std::int64_t available_memory(at::Device device) {
  const std::int64_t host = available_memory();
  if (device.is_cpu()) return host;
  return std::min(host, static_cast<std::int64_t>(at::accelerator::getMemoryInfo(device.index()).first));
}

}  // namespace zeropoint
