#include "dps_plant.hpp"

namespace spheregate::hubsim {
namespace {

using Standing = ClientCertificate::Standing;

TEST(Dps, assignsADeviceOfAGroupAndTheHubLetsItIn) {
  Plant plant;
  EXPECT_EQ(plant.hubAnswers(kDerivedId, kDerivedKey), "CONNACK(5)");
  const Json state = plant.assigned(kDerivedId, kDerivedKey);
  EXPECT_EQ(state["status"], "assigned");
  EXPECT_EQ(state["substatus"], "initialAssignment");
  EXPECT_EQ(state["assignedHub"], "hub.test");
  EXPECT_EQ(state["deviceId"], kDerivedId);
  EXPECT_EQ(state["symmetricKey"]["enrollmentGroupId"], "all");
  EXPECT_EQ(state["registrationId"], kDerivedId);
  EXPECT_EQ(plant.hubAnswers(kDerivedId, kDerivedKey), "CONNACK(0)");
  const Json shown = plant.shown(std::string{kDerivedId});
  EXPECT_EQ(shown["client_version"], "c 1");
  EXPECT_EQ(shown["connects"], 1);
  EXPECT_EQ(shown["registers"], 1);
  EXPECT_EQ(shown["polls"], 1);
}

TEST(Dps, givesADeviceItsOwnKeyAndTheNameOfItsEnrolment) {
  Plant plant;
  EXPECT_EQ(plant.assigned("own", kOwnKey)["deviceId"], "renamed");
  EXPECT_EQ(plant.hubAnswers("renamed", kOwnKey), "CONNACK(0)");
  // The group's key would do for any other.
  const auto derived = hub::SharedAccessKey::fromBase64(kGroupKey)->sign("own");
  EXPECT_EQ(plant.answerTo("own", plant.token("own", derived)), "CONNACK(5) closed");
}

TEST(Dps, assignsCertificatesOfTheGroupAndOfOneDevice) {
  Plant plant;
  for (const auto& [id, device, group] : {std::tuple{"any", "any", true}, {"chip", "chip-1", false}}) {
    const ClientCertificate certificate{Standing::trusted, id, ""};
    const auto wire = plant.dial(certificate);
    wire->says(plant.connect(id, "") + subscribePacket({"$dps/registrations/res/#"}));
    wire->hears();
    const Json state = plant.result(*wire, id)["registrationState"];
    EXPECT_EQ(state["deviceId"], device);
    EXPECT_EQ(state["x509"].contains("enrollmentGroupId"), group);
    const auto atHub = plant.site.dial(certificate);
    atHub->says(connectPacket(device, {.username = {}, .password = "", .will = {}}));
    EXPECT_EQ(atHub->hears(), "CONNACK(0)");
  }
}

TEST(Dps, judgesTheConnect) {
  Plant plant;
  const std::string good = plant.token("own", kOwnKey);
  EXPECT_EQ(plant.answerTo("own", plant.token("own", kGroupKey)), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("own", plant.token("other", kOwnKey)), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("own", plant.token("own", kOwnKey, 0)), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("own", plant.site.token("0ne1/registrations/own", kOwnKey, "")), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("own", "secret"), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("own", ""), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("own", "", {Standing::trusted, "own", ""}), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("any", "", {Standing::trusted, "other", ""}), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("any", "", {Standing::untrusted, "any", ""}), "CONNACK(5) closed");
  EXPECT_EQ(plant.answerTo("own", good), "CONNACK(0)");
  EXPECT_EQ(plant.refused("bad_signature"), 1u);
  EXPECT_EQ(plant.refused("wrong_audience"), 1u);
  EXPECT_EQ(plant.refused("expired"), 1u);
  EXPECT_EQ(plant.refused("unknown_policy"), 1u);
  EXPECT_EQ(plant.refused("no_credentials"), 2u);
  EXPECT_EQ(plant.refused("certificate_name"), 1u);
  EXPECT_EQ(plant.refused("untrusted_certificate"), 1u);
}

TEST(Dps, judgesTheUsername) {
  Plant plant;
  const auto answer = [&](const std::string& username) {
    const auto wire = plant.dial();
    wire->says(connectPacket("own", {.username = username, .password = plant.token("own", kOwnKey), .will = {}}));
    return wire->hears();
  };
  EXPECT_EQ(answer("0ne1/registrations/own/api-version=2021-06-01"), "CONNACK(0)");
  for (const char* wrong :
       {"", "0ne1", "0ne1/registrations/own", "0ne1/registrations/own/", "0ne1/registrations/own/?api-version=2021-06-01",
        "0ne1/registration/own/api-version=1", "0ne1/registrations//api-version=1", "0ne1/registrations/own./api-version=1",
        "0ne2/registrations/own/api-version=1", "0ne1/registrations/other/api-version=1", "hub.test/own/?api-version=1"})
    EXPECT_EQ(answer(wrong), "CONNACK(5)") << wrong;
  EXPECT_EQ(plant.refused("wrong_scope"), 1u);
  EXPECT_EQ(plant.refused("client_id_mismatch"), 1u);
}

TEST(Dps, letsADevicePollAsOftenAsTheRuleSays) {
  Plant plant;
  const auto wire = plant.online("own", kOwnKey);
  plant.site.rule(R"({"dps_assign_polls":3,"dps_retry_after_seconds":7})");
  wire->says(Plant::enroll("own", "first", R"(,"payload":{"a":[1]})"));
  const std::string first = wire->hears();
  EXPECT_TRUE(first.starts_with("PUBLISH($dps/registrations/res/202/?$rid=first&retry-after=7 {")) << first;
  const std::string operation = Plant::bodyOf(first)["operationId"];
  for (int i = 0; i < 2; ++i) {
    wire->says(Plant::poll(operation, "b&x=1"));
    const std::string heard = wire->hears();
    EXPECT_TRUE(heard.starts_with("PUBLISH($dps/registrations/res/202/?$rid=b&retry-after=7 {")) << heard;
    EXPECT_EQ(Plant::bodyOf(heard)["registrationState"]["status"], "assigning");
  }
  wire->says(Plant::poll(operation));
  EXPECT_EQ(Plant::bodyOf(wire->hears())["status"], "assigned");
  EXPECT_EQ(plant.shown("own")["polls"], 3);
  EXPECT_EQ(plant.shown("own")["payload"], (Json{{"a", {1}}}));
  plant.site.rule(R"({"dps_assign_polls":0})");
  wire->says(Plant::enroll("own"));
  EXPECT_EQ(Plant::bodyOf(wire->hears())["status"], "assigned");
}

TEST(Dps, refusesRequestsItDoesNotUnderstand) {
  Plant plant;
  const auto wire = plant.online("own", kOwnKey);
  for (const auto& packet :
       {Plant::enroll("other"), publishPacket(std::string{kRegister} + "r", "{", 0, 0),
        publishPacket(std::string{kRegister} + "r", "[]", 0, 0), publishPacket(std::string{kRegister} + "r", "", 0, 0)}) {
    wire->says(packet);
    EXPECT_TRUE(wire->hears().starts_with("PUBLISH($dps/registrations/res/400/?$rid=r {"));
  }
  for (const char* operation : {"", "none", "4.000000000000d0b5.00000001"}) {
    wire->says(Plant::poll(operation));
    EXPECT_TRUE(wire->hears().starts_with("PUBLISH($dps/registrations/res/404/?$rid=r {")) << operation;
  }
  // Without a request id there is nobody to answer.
  wire->says(publishPacket("$dps/registrations/PUT/iotdps-register/?", R"({"registrationId":"own"})", 9));
  EXPECT_EQ(wire->hears(), "PUBACK(9)");
  EXPECT_FALSE(wire->closed);
  for (const char* topic : {"$dps/registrations/PUT/other/?$rid=1", "devices/own/messages/events/"}) {
    const auto other = plant.online("own", kOwnKey);
    other->says(publishPacket(topic, "{}", 1));
    EXPECT_EQ(other->hears(), "");
    EXPECT_TRUE(other->closed);
  }
}

TEST(Dps, closesOnBrokenAndOversizedPackets) {
  Plant plant;
  const auto wire = plant.online("own", kOwnKey);
  wire->says(Plant::enroll("own", "r", ",\"payload\":\"" + std::string(70'000, 'x') + "\""));
  EXPECT_TRUE(wire->closed);
  const auto unconnected = plant.dial();
  unconnected->says(Plant::enroll("own"));
  EXPECT_TRUE(unconnected->closed);
  const auto silent = plant.dial();
  plant.site.pass(std::chrono::seconds{31});
  EXPECT_TRUE(silent->closed);
  const auto torn = plant.dial();
  for (const std::uint8_t byte : plant.connect("own", plant.token("own", kOwnKey))) torn->says({byte});
  EXPECT_EQ(torn->hears(), "CONNACK(0)");
}

TEST(Dps, answersAsTheSubscriptionAndTheRuleSay) {
  Plant plant;
  const auto wire = plant.dial();
  wire->says(plant.connect("own", plant.token("own", kOwnKey)) + Plant::enroll("own"));
  EXPECT_EQ(wire->hears(), "CONNACK(0)");
  wire->says(subscribePacket({"$dps/registrations/res/#", "devices/own/#"}, 2));
  EXPECT_EQ(wire->hears(), "SUBACK(1:1:128)");
  plant.site.rule(R"({"answer_qos_max":1})");
  wire->says(Plant::enroll("own"));
  EXPECT_TRUE(wire->hears().starts_with("PUBLISH($dps/registrations/res/202/?$rid=r&retry-after=1 q1 #1 {"));
  wire->says(pubackPacket(1));
  wire->says(unsubscribePacket("$dps/registrations/res/#") + Plant::enroll("own"));
  EXPECT_EQ(wire->hears(), "UNSUBACK(2)");
  EXPECT_FALSE(wire->closed);
}

TEST(Dps, endsAsTheSwitchesSay) {
  Plant plant;
  const auto wire = plant.online("own", kOwnKey);
  plant.site.fault(R"({"dps_throttle":true})");
  wire->says(Plant::enroll("own"));
  std::string heard = wire->hears();
  EXPECT_TRUE(heard.starts_with("PUBLISH($dps/registrations/res/429/?$rid=r&retry-after=1 {")) << heard;
  EXPECT_EQ(Plant::bodyOf(heard)["errorCode"], 429001);
  plant.site.fault(R"({"dps_throttle":false,"dps_error_status":401})");
  wire->says(Plant::enroll("own"));
  heard = wire->hears();
  EXPECT_TRUE(heard.starts_with("PUBLISH($dps/registrations/res/401/?$rid=r {")) << heard;
  EXPECT_EQ(Plant::bodyOf(heard)["errorCode"], 401002);
  plant.site.fault(R"({"dps_error_status":0,"dps_fail":400208})");
  const Json failed = plant.result(*wire, "own");
  EXPECT_EQ(failed["status"], "failed");
  EXPECT_EQ(failed["registrationState"]["errorCode"], 400208);
  EXPECT_EQ(plant.hubAnswers("renamed", kOwnKey), "CONNACK(5)");
  plant.site.fault(R"({"dps_fail":0,"dps_delay_ms":500})");
  wire->says(Plant::enroll("own"));
  plant.site.pass(std::chrono::milliseconds{499});
  EXPECT_EQ(wire->hears(), "");
  plant.site.pass(std::chrono::milliseconds{1});
  EXPECT_NE(wire->hears(), "");
  plant.site.fault(R"({"dps_delay_ms":0,"dps_loss":1})");
  wire->says(Plant::enroll("own"));
  EXPECT_EQ(wire->hears(), "");
  plant.site.fault(R"({"dps_loss":0,"dps_refuse_connack":3})");
  EXPECT_EQ(plant.answerTo("own", plant.token("own", kOwnKey)), "CONNACK(3) closed");
  EXPECT_FALSE(wire->closed);
  const auto atHub = plant.site.online("pump");
  plant.site.fault(R"({"dps_refuse_connack":0,"dps_outage":true})");
  EXPECT_TRUE(wire->closed);
  EXPECT_FALSE(plant.service.acceptsConnections());
  EXPECT_TRUE(plant.site.hub.acceptsConnections());
  EXPECT_FALSE(atHub->closed);
  const Json stats = Json::parse(plant.ask("GET", "/dps").json);
  EXPECT_EQ(stats["throttled"], 1);
  EXPECT_EQ(stats["answers_lost"], 1);
  EXPECT_EQ(stats["registers"], 5);
  plant.site.ask("POST", "/reset");
  EXPECT_EQ(Json::parse(plant.ask("GET", "/dps").json)["registers"], 0);
  EXPECT_EQ(plant.shown("own")["registers"], 0);
}

TEST(Dps, keepsAtMostSoManyAnswersBack) {
  Plant plant;
  plant.site.fault(R"({"dps_delay_ms":500})");
  const auto wire = plant.online("own", kOwnKey);
  for (int i = 0; i < 1001; ++i) wire->says(Plant::enroll("own"));
  EXPECT_TRUE(wire->closed);
}

TEST(Dps, disabledEnrolmentsGetNoHub) {
  Plant plant;
  EXPECT_EQ(plant.ask("PUT", "/enrollmentGroups/all", R"({"provisioningStatus":"disabled"})").status, 200);
  EXPECT_EQ(plant.assigned(kDerivedId, kDerivedKey)["status"], "disabled");
  EXPECT_EQ(plant.hubAnswers(kDerivedId, kDerivedKey), "CONNACK(5)");
  plant.site.rule(R"({"dps_disabled":"refuse"})");
  EXPECT_EQ(plant.answerTo(kDerivedId, plant.token(kDerivedId, kDerivedKey)), "CONNACK(5) closed");
  EXPECT_EQ(plant.refused("disabled"), 1u);
  EXPECT_EQ(plant.ask("PUT", "/enrollmentGroups/all", R"({"provisioningStatus":"enabled"})").status, 200);
  EXPECT_EQ(plant.assigned(kDerivedId, kDerivedKey)["status"], "assigned");
}

TEST(Dps, assignsAnewWhatTheHubHasLost) {
  Plant plant;
  plant.assigned("own", kOwnKey);
  EXPECT_EQ(plant.site.ask("DELETE", "/devices/renamed").status, 204);
  EXPECT_EQ(plant.hubAnswers("renamed", kOwnKey), "CONNACK(5)");
  EXPECT_EQ(plant.assigned("own", kOwnKey)["substatus"], "initialAssignment");
  EXPECT_EQ(plant.hubAnswers("renamed", kOwnKey), "CONNACK(0)");
}

TEST(Dps, movesADeviceToAnotherHub) {
  Plant plant;
  plant.assigned("own", kOwnKey);
  const auto atHub = plant.site.dial();
  atHub->says(connectPacket("renamed",
                            {.username = {}, .password = plant.site.token("hub.test/devices/renamed", kOwnKey, ""), .will = {}}));
  EXPECT_EQ(atHub->hears(), "CONNACK(0)");
  EXPECT_EQ(plant.hubAnswers("renamed", kOwnKey, "localhost"), "CONNACK(5)");
  plant.site.rule(R"({"dps_assigned_hub":"localhost"})");
  EXPECT_FALSE(atHub->closed);
  EXPECT_EQ(plant.assigned("own", kOwnKey)["substatus"], "deviceDataMigrated");
  EXPECT_TRUE(atHub->closed);
  EXPECT_EQ(plant.hubAnswers("renamed", kOwnKey), "CONNACK(5)");
  EXPECT_EQ(plant.hubAnswers("renamed", kOwnKey, "localhost"), "CONNACK(0)");
  // A hub of another process: this one knows the device no longer.
  EXPECT_EQ(plant.ask("PUT", "/enrollments/own", R"({"iotHubHostName":"elsewhere.test"})").status, 200);
  EXPECT_EQ(plant.assigned("own", kOwnKey)["assignedHub"], "elsewhere.test");
  EXPECT_EQ(plant.hubAnswers("renamed", kOwnKey, "localhost"), "CONNACK(5)");
  EXPECT_EQ(plant.ask("DELETE", "/registrations/own").status, 204);
  EXPECT_EQ(plant.ask("GET", "/registrations/own").status, 404);
  EXPECT_EQ(plant.assigned("own", kOwnKey)["substatus"], "initialAssignment");
}

TEST(Dps, changesEnrolmentsOverHttp) {
  Plant plant;
  EXPECT_EQ(plant.ask("GET", "/enrollments/new").status, 404);
  const std::string body = R"({"attestation":{"type":"symmetricKey","symmetricKey":{"primaryKey":")" + std::string{kOwnKey} +
                           R"("}},"deviceId":"d","iotHubHostName":"localhost"})";
  const Json made = Json::parse(plant.ask("PUT", "/enrollments/new", body).json);
  EXPECT_EQ(made["deviceId"], "d");
  EXPECT_EQ(plant.assigned("new", kOwnKey)["assignedHub"], "localhost");
  for (const char* wrong : {"[]", "{", R"({"deviceId":7})", R"({"deviceId":"a/b"})", R"({"provisioningStatus":"off"})",
                            R"({"attestation":[]})", R"({"attestation":{"type":7}})", R"({"attestation":{"type":"tpm"}})",
                            R"({"attestation":{"symmetricKey":{"primaryKey":"*"}}})"})
    EXPECT_EQ(plant.ask("PUT", "/enrollments/new", wrong).status, 400) << wrong;
  EXPECT_EQ(Json::parse(plant.ask("GET", "/enrollments/new").json), made);
  EXPECT_EQ(plant.ask("PUT", "/enrollments/new", R"({"attestation":{"type":"x509"}})").status, 200);
  EXPECT_EQ(plant.answerTo("new", plant.token("new", kOwnKey)), "CONNACK(5) closed");
  EXPECT_EQ(plant.ask("PUT", "/enrollments/bad id", "{}").status, 400);
  EXPECT_EQ(plant.ask("POST", "/enrollments/new").status, 405);
  EXPECT_EQ(plant.ask("POST", "/dps").status, 405);
  EXPECT_EQ(plant.ask("DELETE", "/enrollments/new").status, 204);
  EXPECT_EQ(plant.ask("DELETE", "/enrollments/new").status, 404);
}

