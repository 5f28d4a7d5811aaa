#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace zeropoint {

/// The device called "cpu" or "cuda" (the first visible GPU), ready for tensors.
///
/// CUDA is loaded at run time, from the folder of the LibTorch in use: one program serves machines with and without a
/// GPU. Ask before any tensor was made elsewhere: LibTorch looks for CUDA once only.
/// @throws ConfigError for another name; when LibTorch came without CUDA, or without a driver or a GPU that works: the
/// message says which, why, and what to do.
at::Device open_device(const std::string& name);

/// Bytes that a population may use on `device`: free memory of this machine, on a GPU its own where that is less.
std::int64_t available_memory(at::Device device);

}  // namespace zeropoint
