#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spheregate::bundle {

// The texts in which the bytes may stand in something else: hexadecimal, percent-encoding, escaped as in JSON, and what they leave in base64 wherever they begin
// in what was encoded. Not the bytes themselves.
std::vector<std::string> encodingsOf(std::string_view bytes);

}  // namespace spheregate::bundle