TEST(Dps, failsAnOperationWhoseEnrolmentIsGone) {
  Plant plant;
  const auto wire = plant.online("own", kOwnKey);
  EXPECT_EQ(plant.ask("DELETE", "/enrollments/own").status, 204);
  EXPECT_EQ(plant.result(*wire, "own")["registrationState"]["errorCode"], 401002);
}

TEST(Dps, sparesCapitalsUnlessTold) {
  Plant plant;
  const std::string key = hub::SharedAccessKey::fromBase64(kGroupKey)->sign("Pump");
  EXPECT_EQ(plant.answerTo("Pump", plant.token("Pump", key)), "CONNACK(0)");
  plant.site.rule(R"({"dps_lower_case_ids":true})");
  EXPECT_EQ(plant.answerTo("Pump", plant.token("Pump", key)), "CONNACK(5) closed");
}

TEST(Enrolments, sayWhereTheyAreWrong) {
  EXPECT_EQ(parseRegistry("hub: h\ndps: { id_scope: s }\n", "r")->dps->assignedHub, "h");
  EXPECT_EQ(parseRegistry("hub: h\ndps: {}\n", "r.yaml").error().rfind("r.yaml:2:", 0), 0u);
  for (const char* wrong : {"[]", "{id_scope: s, polls: 1}", "{id_scope: s, groups: [{name: g}]}",
                            "{id_scope: s, groups: [{name: g, x509: true, key: AAECAwQFBgcICQoLDA0ODw==}]}",
                            "{id_scope: s, groups: [{name: g, x509: true}, {name: g, x509: true}]}",
                            "{id_scope: s, enrollments: [{id: 'a b', x509: true}]}", "{id_scope: s, assign_polls: -1}",
                            "{id_scope: s, enrollments: [{id: a, x509: true, device_id: 'a/b'}]}",
                            "{id_scope: s, enrollments: [{id: a, x509: true, status: off}]}"})
    EXPECT_FALSE(parseRegistry(std::string{"hub: h\ndps: "} + wrong, "r").has_value()) << wrong;
}

}  // namespace
}  // namespace spheregate::hubsim
