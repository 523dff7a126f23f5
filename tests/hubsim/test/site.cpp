#include "site.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hubsim/control.hpp"
#include "hubsim/service.hpp"
#include "spheregate/hub/sas.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

Registry plantRegistry() {
  const std::string yaml =
      "hub: [hub.test, localhost]\n"
      "policies:\n"
      "  - { name: gateway, key: " +
      std::string{Site::kGatewayKey} +
      " }\n"
      "accept_unknown_devices: false\n"
      "devices:\n"
      "  - { id: pump, key: " +
      std::string{Site::kDeviceKey} +
      " }\n"
      "  - { id: valve }\n"
      "  - { id: scrapped, status: disabled }\n"
      "  - { id: leaf1, parent: edge1 }\n"
      "  - { id: leaf2, parent: edge2 }\n"
      "  - { id: edge1, edge: true, edge_hub_key: " +
      std::string{Site::kEdgeHubKey} +
      " }\n"
      "  - { id: edge2, edge: true, parent: edge1, edge_hub_key: " +
      std::string{Site::kDeviceKey} +
      " }\n"
      "  - { id: edge3, edge: true }\n"
      "  - { id: bystander, scope: ms-azure-iot-edge://edge3-1 }\n";
  return *parseRegistry(yaml, "registry.yaml");
}

std::string shownPublish(const mqtt::Publish& publish) {
  std::string text = "PUBLISH(" + std::string{publish.topic};
  if (publish.qos > 0) text += " q" + std::to_string(publish.qos) + " #" + std::to_string(publish.packetId);
  if (publish.dup) text += " dup";
  if (!publish.payload.empty()) text += " " + std::string{base::asText(publish.payload)};
  return text + ")";
}

std::string shown(const mqtt::Frame& frame) {
  switch (frame.type) {
    case mqtt::PacketType::connack: {
      const auto connack = mqtt::parseConnack(frame).value();
      return "CONNACK(" + std::to_string(static_cast<int>(connack.code)) + (connack.sessionPresent ? ",present)" : ")");
    }
    case mqtt::PacketType::puback:
      return "PUBACK(" + std::to_string(mqtt::parsePacketId(frame).value()) + ")";
    case mqtt::PacketType::unsuback:
      return "UNSUBACK(" + std::to_string(mqtt::parsePacketId(frame).value()) + ")";
    case mqtt::PacketType::publish:
      return shownPublish(mqtt::parsePublish(frame).value());
    case mqtt::PacketType::pingresp:
      return "PINGRESP";
    case mqtt::PacketType::suback: {
      const auto suback = mqtt::parseSuback(frame).value();
      std::string text = "SUBACK(" + std::to_string(suback.packetId);
      for (const int code : suback.codes) text += ":" + std::to_string(code);
      return text + ")";
    }
    default:
      return "OTHER(" + std::to_string(static_cast<int>(frame.type)) + ")";
  }
}

}  // namespace

void FakeWire::says(const base::Bytes& bytes) {
  if (!closed) user_->wireBytes(bytes);
}

void FakeWire::hangsUp() {
  closed = true;
  user_->wireClosed("hung up");
}

std::string FakeWire::hears() {
  std::string text;
  base::ByteView rest = heard_;
  mqtt::Frame frame;
  while (!rest.empty() && mqtt::nextFrame(rest, 1 << 20, frame).value() == mqtt::Framing::complete) {
    text += (text.empty() ? "" : " ") + shown(frame);
    rest = rest.subspan(frame.size);
  }
  heard_.clear();
  return text;
}

void FakeWire::flush() {
  if (!outbox_.empty()) ++flushes;
  base::append(heard_, outbox_);
  outbox_.clear();
}

void FakeWire::close() {
  flush();
  closed = true;
}

Site::Site(std::size_t messagesMax) : hub{plantRegistry(), messagesMax, timers} {}

void Site::pass(std::chrono::milliseconds time) {
  const base::MonoTime until = clock.mono + time;
  for (;;) {
    const auto next = timers.next();
    const base::MonoTime stop = next ? std::min(std::max(*next, clock.mono), until) : until;
    clock.utc += std::chrono::duration_cast<base::WallTime::duration>(stop - clock.mono);
    clock.mono = stop;
    timers.run(stop);
    if (stop == until && (!timers.next() || *timers.next() > until)) return;
  }
}

std::shared_ptr<FakeWire> Site::dial(ClientCertificate certificate) {
  auto wire = std::make_shared<FakeWire>();
  hub.admit(wire, std::move(certificate));
  return wire;
}

