#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "hubsim/dps/provisioning.hpp"
#include "hubsim/dps/service.hpp"
#include "site.hpp"

namespace spheregate::hubsim {

inline constexpr std::string_view kGroupKey =
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
// Of the group key, for this registration id: the example of the documentation.
inline constexpr std::string_view kDerivedId = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6";
inline constexpr std::string_view kDerivedKey = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=";
inline constexpr std::string_view kOwnKey = Site::kDeviceKey;
inline constexpr std::string_view kRegister = "$dps/registrations/PUT/iotdps-register/?$rid=";
inline constexpr std::string_view kStatus = "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=";

// A hub of two names with a provisioning service beside it.
class Plant {
 public:
  std::shared_ptr<FakeWire> dial(ClientCertificate certificate = {}) {
    auto wire = std::make_shared<FakeWire>();
    service.admit(wire, std::move(certificate));
    return wire;
  }
  std::string token(std::string_view id, std::string_view key, std::int64_t life = 3600) const {
    return site.token("0ne1/registrations/" + std::string{id}, key, "registration", life);
  }
  base::Bytes connect(std::string_view id, const std::string& password, const std::string& scope = "0ne1") const {
    return connectPacket(id,
                         {.username = scope + "/registrations/" + std::string{id} + "/api-version=2019-03-31&ClientVersion=c%201",
                          .password = password,
                          .will = {}});
  }
  std::string answerTo(std::string_view id, const std::string& password, const ClientCertificate& certificate = {}) {
    const auto wire = dial(certificate);
    wire->says(connect(id, password));
    return wire->hears() + (wire->closed ? " closed" : "");
  }
  // Connected and subscribed to answers.
  std::shared_ptr<FakeWire> online(std::string_view id, std::string_view key, std::uint8_t qos = 1) {
    auto wire = dial();
    wire->says(connect(id, token(id, key)) + subscribePacket({"$dps/registrations/res/#"}, qos));
    EXPECT_EQ(wire->hears(), "CONNACK(0) SUBACK(1:" + std::to_string(qos) + ")");
    return wire;
  }
  static base::Bytes enroll(std::string_view id, std::string_view rid = "r", const std::string& more = "") {
    return publishPacket(std::string{kRegister}.append(rid), "{\"registrationId\":\"" + std::string{id} + "\"" + more + "}", 0,
                         0);
  }
  static base::Bytes poll(std::string_view operation, std::string_view rid = "r") {
    return publishPacket(std::string{kStatus}.append(rid).append("&operationId=").append(operation), "", 0, 0);
  }
  // Registers and polls until there is a result; its body.
  Json result(FakeWire& wire, std::string_view id) {
    wire.says(enroll(id));
    const std::string assigning = wire.hears();
    EXPECT_TRUE(assigning.starts_with("PUBLISH($dps/registrations/res/202/?$rid=r&retry-after=1 {")) << assigning;
    wire.says(poll(bodyOf(assigning)["operationId"].get<std::string>()));
    const std::string answer = wire.hears();
    EXPECT_TRUE(answer.starts_with("PUBLISH($dps/registrations/res/200/?$rid=r {")) << answer;
    return bodyOf(answer);
  }
  static Json bodyOf(const std::string& heard) {
    const std::size_t begin = heard.find('{');
    return begin == std::string::npos ? Json() : *parseJson(heard.substr(begin, heard.size() - begin - 1));
  }
  Json assigned(std::string_view id, std::string_view key) {
    Json body = result(*online(id, key), id);
    return body["registrationState"];
  }
  HttpAnswer ask(std::string_view method, std::string_view target, std::string_view body = "") {
    const auto request = parseRequest(method, target, body);
    return answerDps(service, *request).value_or(HttpAnswer{0, ""});
  }
  Json shown(const std::string& id) {
    const Json all = Json::parse(ask("GET", "/dps").json);
    for (const Json& one : all["registrations"])
      if (one["registration"] == id) return one;
    return {};
  }
  std::uint64_t refused(const std::string& reason) {
    return Json::parse(ask("GET", "/dps").json)["connects_refused"].value(reason, std::uint64_t{0});
  }
  std::string hubAnswers(std::string_view id, std::string_view key, const std::string& host = "hub.test") {
    const auto wire = site.dial();
    wire->says(connectPacket(id, {.username = host + "/" + std::string{id} + "/?api-version=2021-04-12",
                                  .password = site.token(host + "/devices/" + std::string{id}, key, ""),
                                  .will = {}}));
    return wire->hears();
  }

  static Enrolments enrolments() {
    return *parseRegistry(
                "hub: hub.test\n"
                "dps:\n"
                "  id_scope: 0ne1\n"
                "  groups: [{name: other, key: " +
                    std::string{Site::kGatewayKey} + "}, {name: all, key: " + std::string{kGroupKey} +
                    "}, {name: certified, x509: true}]\n"
                    "  enrollments: [{id: own, key: " +
                    std::string{kOwnKey} + ", device_id: renamed}, {id: chip, x509: true, device_id: chip-1}]\n",
                "r")
                ->dps;
  }

  Site site;
  Provisioning service{site.hub, enrolments()};
};

}  // namespace spheregate::hubsim
