#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace spheregate::provisioning {

inline constexpr std::size_t kHostBytesMax = 253;

// Letters, digits, hyphens and dots: what is dialled, and what stands in usernames and tokens, must be nothing else.
inline bool validHostName(std::string_view host) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !host.empty() && host.size() <= kHostBytesMax && host.front() != '.' && host.front() != '-' &&
         host.find("..") == std::string_view::npos && std::all_of(host.begin(), host.end(), allowed);
}

// Of hosts and registration ids, whose letter case means nothing.
inline bool equalIgnoringCase(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [&](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace spheregate::provisioning
