#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spheregate/base/bytes.hpp"

namespace spheregate::hub {

// RFC 4648 §4 with padding.
[[nodiscard]] std::string base64Encode(base::ByteView bytes);
// White space is passed over. Nothing when a character is foreign, the padding is wrong or the last bits are not zero. What it
// allocated and gave up is overwritten first: it may be a key.
[[nodiscard]] std::optional<base::Bytes> base64Decode(std::string_view text);

}  // namespace spheregate::hub
