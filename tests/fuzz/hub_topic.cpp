#include <string>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/hub/device_id.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"

// The first line of the input is the device's id, the rest is a topic, a filter, a suffix and a property in turn.
namespace spheregate::hub {
namespace {

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void checkPublish(std::string_view topic, const std::string& id) {
  const PublishTopic judged = classifyPublish(topic, id);
  SPHEREGATE_CHECK(inside(judged.suffix, topic) && inside(judged.rid, topic));
  const std::string own = "devices/" + id;
  const bool beneath = topic == own || topic.starts_with(own + "/");
  switch (judged.kind) {
    case PublishKind::telemetry:
      SPHEREGATE_CHECK(telemetryPrefix(id) + std::string{judged.suffix} == topic);
      SPHEREGATE_CHECK(judged.suffix.empty() || judged.suffix.front() == '/');
      SPHEREGATE_CHECK(classifyPublish(topic, id + "x").kind == PublishKind::otherDevice);
      break;
    case PublishKind::otherDevice:
      SPHEREGATE_CHECK(topic.starts_with("devices/") && !beneath);
      break;
    case PublishKind::twinGet:
    case PublishKind::twinReported:
    case PublishKind::methodResponse:
      SPHEREGATE_CHECK(topic.starts_with("$iothub/"));
      break;
    case PublishKind::unknown:
      SPHEREGATE_CHECK(judged.suffix.empty() && judged.rid.empty() && judged.status == 0);
      break;
  }
}

void checkFilter(std::string_view filter, const std::string& id) {
  const FilterKind kind = classifyFilter(filter, id);
  SPHEREGATE_CHECK((kind == FilterKind::cloudToDevice) == (filter == cloudToDeviceFilter(id)));
  if (kind == FilterKind::otherDevice) SPHEREGATE_CHECK(!filter.starts_with("devices/" + id + "/"));
}

void checkBag(std::string_view suffix, const std::string& word) {
  SPHEREGATE_CHECK(percentDecode(percentEncode(suffix)) == suffix);
  const std::string longer = withProperty(suffix, word, suffix);
  auto properties = parseBag(suffix);
  SPHEREGATE_CHECK(parseBag(longer).has_value() == properties.has_value());
  if (!properties) return;
  SPHEREGATE_CHECK(parseBag(formatBag(*properties)) == properties);
  properties->push_back({word, std::string{suffix}});
  SPHEREGATE_CHECK(parseBag(longer) == properties);
}

}  // namespace
}  // namespace spheregate::hub

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spheregate;
  const std::string_view text = base::asText({data, size});
  const std::size_t line = text.find('\n');
  const std::string id{text.substr(0, line)};
  const std::string_view topic = line == std::string_view::npos ? std::string_view{} : text.substr(line + 1);
  if (hub::validDeviceId(id)) {
    hub::checkPublish(topic, id);
    hub::checkFilter(topic, id);
  }
  SPHEREGATE_CHECK(!hub::sphereDeviceId(id) || hub::validDeviceId(id));
  hub::checkBag(topic, id);
  return 0;
}