std::shared_ptr<FakeWire> Site::online(std::string_view device, std::uint16_t keepAliveSeconds, bool cleanSession) {
  auto wire = dial();
  wire->says(connectPacket(device, {.username = {},
                                    .password = token("hub.test", kGatewayKey, "gateway", 86400),
                                    .keepAliveSeconds = keepAliveSeconds,
                                    .cleanSession = cleanSession,
                                    .will = {}}));
  return wire;
}

bool Site::fault(std::string_view json) {
  const auto merged = mergeFaults(hub.faults(), nlohmann::json::parse(json));
  if (merged) hub.setFaults(*merged);
  return merged.has_value();
}

bool Site::rule(std::string_view json) {
  const auto merged = mergeRules(hub.rules(), nlohmann::json::parse(json));
  if (merged) hub.setRules(*merged);
  return merged.has_value();
}

std::shared_ptr<FakeWire> Site::listening(std::string_view device, const std::vector<std::string>& filters, std::uint8_t qos,
                                          bool cleanSession) {
  auto wire = online(device, 0, cleanSession);
  wire->says(subscribePacket(filters, qos));
  wire->hears();
  return wire;
}

HttpAnswer Site::ask(std::string_view method, std::string_view target, std::string_view body, HttpRequest::Headers headers) {
  const auto request = parseRequest(method, target, body, std::move(headers));
  if (!request) return {400, ""};
  HttpAnswer answer{0, ""};
  const auto reply = [&answer](HttpAnswer made) { answer = std::move(made); };
  return answerService(hub, *request, reply) ? answer : answerControl(hub, *request);
}

std::shared_ptr<HttpAnswer> Site::asked(std::string_view method, std::string_view target, std::string_view body) {
  auto answer = std::make_shared<HttpAnswer>(HttpAnswer{0, ""});
  const auto request = parseRequest(method, target, body);
  if (request) answerService(hub, *request, [answer](HttpAnswer made) { *answer = std::move(made); });
  return answer;
}

std::uint64_t Site::refused(const std::string& reason) const {
  const auto& counts = hub.statistics().connectsRefused;
  return counts.contains(reason) ? counts.at(reason) : 0;
}

std::uint64_t Site::closes(const std::string& reason) const {
  const auto& counts = hub.statistics().closes;
  return counts.contains(reason) ? counts.at(reason) : 0;
}

std::string Site::token(std::string_view resource, std::string_view key, std::string_view policy, std::int64_t life) const {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.utc.time_since_epoch()).count();
  return hub::makeSasToken(*hub::SharedAccessKey::fromBase64(key), resource, now + life, policy);
}

base::Bytes connectPacket(std::string_view clientId, const ConnectOptions& options) {
  const std::string username = options.username.value_or("hub.test/" + std::string{clientId} + "/?api-version=2021-04-12");
  mqtt::Connect connect;
  connect.clientId = clientId;
  connect.cleanSession = options.cleanSession;
  connect.keepAliveSeconds = options.keepAliveSeconds;
  connect.will = options.will;
  connect.username = username;
  if (!options.password.empty()) connect.password = base::asBytes(options.password);
  base::Bytes out;
  mqtt::appendConnect(out, connect);
  return out;
}

base::Bytes publishPacket(std::string_view topic, std::string_view payload, mqtt::PacketId id, std::uint8_t qos, bool dup) {
  base::Bytes out;
  mqtt::appendPublish(out, {.topic = topic, .payload = base::asBytes(payload), .packetId = id, .qos = qos, .dup = dup});
  return out;
}

base::Bytes telemetry(std::string_view device, mqtt::PacketId id, std::string_view payload, std::string_view bag) {
  return publishPacket("devices/" + std::string{device} + "/messages/events/" + std::string{bag}, payload, id);
}

base::Bytes subscribePacket(const std::vector<std::string>& filters, std::uint8_t qos, mqtt::PacketId id) {
  mqtt::Subscribe subscribe{id, {}};
  for (const std::string& filter : filters) subscribe.filters.push_back({filter, qos});
  base::Bytes out;
  mqtt::appendSubscribe(out, subscribe);
  return out;
}

base::Bytes unsubscribePacket(const std::string& filter, mqtt::PacketId id) {
  base::Bytes out;
  mqtt::appendUnsubscribe(out, {id, {filter}});
  return out;
}

base::Bytes pubackPacket(mqtt::PacketId id) {
  base::Bytes out;
  mqtt::appendPuback(out, id);
  return out;
}

base::Bytes operator+(base::Bytes left, const base::Bytes& right) {
  base::append(left, right);
  return left;
}

}  // namespace spheregate::hubsim
