#include "spheregate/upstream/credentials.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "spheregate/hub/sas.hpp"

namespace spheregate::upstream {
namespace {

using std::chrono::minutes;

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

AuthSettings policy(std::filesystem::path file) {
  AuthSettings settings;
  settings.type = AuthType::hubPolicy;
  settings.policyName = "gateway";
  settings.keyFile = std::move(file);
  return settings;
}

AuthSettings deviceKeys(std::filesystem::path file) {
  AuthSettings settings;
  settings.type = AuthType::deviceKeys;
  settings.keysFile = std::move(file);
  return settings;
}

AuthSettings onBehalfOf(std::filesystem::path file) {
  AuthSettings settings;
  settings.type = AuthType::onBehalfOf;
  settings.edgeDeviceId = "edge1";
  settings.moduleKeyFile = std::move(file);
  return settings;
}

base::Explained<Login> loginOf(Credentials& credentials, std::string_view device, base::WallTime now = kNow) {
  base::Explained<Login> result = base::failed<Login>("nothing came");
  (void)credentials.login(device, now, [&](base::Explained<Login> login) { result = std::move(login); });
  return result;
}

TEST_F(CredentialsTest, aPolicySignsATokenForOneDevice) {
  const AuthSettings settings = policy(file(std::string{kKey} + "\n"));
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
      loadCredentials(deviceKeys(file(text)), "contoso.azure-devices.net");
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
    const auto credentials = loadCredentials(deviceKeys(file("# first\n" + wrong + "\n")), "contoso.azure-devices.net");
    ASSERT_FALSE(credentials) << wrong;
    EXPECT_NE(credentials.error().find("keys"), std::string::npos);
    EXPECT_EQ(credentials.error().find("secret"), std::string::npos);
    EXPECT_EQ(credentials.error().find(kKey), std::string::npos);
  }
}

TEST_F(CredentialsTest, onBehalfOfSpeaksAsEdgeHubDoes) {
  const auto credentials = loadCredentials(onBehalfOf(file(kKey)), "contoso.azure-devices.net");
  ASSERT_TRUE(credentials) << credentials.error();
  const auto login = loginOf(**credentials, "leaf1", kNow - minutes{60});
  ASSERT_TRUE(login);
  // The vector of the reference: signed by the module's key, `$` encoded twice, no policy.
  EXPECT_EQ(login->password,
            "SharedAccessSignature sr=contoso.azure-devices.net%2Fdevices%2Fedge1%2Fmodules%2F%2524edgeHub"
            "&sig=wXE1QI4P8yAVQyAIKaPc7To9lPnSO1NJetPHUqOX544%3D&se=1700000000");
  EXPECT_EQ(login->usernameTail, "&auth-chain=leaf1%3Bedge1");
  EXPECT_EQ(login->hub, "contoso.azure-devices.net");
  // Punctuation of an id cannot make another chain, or another item of the query.
  EXPECT_EQ(loginOf(**credentials, "a%3Bb=c'")->usernameTail, "&auth-chain=a%253Bb%3Dc%27%3Bedge1");

  AuthSettings settings = onBehalfOf(file(kKey));
  settings.sendAuthChain = false;
  EXPECT_EQ(loginOf(**loadCredentials(settings, "contoso.azure-devices.net"), "leaf1")->usernameTail, "");
}

TEST_F(CredentialsTest, childrenShareATokenUntilHalfOfItsLifeIsGone) {
  const auto credentials = loadCredentials(onBehalfOf(file(kKey)), "contoso.azure-devices.net");
  ASSERT_TRUE(credentials) << credentials.error();
  const auto first = loginOf(**credentials, "leaf1", kNow);
  const auto second = loginOf(**credentials, "leaf2", kNow + minutes{29});
  EXPECT_EQ(second->password, first->password);
  EXPECT_EQ(second->expires, kNow + minutes{60});
  const auto third = loginOf(**credentials, "leaf3", kNow + minutes{30});
  EXPECT_NE(third->password, first->password);
  EXPECT_EQ(third->expires, kNow + minutes{90});
  // The clock was set back or far ahead: no token ends before it begins, and none lives longer than told.
  for (const auto jump : {kNow - minutes{600}, kNow + minutes{6000}})
    EXPECT_EQ(loginOf(**credentials, "leaf4", jump)->expires, jump + minutes{60});
}

TEST_F(CredentialsTest, whatIsNoKeyIsRefusedWithoutRepeatingIt) {
  for (const std::string& wrong : {std::string{}, std::string{"c2VjcmV0"}, std::string{"HostName=h;SharedAccessKey="} + kKey,
                                   std::string(1 << 20, 'A'), std::string{"sec\0ret", 7}}) {
    for (const auto& settings : {onBehalfOf(file(wrong)), policy(file(wrong))}) {
      const auto credentials = loadCredentials(settings, "contoso.azure-devices.net");
      ASSERT_FALSE(credentials);
      EXPECT_NE(credentials.error().find("/keys"), std::string::npos) << credentials.error();
      EXPECT_EQ(credentials.error().find("c2Vj"), std::string::npos);
      EXPECT_EQ(credentials.error().find(kKey), std::string::npos);
    }
  }
}

TEST_F(CredentialsTest, aMissingFileIsExplained) {
  const auto credentials =
      loadCredentials(policy("/nonexistent/key"), "contoso.azure-devices.net");
  ASSERT_FALSE(credentials);
  EXPECT_NE(credentials.error().find("/nonexistent/key"), std::string::npos);
}

}  // namespace
}  // namespace spheregate::upstream
