#pragma once

#include <string>
#include <string_view>

namespace spheregate::config {

// The first slip of the usual kinds in lines 1 to `lastLine` of a text that is not YAML, as a sentence that names its line: a tab
// in an indentation, a key without a space after its colon, a quote that is opened and not closed. The parser notices them late,
// and then names something else. Empty when there is none. Nothing of the text but a key's name is in it.
std::string likelySlip(std::string_view yaml, int lastLine);

}  // namespace spheregate::config
