#pragma once

#include <string>
#include <string_view>

namespace spheregate::config {

bool letterOrDigit(char c);
// A name of RFC 1123, with or without dots. An IPv4 address looks like one.
bool isHostName(std::string_view text);
// Of either version, without brackets.
bool isIpAddress(const std::string& text);

}  // namespace spheregate::config
