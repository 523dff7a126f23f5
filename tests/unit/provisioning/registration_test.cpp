#include "registration.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <random>
#include <string>

namespace spheregate::provisioning {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

const std::string kWorking = R"({"operationId":"4.abc","status":"assigning"})";
const std::string kAssigned =
    R"({"operationId":"4.abc","status":"assigned","registrationState":{"registrationId":"leaf1","assignedHub":"h.azure-devices.net",)"
    R"("deviceId":"leaf1","status":"assigned","payload":{"a":[1,2]}}})";

std::string res(const std::string& rest) { return "$dps/registrations/res/" + rest; }

// The service's side of a registration, said line by line.
class RegistrationTest : public ::testing::Test {
 protected:
  Registration::Step hears(const std::string& topic, const std::string& body) { return registration.heard(topic, base::asBytes(body)); }
  // What there is to wait after this answer; nothing when it was something else.
  std::optional<seconds> waitAfter(const std::string& topic, const std::string& body) {
    const auto step = hears(topic, body);
    const auto* wait = std::get_if<Registration::Wait>(&step);
    return wait ? std::optional{wait->time} : std::nullopt;
  }
  Fault faultAfter(const std::string& topic, const std::string& body) {
    const auto step = hears(topic, body);
    const auto* fault = std::get_if<Fault>(&step);
    EXPECT_TRUE(fault) << body.substr(0, 200);
    return fault ? *fault : Fault{};
  }
  std::string passing(const std::string& topic, const std::string& body) {
    const Fault fault = faultAfter(topic, body);
    EXPECT_EQ(fault.kind, Fault::Kind::passing) << fault.reason;
    return fault.reason;
  }
  std::string lasting(const std::string& topic, const std::string& body) {
    const Fault fault = faultAfter(topic, body);
    EXPECT_EQ(fault.kind, Fault::Kind::lasting) << fault.reason;
    return fault.reason;
  }
  bool ignored(const std::string& topic, const std::string& body) { return std::holds_alternative<Registration::Ignore>(hears(topic, body)); }

