#include "core/error.hpp"

namespace zeropoint {

void Error::locate(Place place) {
  if (!place_.file.empty()) return;
  place_ = std::move(place);
  render();
}

void Error::advise(const std::string& advice) {
  advice_ += (advice_.empty() ? "" : "; ") + advice;
  render();
}

void Error::render() {
  text_ = place_.file;
  if (place_.line > 0) text_ += fmt::format(":{}", place_.line);
  if (place_.column > 0) text_ += fmt::format(":{}", place_.column);
  if (!text_.empty()) text_ += ": ";
  text_ += problem_;
  if (!advice_.empty()) text_ += ": " + advice_;
}

}  // namespace zeropoint
