#include "mlp/kernels/matrix_product.hpp"

#include "core/contract.hpp"
#include "mlp/kernels/aligned.hpp"

namespace zeropoint::mlp {

template <class Real>
void multiply(const BlockKernels<Real>& kernels, const MatrixView<Real>& a, const MatrixView<Real>& b, Real* c,
              Real keep, Real scale) {
  expect(a.columns == b.rows, "as many columns as rows");
  static thread_local AlignedNumbers<Real> workspace;
  const int m = a.rows, n = b.columns, k = a.columns;
  kernels.multiply({.m = m,
                    .n = n,
                    .k = k,
                    .a = a.data,
                    .a_row = a.row,
                    .a_column = a.column,
                    .b = b.data,
                    .b_row = b.row,
                    .b_column = b.column,
                    .c = c,
                    .c_row = n,
                    .keep = keep,
                    .scale = scale,
                    .workspace = workspace.reserve(kernels.product_workspace(n, k))});
}

template void multiply<float>(const BlockKernels<float>&, const MatrixView<float>&, const MatrixView<float>&, float*,
                              float, float);
template void multiply<double>(const BlockKernels<double>&, const MatrixView<double>&, const MatrixView<double>&,
                               double*, double, double);

}  // namespace zeropoint::mlp
