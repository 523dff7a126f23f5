#include "spheregate/mqtt/topics.hpp"

namespace spheregate::mqtt {
namespace {

// Takes the first level off `text`. `more` tells whether another one follows, even an empty one.
std::string_view takeLevel(std::string_view& text, bool& more) {
  const std::size_t slash = text.find('/');
  more = slash != std::string_view::npos;
  const std::string_view level = text.substr(0, slash);
  text.remove_prefix(more ? slash + 1 : text.size());
  return level;
}

bool startsWithWildcard(std::string_view filter) { return filter.front() == '+' || filter.front() == '#'; }

}  // namespace

bool validTopicName(std::string_view topic) { return !topic.empty() && topic.find_first_of("+#") == std::string_view::npos; }

bool validTopicFilter(std::string_view filter) {
  if (filter.empty()) return false;
  bool more = true;
  while (more) {
    const std::string_view level = takeLevel(filter, more);
    if (level == "#") return !more;
    if (level != "+" && level.find_first_of("+#") != std::string_view::npos) return false;
  }
  return true;
}

bool matches(std::string_view filter, std::string_view topic) {
  if (filter.empty() || topic.empty()) return false;
  if (topic.front() == '$' && startsWithWildcard(filter)) return false;
  bool moreFilter = true;
  bool moreTopic = true;
  while (moreFilter && moreTopic) {
    const std::string_view wanted = takeLevel(filter, moreFilter);
    if (wanted == "#") return true;
    const std::string_view level = takeLevel(topic, moreTopic);
    if (wanted != "+" && wanted != level) return false;
  }
  // `sport/#` also matches `sport`, its parent (§4.7.1.2).
  return moreFilter == moreTopic || (moreFilter && filter == "#");
}

}  // namespace spheregate::mqtt
