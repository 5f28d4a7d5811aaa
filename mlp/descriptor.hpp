#pragma once

#include <string>

namespace zeropoint::mlp {

/// f_c(r): 1 at r = 0, 0 from the cutoff r_c on.
enum class CutoffFunction {
  cosine,   ///< (1 + cos(pi r/r_c))/2: force constants jump at r_c
  cubic,    ///< (1 - r^2/r_c^2)^3: twice differentiable at r_c
  quintic,  ///< 1 up to r_c/2, then u^3(-6u^2 + 15u - 10) + 1, u = 2r/r_c - 1: twice differentiable at both ends
};

/// What the moments of an atom are made of. They hold no trainable number.
///
///   R_{sk}   = sum_{j of species s} f_k(r_ij; radial_cutoff)
///   A_{sk,lm} = sum_{j of species s} f_k(r_ij; angular_cutoff) Y_lm(r_ij)
///   f_k(r) = (T_k(x) + 1)/2 f_c(r),  x = 2(r/r_c - 1)^2 - 1   (Chebyshev polynomials in the variable of NEP)
struct DescriptorOptions {
  double radial_cutoff = 6;   ///< angstrom
  double angular_cutoff = 5;  ///< angstrom, at most radial_cutoff
  int radial_order = 12;      ///< k = 0 ... radial_order
  int angular_order = 4;      ///< l = 0 ... angular_order, at most 6
  CutoffFunction cutoff_function = CutoffFunction::quintic;

  int n_functions() const { return radial_order + 1; }                           ///< of r
  int n_harmonics() const { return (angular_order + 1) * (angular_order + 1); }  ///< lm = l^2 + l + m
  /// Places for the functions of r in arrays: whole vectors of 8; those beyond n_functions() hold zeros.
  int stride() const { return (n_functions() + 7) / 8 * 8; }
};

constexpr int highest_angular_order = 6;
constexpr int highest_radial_order = 31;

/// @throws InputError for a cutoff or an order outside of what is possible.
void check(const DescriptorOptions& options);

}  // namespace zeropoint::mlp
