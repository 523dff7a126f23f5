#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <unistd.h>

#include "fake_service.hpp"
#include "simulation/memory_store.hpp"
#include "spheregate/provisioning/assigned_gateway.hpp"
#include "unit/fakes.hpp"

namespace spheregate::provisioning {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using upstream::GatewayLogin;

constexpr const char* kKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest() : file_{std::filesystem::temp_directory_path() / ("gateway-key-" + std::to_string(::getpid()))} {
    std::ofstream{file_} << kKey;
    auth.type = upstream::AuthType::gatewaySas;
    auth.deviceId = "plant-7";
    auth.keyFile = file_;
    auth.idScope = settings.idScope;
    service.judge = [this](const std::string&) { return test::FakeService::assignedTo(service.hub, "Plant7"); };
  }
  ~GatewayTest() override { std::filesystem::remove(file_); }

  Parts parts() {
    return {.settings = settings, .clients = service, .store = store, .timers = time.timers, .random = random, .metrics = metrics};
  }
  void start() {
    auto made = loadAssignedGateway(auth, {}, parts());
    ASSERT_TRUE(made) << made.error();
    gateway = std::move(*made);
  }
  void ask() {
    result.reset();
    request = gateway->login(time.clock.wall(), [this](base::Explained<GatewayLogin> login) { result = std::move(login); });
  }
  GatewayLogin login() {
    EXPECT_TRUE(result && *result) << (result ? result->error() : "nothing yet");
    return result && *result ? **result : GatewayLogin{};
  }

  test::ManualTime time;
  Settings settings{.address = {}, .idScope = "0ne00000A0A", .registrationsPerMinute = 120};
  test::FakeService service{time.timers};
  simulation::MemoryTables disk;
  simulation::MemoryStore store{time.timers, disk};
  std::mt19937_64 random{7};
  metrics::Registry metrics;
  upstream::AuthSettings auth;
  std::unique_ptr<AssignedGateway> gateway;
  std::unique_ptr<upstream::LoginRequest> request;
  std::optional<base::Explained<GatewayLogin>> result;

 private:
  std::filesystem::path file_;
};

TEST_F(GatewayTest, isWhoTheServiceSaysWithTheKeyItRegisteredWith) {
  start();
  ask();
  EXPECT_FALSE(result);
  time.pass(seconds{1});
  EXPECT_EQ(login().hub, "first.azure-devices.net");
  EXPECT_EQ(login().deviceId, "Plant7");
  EXPECT_EQ(login().login.clientId, "Plant7");
  EXPECT_EQ(service.logins.at(0).clientId, "plant-7");
  const auto key = *hub::SharedAccessKey::fromBase64(kKey);
  EXPECT_TRUE(hub::signedBy(*hub::parseSasToken(service.logins[0].password), key));
  const auto token = *hub::parseSasToken(login().login.password);
  EXPECT_TRUE(hub::signedBy(token, key));
  EXPECT_EQ(hub::audience(token), "first.azure-devices.net/devices/Plant7");
  // The time of the answer counts, not of the question.
  EXPECT_EQ(login().expires, time.clock.wall() - seconds{1} + std::chrono::milliseconds{400} + auth.tokenLife);
}

TEST_F(GatewayTest, movesAfterThreeRefusalsAndRemembers) {
  start();
  ask();
  time.pass(seconds{1});
  service.hub = "second.azure-devices.net";
  for (int i = 0; i < 3; ++i) gateway->refused();
  time.pass(seconds{1});
  ask();
  EXPECT_EQ(login().hub, "second.azure-devices.net");
  EXPECT_EQ(hub::audience(*hub::parseSasToken(login().login.password)), "second.azure-devices.net/devices/Plant7");
  request.reset();
  service.reachable = false;
  start();
  ask();
  EXPECT_EQ(login().hub, "second.azure-devices.net");
}

TEST_F(GatewayTest, whatCannotBeUsedIsSaidAtTheStart) {
  auth.deviceId = "Plant-7";
  EXPECT_THAT(loadAssignedGateway(auth, {}, parts()).error(), HasSubstr("upstream.auth.device_id: a registration id has no upper-case"));
  auth.deviceId = "plant-7";
  auth.keyFile = "/nonexistent/key";
  EXPECT_THAT(loadAssignedGateway(auth, {}, parts()).error(), HasSubstr("/nonexistent/key"));
  auth.type = upstream::AuthType::gatewayX509;
  auth.certificate = "/nonexistent/certificate.pem";
  EXPECT_THAT(loadAssignedGateway(auth, {}, parts()).error(), HasSubstr("/nonexistent/certificate.pem"));
}

}  // namespace
}  // namespace spheregate::provisioning
