#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spheregate/mqtt/encoder.hpp"
#include "spheregate/session/conversation.hpp"
#include "unit/fakes.hpp"

namespace spheregate::session {

class ScriptedHost final : public Host {
 public:
  ConnectAnswer connecting(Conversation&, const mqtt::Connect& connect) override {
    clientIds.emplace_back(connect.clientId);
    return connectAnswer;
  }
  PublishAnswer published(Conversation&, const mqtt::Publish& publish) override {
    if (publishAnswer.kind == PublishAnswer::Kind::hold) return publishAnswer;
    payloads.emplace_back(base::asText(publish.payload));
    PublishAnswer answer = publishAnswer;
    if (answer.kind == PublishAnswer::Kind::taken) answer.token = ++lastToken;
    return answer;
  }
  std::uint8_t subscribing(Conversation&, const mqtt::Filter& filter) override {
    filters.emplace_back(filter.filter);
    return filter.filter == "bad" ? 0x80 : std::min<std::uint8_t>(filter.qos, 1);
  }
  void unsubscribing(Conversation&, std::string_view filter) override { unsubscribed.emplace_back(filter); }
  void listening(Conversation&) override { ++listenings; }
  void received(Conversation&, std::uint64_t token) override { receivedTokens.push_back(token); }
  void ended(Conversation&, Ending why, std::string_view, const StoredWill* stored) override {
    EXPECT_FALSE(ending) << "ended twice";
    ending = why;
    if (stored != nullptr) will = *stored;
  }

  ConnectAnswer connectAnswer{.code = mqtt::ConnackCode::accepted, .sessionPresent = false};
  PublishAnswer publishAnswer{.kind = PublishAnswer::Kind::taken};
  std::uint64_t lastToken = 0;
  std::vector<std::string> clientIds, payloads, filters, unsubscribed;
  std::vector<std::uint64_t> receivedTokens;
  int listenings = 0;
  std::optional<Ending> ending;
  std::optional<StoredWill> will;
};

class ConversationTest : public ::testing::Test {
 protected:
  ConversationTest() { open(); }

  void open() {
    view = {};
    host.ending.reset();
    conversation = std::make_unique<Conversation>(std::make_unique<test::ScriptedWire>(view), "dev", 1, settings, time.timers, host);
    conversation->start();
  }
  void says(const base::Bytes& bytes) { view.user->wireBytes(bytes); }
  // Everything sent since the last call.
  base::Bytes hears() {
    base::Bytes sent;
    sent.swap(view.sent);
    return sent;
  }
  static base::Bytes connect(std::uint16_t keepAlive = 60, bool withWill = false) {
    mqtt::Connect packet;
    packet.clientId = "dev";
    packet.cleanSession = false;
    packet.keepAliveSeconds = keepAlive;
    packet.username = "host/dev/?api-version=2021-04-12";
    if (withWill) packet.will = mqtt::Will{.topic = "devices/dev/messages/events/", .payload = base::asBytes("gone"), .qos = 1};
    base::Bytes out;
    mqtt::appendConnect(out, packet);
    return out;
  }
  static base::Bytes publish(mqtt::PacketId id, std::string_view payload, std::uint8_t qos = 1, bool dup = false) {
    base::Bytes out;
    mqtt::appendPublish(out, {.topic = "devices/dev/messages/events/",
                              .payload = base::asBytes(payload),
                              .packetId = id,
                              .qos = qos,
                              .dup = dup,
                              .retain = false});
    return out;
  }
  static base::Bytes connack(mqtt::ConnackCode code = mqtt::ConnackCode::accepted, bool present = false) {
    base::Bytes out;
    mqtt::appendConnack(out, {.sessionPresent = present, .code = code});
    return out;
  }
  static base::Bytes puback(std::initializer_list<mqtt::PacketId> ids) {
    base::Bytes out;
    for (const mqtt::PacketId id : ids) mqtt::appendPuback(out, id);
    return out;
  }
  static base::Bytes joined(std::initializer_list<base::Bytes> parts) {
    base::Bytes out;
    for (const base::Bytes& part : parts) base::append(out, part);
    return out;
  }
  void connected() {
    says(connect());
    ASSERT_EQ(hears(), connack());
  }

  test::ManualTime time;
  Settings settings;
  ScriptedHost host;
  test::WireView view;
  std::unique_ptr<Conversation> conversation;
};

}  // namespace spheregate::session
