#pragma once

#include "mlp/kernels/block_kernels.hpp"

namespace zeropoint::mlp {

/// Numbers that lie somewhere: element (i, j) is data[i row + j column].
template <class Real>
struct MatrixView {
  const Real* data;
  int rows, columns;
  long row, column = 1;

  MatrixView transposed() const { return {data, columns, rows, column, row}; }
};

/// c <- keep c + scale a b by the kernels; c [a.rows, b.columns] is row-major.
template <class Real>
void multiply(const BlockKernels<Real>& kernels, const MatrixView<Real>& a, const MatrixView<Real>& b, Real* c,
              Real keep = 0, Real scale = 1);

extern template void multiply<float>(const BlockKernels<float>&, const MatrixView<float>&, const MatrixView<float>&,
                                     float*, float, float);
extern template void multiply<double>(const BlockKernels<double>&, const MatrixView<double>&, const MatrixView<double>&,
                                      double*, double, double);

}  // namespace zeropoint::mlp
