#include <string>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/hub/twin.hpp"

// The lines of the input are a section, or the body of a twin GET, and two patches.
namespace spheregate::hub {
namespace {

std::string takeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string line{text.substr(0, end)};
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void checkBody(const std::string& body) {
  const auto twin = splitTwin(body);
  if (!twin) return;
  const std::string joined = joinTwin(twin->desired, twin->reported);
  if (joined.size() > kTwinBytesMax) return;
  const auto again = splitTwin(joined);
  SPHEREGATE_CHECK(again && again->desired == twin->desired && again->reported == twin->reported);
  SPHEREGATE_CHECK(again->desiredVersion == twin->desiredVersion && versionOf(twin->reported).value_or(0) == twin->reportedVersion);
}

void checkPatches(const std::string& section, const std::string& first, const std::string& second) {
  const auto once = mergeReported(section, first);
  if (!once) return;
  SPHEREGATE_CHECK(mergeReported(*once, "{}") == once);
  const auto twice = mergeReported(*once, second);
  const auto both = composePatches(first, second);
  if (twice && both) {
    const auto atOnce = mergeReported(section, *both);
    SPHEREGATE_CHECK(!atOnce || atOnce == twice);
  }
  const auto clean = mergeReported("{}", *once);
  const auto difference = desiredDifference(section, *once);
  if (!clean || !difference || difference->kind != TwinDifference::Kind::changed || !versionOf(*once)) return;
  const auto base = mergeReported("{}", section);
  const auto made = base ? mergeReported(*base, difference->patch) : std::nullopt;
  SPHEREGATE_CHECK(!made || made == clean);
}

}  // namespace
}  // namespace spheregate::hub

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spheregate;
  std::string_view text = base::asText({data, size});
  const std::string section = hub::takeLine(text);
  const std::string first = hub::takeLine(text);
  hub::checkBody(section);
  hub::checkPatches(section, first, hub::takeLine(text));
  return 0;
}
