// The kernels for avx2: compiled with -march of its own (CMakeLists.txt).
#define ZEROPOINT_KERNELS kernels_avx2

#include "mlp/kernels/exported_kernels.hpp"

namespace zeropoint::mlp {

extern const BlockKernels<float> avx2_float = kernels_avx2::kernels_here<float>;
extern const BlockKernels<double> avx2_double = kernels_avx2::kernels_here<double>;

}  // namespace zeropoint::mlp
