#pragma once

#include <cstdlib>
#include <memory>
#include <new>

namespace zeropoint::mlp {

/// Numbers that begin on a multiple of 64 bytes, as the kernels want them; kept from use to use, and only ever larger.
template <class T>
class AlignedNumbers {
 public:
  /// Room for `n` numbers, not set to anything; pointers from before are gone where it had to grow.
  T* reserve(std::size_t n) {
    if (n > size_) {
      data_.reset(static_cast<T*>(std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64)));
      if (!data_) throw std::bad_alloc();
      size_ = n;
    }
    return data_.get();
  }

  const T* get() const { return data_.get(); }

 private:
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };
  std::unique_ptr<T[], Free> data_;
  std::size_t size_ = 0;
};

}  // namespace zeropoint::mlp
