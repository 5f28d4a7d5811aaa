// The kernels for sse: compiled with -march of its own (CMakeLists.txt).
#define ZEROPOINT_KERNELS kernels_sse

#include "mlp/kernels/exported_kernels.hpp"

namespace zeropoint::mlp {

extern const BlockKernels<float> sse_float = kernels_sse::kernels_here<float>;
extern const BlockKernels<double> sse_double = kernels_sse::kernels_here<double>;

}  // namespace zeropoint::mlp