  Registration registration{"leaf1"};
};

TEST_F(RegistrationTest, registersPollsAndIsAssigned) {
  const auto put = registration.begin();
  EXPECT_EQ(put.topic, "$dps/registrations/PUT/iotdps-register/?$rid=1");
  EXPECT_EQ(put.body, R"({"registrationId":"leaf1"})");
  EXPECT_EQ(waitAfter(res("202/?$rid=1&retry-after=3"), kWorking), seconds{3});
  const auto get = registration.poll();
  EXPECT_EQ(get.topic, "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=4.abc");
  EXPECT_EQ(get.body, "");
  EXPECT_EQ(waitAfter(res("202/?$rid=2"), R"({"status":"assigning","registrationState":{}})"), Registration::kWaitDefault);
  EXPECT_EQ(registration.poll().topic, "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=3&operationId=4.abc");
  const auto last = hears(res("200/?$rid=3"), kAssigned);
  ASSERT_TRUE(std::holds_alternative<Assignment>(last));
  EXPECT_EQ(std::get<Assignment>(last), (Assignment{.hub = "h.azure-devices.net", .deviceId = "leaf1"}));
}

TEST_F(RegistrationTest, mayBeAssignedAtOnceAndUnderAnotherDeviceId) {
  registration.begin();
  std::string body = kAssigned;
  body.replace(body.find("\"deviceId\":\"leaf1\""), 18, "\"deviceId\":\"Pump-7\"");
  EXPECT_EQ(std::get<Assignment>(hears(res("200/?$rid=1"), body)).deviceId, "Pump-7");
}

TEST_F(RegistrationTest, hearsOnlyTheAnswerToWhatItAskedLast) {
  EXPECT_TRUE(ignored(res("200/?$rid=1"), kAssigned));  // nothing was asked
  registration.begin();
  for (const std::string& topic : {res("200/?$rid=2"), res("200/?$rid="), res("200/?rid=1"), res("200"), res("200/"), res("/?$rid=1"), res("x/?$rid=1"),
                                   res("99/?$rid=1"), res("-200/?$rid=1"), res("99999999999/?$rid=1"), res("200/?$rid=1x"), std::string{"devices/leaf1"},
                                   std::string{}, std::string{"$dps/registrations/PUT/200/?$rid=1"}})
    EXPECT_TRUE(ignored(topic, kAssigned)) << topic;
  EXPECT_EQ(waitAfter(res("202/?$rid=1"), kWorking), Registration::kWaitDefault);
  EXPECT_TRUE(ignored(res("202/?$rid=1"), kWorking));  // once more
  registration.poll();
  EXPECT_TRUE(ignored(res("200/?$rid=1"), kAssigned));  // late
  EXPECT_TRUE(std::holds_alternative<Assignment>(hears(res("200/?retry-after=1&$rid=2&more"), kAssigned)));
}

TEST_F(RegistrationTest, waitsAreBounded) {
  for (const auto& [asked, waits] : std::initializer_list<std::pair<std::string, seconds>>{{"&retry-after=0", Registration::kWaitDefault},
                                                                                          {"&retry-after=-1", Registration::kWaitDefault},
                                                                                          {"&retry-after=soon", Registration::kWaitDefault},
                                                                                          {"&retry-after=", Registration::kWaitDefault},
                                                                                          {"&retry-after", Registration::kWaitDefault},
                                                                                          {"&retry-after=99999999999999", Registration::kWaitDefault},
                                                                                          {"&retry-after=4000000000", Registration::kWaitMax},
                                                                                          {"&retry-after=1", seconds{1}}}) {
    registration = Registration{"leaf1"};
    registration.begin();
    EXPECT_EQ(waitAfter(res("202/?$rid=1") + asked, kWorking), waits) << asked;
  }
}

TEST_F(RegistrationTest, anOverloadedServicePassesAndItsWishIsKept) {
  for (const char* status : {"429", "500", "503", "599"}) {
    registration = Registration{"leaf1"};
    registration.begin();
    const Fault fault = faultAfter(res(status) + "/?$rid=1&retry-after=17", R"({"errorCode":429001,"message":"Slow down."})");
    EXPECT_EQ(fault.kind, Fault::Kind::passing);
    EXPECT_EQ(fault.retryAfter, seconds{17});
    EXPECT_THAT(fault.reason, HasSubstr(std::string{status} + ": Slow down. (429001)"));
  }
  registration = Registration{"leaf1"};
  registration.begin();
  EXPECT_EQ(faultAfter(res("429/?$rid=1&retry-after=4000000000"), "").retryAfter, Registration::kWaitMax);
}

TEST_F(RegistrationTest, troubleWhileItWorksIsPolledThroughButNotForever) {
  registration.begin();
  ASSERT_TRUE(waitAfter(res("202/?$rid=1"), kWorking));
  int rid = 1;
  for (int trouble = 1; trouble < Registration::kTroublesMax; ++trouble) {
    registration.poll();
    EXPECT_EQ(waitAfter(res("503/?$rid=") + std::to_string(++rid) + "&retry-after=5", "oops"), seconds{5});
  }
  registration.poll();
  passing(res("503/?$rid=") + std::to_string(++rid), "oops");
}

TEST_F(RegistrationTest, aRefusalLasts) {
  for (const char* status : {"300", "400", "401", "404", "428"}) {
    registration = Registration{"leaf1"};
    registration.begin();
    EXPECT_THAT(lasting(res(status) + "/?$rid=1", R"({"errorCode":401002,"message":"Invalid certificate."})"),
                testing::AllOf(HasSubstr(std::string{status} + ": Invalid certificate. (401002)"), HasSubstr("upstream.auth.id_scope")));
  }
  registration = Registration{"leaf1"};
  registration.begin();
  EXPECT_THAT(lasting(res("401/?$rid=1"), "not JSON"), HasSubstr("with 401;"));
}

TEST_F(RegistrationTest, decisionsAgainstTheDeviceLast) {
  const auto decided = [&](const std::string& rest) {
    registration = Registration{"leaf1"};
    registration.begin();
    return lasting(res("200/?$rid=1"), "{\"operationId\":\"4\"," + rest + "}");
  };
  EXPECT_THAT(decided(R"("status":"failed","registrationState":{"errorCode":400208,"errorMessage":"No hub."})"), HasSubstr(": No hub. (400208)"));
  EXPECT_THAT(decided(R"("status":"failed")"), HasSubstr("could not assign a hub;"));
  EXPECT_THAT(decided(R"("status":"disabled")"), HasSubstr("is disabled"));
  EXPECT_THAT(decided(R"("status":"blacklisted")"), HasSubstr("is disabled"));
  EXPECT_THAT(decided(R"("status":"unassigned")"), HasSubstr("assigned no hub"));
}

TEST_F(RegistrationTest, nonsenseIsAPassingFault) {
  const std::string id(Registration::kBodyBytesMax, 'x');
  for (const std::string& body :
       {std::string{}, std::string{"{"}, std::string{"[]"}, std::string{"null"}, std::string{"\"assigned\""}, std::string{"{}"},
        R"({"status":7})" + std::string{}, std::string{R"({"status":"assigned"})"}, std::string{R"({"status":"assigned","registrationState":7})"},
        std::string{R"({"status":"assigned","registrationState":{"assignedHub":"h","deviceId":7}})"},
        std::string{R"({"status":"assigned","registrationState":{"assignedHub":"h","deviceId":"a b"}})"},
        std::string{R"({"status":"assigned","registrationState":{"assignedHub":"h/../x","deviceId":"leaf1"}})"},
        std::string{R"({"status":"assigned","registrationState":{"assignedHub":"","deviceId":"leaf1"}})"},
        std::string{R"({"status":"assigned","registrationState":{"assignedHub":"h.example:8883","deviceId":"leaf1"}})"},
        std::string{R"({"status":"assigned","registrationState":{"registrationId":"leaf2","assignedHub":"h","deviceId":"leaf2"}})"},
        std::string(60'000, '['), std::string(1 << 20, ' '), "{\"status\":\"" + id + "\"}", std::string{"{\"status\":\"\xff\"}"}}) {
    registration = Registration{"leaf1"};
    registration.begin();
    EXPECT_LT(passing(res("200/?$rid=1"), body).size(), 500u);
  }
  for (const std::string& body : {std::string{"{}"}, std::string{R"({"operationId":7})"}, "{\"operationId\":\"" + std::string(600, 'x') + "\"}"}) {
    registration = Registration{"leaf1"};
    registration.begin();
    passing(res("202/?$rid=1"), body);
  }
}

TEST_F(RegistrationTest, anOperationIdCannotChangeTheTopic) {
  registration.begin();
  ASSERT_TRUE(waitAfter(res("202/?$rid=1"), R"({"operationId":"a/#+&$rid=7"})"));
  EXPECT_THAT(registration.poll().topic, testing::EndsWith("?$rid=2&operationId=a%2F%23%2B%26%24rid%3D7"));
}

TEST_F(RegistrationTest, answersTornAndMutatedNeverCrash) {
  std::mt19937 random{7};
  for (int round = 0; round < 4000; ++round) {
    registration = Registration{"leaf1"};
    registration.begin();
    std::string topic = res("200/?$rid=1&retry-after=3");
    std::string body = kAssigned;
    if (round % 2 == 0) body.resize(random() % body.size());
    for (int change = 0; change < 2 && !body.empty(); ++change) body[random() % body.size()] = static_cast<char>(random());
    if (round % 3 == 0) topic[random() % topic.size()] = static_cast<char>(random());
    if (round % 5 == 0) topic.resize(random() % topic.size());
    const auto step = hears(topic, body);
    if (const auto* assigned = std::get_if<Assignment>(&step)) {
      EXPECT_EQ(assigned->hub.find_first_of("/:?#& "), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace spheregate::provisioning
