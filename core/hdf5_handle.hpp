#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

namespace zeropoint {

/// An identifier of the HDF5 library, given back at the end of its life.
class Hdf5Handle {
 public:
  Hdf5Handle(hid_t id, herr_t (*give_back)(hid_t)) : id_(id), give_back_(give_back) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), give_back_(other.give_back_) {}
  Hdf5Handle& operator=(Hdf5Handle&&) = delete;
  ~Hdf5Handle() {
    if (id_ >= 0) give_back_(id_);
  }
  hid_t get() const { return id_; }

 private:
  hid_t id_;
  herr_t (*give_back_)(hid_t);
};

/// The library's own reason for the last failure in this thread, innermost first; it prints none itself.
std::string hdf5_reason();

}  // namespace zeropoint
