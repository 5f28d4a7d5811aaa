// The kernels for avx512: compiled with -march of its own (CMakeLists.txt).
#define ZEROPOINT_KERNELS kernels_avx512

#include "mlp/kernels/exported_kernels.hpp"

namespace zeropoint::mlp {

extern const BlockKernels<float> avx512_float = kernels_avx512::kernels_here<float>;
extern const BlockKernels<double> avx512_double = kernels_avx512::kernels_here<double>;

}  // namespace zeropoint::mlp
