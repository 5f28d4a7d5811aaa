#pragma once

namespace zeropoint {

/// What of the cell moves.
enum class CellKind {
  fixed,
  isotropic,  ///< the volume, at a pressure; the shape is kept
  shape,      ///< the shape, at a volume
  full,       ///< both, at a pressure
};

}  // namespace zeropoint
