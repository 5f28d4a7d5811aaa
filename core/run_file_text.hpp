#pragma once

#include <deque>
#include <string>

#include "core/run_file_key.hpp"

namespace zeropoint {

/// The keys of a schema as text: to be edited, to be read by people, to be read back.
class RunFileText {
 public:
  /// `sections` must outlive this.
  explicit RunFileText(const std::deque<Section>& sections) : sections_(sections) {}

  /// As Schema::template_text, Schema::help_text, Schema::settings_text.
  std::string template_text() const;
  std::string help_text(int width) const;
  std::string settings_text(const std::string& folder) const;

 private:
  std::string value_text(const Key& key, const std::string& folder) const;

  const std::deque<Section>& sections_;
};

}  // namespace zeropoint
