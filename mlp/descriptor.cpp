#include "mlp/descriptor.hpp"

#include "core/error.hpp"

namespace zeropoint::mlp {

void check(const DescriptorOptions& options) {
  if (!(options.angular_cutoff > 0.5) || !(options.radial_cutoff >= options.angular_cutoff) ||
      options.radial_cutoff > 30) {
    throw InputError{"cutoffs of {} (radial) and {} angstrom (angular): 0.5 < angular <= radial <= 30 is needed",
                     options.radial_cutoff, options.angular_cutoff};
  }
  if (options.radial_order < 1 || options.radial_order > highest_radial_order) {
    throw InputError{"radial order {}: 1 to {} are possible", options.radial_order, highest_radial_order};
  }
  if (options.angular_order < 0 || options.angular_order > highest_angular_order) {
    throw InputError{"angular order {}: 0 to {} are possible", options.angular_order, highest_angular_order};
  }
}

}  // namespace zeropoint::mlp
