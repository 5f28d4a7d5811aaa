#include "core/device.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/scratch_file.hpp"

namespace zeropoint {
namespace {

TEST(Device, CpuIsAlwaysThere) {
  EXPECT_TRUE(open_device("cpu").is_cpu());
  EXPECT_GT(available_memory(at::kCPU), 0);
}

TEST(Device, OtherNamesAreRefused) {
  try {
    open_device("gpu");
    FAIL() << "accepted";
  } catch (const ConfigError& error) {
    EXPECT_EQ(std::string{error.what()}, "there is no device 'gpu': cpu or cuda");
  }
}

TEST(Device, CudaWorksOrTheMessageSaysWhatIsMissingAndWhatToDo) {
  std::string message;
  try {
    const at::Device device = open_device("cuda");
    const at::Tensor tensor = at::ones({3, 3}, at::kDouble).to(device);
    EXPECT_EQ(tensor.mm(tensor).sum().item<double>(), 27);
    EXPECT_GT(available_memory(device), 0);
    EXPECT_LE(available_memory(device), available_memory());
    return;
  } catch (const ConfigError& error) {
    message = error.what();
  }
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  const bool without_cuda = message.find("has no CUDA (") != std::string::npos;
  EXPECT_EQ(without_cuda, message.find("tools/setup --cuda") != std::string::npos) << message;
  if (without_cuda) {  // what the loader said, passed on
    EXPECT_NE(message.find("cannot open shared object file"), std::string::npos) << message;
  }
  EXPECT_TRUE(without_cuda || message.find("driver") != std::string::npos ||
              message.find("no GPU") != std::string::npos)
      << message;
}

}  // namespace
}  // namespace zeropoint
