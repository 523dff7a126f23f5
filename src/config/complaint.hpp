#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace spheregate::config {

// What is wrong with a value, and how to mend it, as two parts of one sentence.
struct Complaint {
  std::string what;
  std::string fix;
};

template <class Value>
using Reading = std::variant<Value, Complaint>;

// For quoting what a file says: short, on one line, in quotes.
std::string quote(std::string_view text);

}  // namespace spheregate::config
