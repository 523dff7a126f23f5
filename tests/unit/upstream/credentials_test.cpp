#include "spheregate/upstream/credentials.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "spheregate/hub/sas.hpp"

namespace spheregate::upstream {
namespace {

constexpr const char* kKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr base::WallTime kNow{std::chrono::seconds{1'700'000'000}};

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() : directory_{std::filesystem::temp_directory_path() / ("credentials-" + std::to_string(::getpid()))} {
    std::filesystem::create_directories(directory_);
  }
  ~CredentialsTest() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path file(const std::string& text) {
    const auto path = directory_ / "keys";
    std::ofstream{path} << text;
    return path;
  }

 private:
  std::filesystem::path directory_;
};

base::Explained<Login> loginOf(Credentials& credentials, std::string_view device) {
  base::Explained<Login> result = base::failed<Login>("nothing came");
  (void)credentials.login(device, kNow, [&](base::Explained<Login> login) { result = std::move(login); });
  return result;
}

TEST_F(CredentialsTest, aPolicySignsATokenForOneDevice) {
  AuthSettings settings{.type = AuthType::hubPolicy, .policyName = "gateway", .keyFile = file(std::string{kKey} + "\n"), .keysFile = {}};
  const auto credentials = loadCredentials(settings, "contoso.azure-devices.net");
  ASSERT_TRUE(credentials) << credentials.error();
  const auto login = loginOf(**credentials, "leaf1");
  ASSERT_TRUE(login);
  const auto token = hub::parseSasToken(login->password);
  ASSERT_TRUE(token);
  EXPECT_TRUE(hub::signedBy(*token, *hub::SharedAccessKey::fromBase64(kKey)));
  EXPECT_EQ(hub::audience(*token), "contoso.azure-devices.net/devices/leaf1");
  EXPECT_EQ(token->policy, "gateway");
  EXPECT_EQ(token->expires, 1'700'000'000 + settings.tokenLife.count());
  EXPECT_EQ(login->expires, kNow + settings.tokenLife);
}

TEST_F(CredentialsTest, readsKeysOfDevicesInBothForms) {
  const std::string text = std::string{"# fleet\n\nleaf1,"} + kKey + "\nleaf:2: " + kKey + "\r\n";
  const auto credentials =
      loadCredentials({.type = AuthType::deviceKeys, .policyName = {}, .keyFile = {}, .keysFile = file(text)}, "contoso.azure-devices.net");
  ASSERT_TRUE(credentials) << credentials.error();
  EXPECT_TRUE(loginOf(**credentials, "leaf1"));
  EXPECT_TRUE(loginOf(**credentials, "leaf:2"));
  const auto stranger = loginOf(**credentials, "leaf3");
  ASSERT_FALSE(stranger);
  EXPECT_NE(stranger.error().find("leaf3"), std::string::npos);
}

TEST_F(CredentialsTest, namesTheLineThatIsWrongAndNeverTheKey) {
  for (const std::string& wrong : {std::string{"leaf1"}, std::string{"bad id,"} + kKey, std::string{"leaf1,%%%secret%%%"},
                                   std::string{"leaf1,"} + kKey + "\nleaf1," + kKey, std::string{}}) {
    const auto credentials = loadCredentials(
        {.type = AuthType::deviceKeys, .policyName = {}, .keyFile = {}, .keysFile = file("# first\n" + wrong + "\n")}, "contoso.azure-devices.net");
    ASSERT_FALSE(credentials) << wrong;
    EXPECT_NE(credentials.error().find("keys"), std::string::npos);
    EXPECT_EQ(credentials.error().find("secret"), std::string::npos);
    EXPECT_EQ(credentials.error().find(kKey), std::string::npos);
  }
}

TEST_F(CredentialsTest, aMissingFileIsExplained) {
  const auto credentials =
      loadCredentials({.type = AuthType::hubPolicy, .policyName = "p", .keyFile = "/nonexistent/key", .keysFile = {}}, "contoso.azure-devices.net");
  ASSERT_FALSE(credentials);
  EXPECT_NE(credentials.error().find("/nonexistent/key"), std::string::npos);
}

}  // namespace
}  // namespace spheregate::upstream
