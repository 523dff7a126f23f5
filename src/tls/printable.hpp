#pragma once

#include <string>
#include <string_view>

namespace spheregate::tls {

// Text from strangers, for logs: whatever could hide or forge something, a NUL for example, becomes \xNN, and so does all that
// is not ASCII unless `utf8` says that the text is well-formed.
std::string printable(std::string_view text, bool utf8 = false);

// At most 256 bytes, with an ellipsis where something is missing. Whoever made a certificate may have put a book into it.
std::string clipped(std::string_view text);

}  // namespace spheregate::tls
