#include <gmock/gmock.h>

#include <cstdlib>
#include <string>

#include "problems.hpp"

namespace spheregate::config {
namespace {

using namespace std::chrono_literals;
using test::kLeast;
using test::leastWith;
using test::problemsOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Config good(const std::string& yaml) {
  EXPECT_THAT(problemsOf(yaml), IsEmpty()) << yaml;
  return parse(yaml, "f").config;
}

TEST(Values, theLeastConfigurationHasTheDefaultsOfTheRooms) {
  const Config config = good(kLeast);
  EXPECT_EQ(config.hostname, "gateway.plant.example");
  EXPECT_EQ(config.listener.certificate, "/a/server.pem");
  EXPECT_EQ(config.upstream.hub, "contoso.azure-devices.net");
  EXPECT_EQ(config.connector.host, "contoso.azure-devices.net");
  EXPECT_EQ(config.connector.port, 8883);
  EXPECT_EQ(config.queue.bytesMax, 1ull << 30);
  EXPECT_EQ(config.queue.messageTtl, 7 * 24h);
  EXPECT_EQ(config.upstream.auth.tokenLife, 1h);
}

TEST(Values, readsEveryKind) {
  EXPECT_EQ(good(leastWith("queue", "max_bytes: 2097152")).queue.bytesMax, 2u << 20);
  EXPECT_EQ(good(leastWith("queue", "max_bytes: 64MiB")).queue.bytesMax, 64u << 20);
  EXPECT_EQ(good(leastWith("queue", "message_ttl: 0")).queue.messageTtl, 0ms);
  EXPECT_EQ(good(leastWith("queue", "commit_after: 20s")).queue.commitAfter, 20s);
  EXPECT_EQ(good(leastWith("queue", "when_full: drop_oldest")).queue.whenFull, queue::WhenFull::dropOldest);
  EXPECT_EQ(good(leastWith("upstream", "keep_alive: 5m")).upstream.keepAlive, 5min);
  EXPECT_EQ(good(leastWith("upstream", "connect_rate: 2.5")).upstream.connectsPerSecond, 2.5);
  EXPECT_EQ(good(leastWith("upstream", "tier: S2\n  units: 3")).upstream.tier, upstream::Tier::s2);
  EXPECT_EQ(good(leastWith("upstream", "tier: S2\n  units: 3")).upstream.units, 3u);
  EXPECT_EQ(good(leastWith("upstream", "tier: \"\"")).upstream.tier, upstream::Tier::unknown);
  EXPECT_EQ(good(leastWith("queue", "drain_rate: 0.5")).upstream.drainPerSecond, 0.5);
  EXPECT_EQ(good(leastWith("devices", "max_message_bytes: 64KiB")).session.messageBytesMax, 65536u);
  EXPECT_EQ(good(leastWith("devices", "connect_rate_per_source: 0")).listener.handshakesPerSourcePerSecond, 0);
  EXPECT_EQ(good(leastWith("devices", "identity: any")).identity.nameRule, identity::NameRule::any);
  EXPECT_EQ(good(leastWith("tls", "min_version: \"1.3\"")).listener.minVersion, tls::MinVersion::tls13);
  EXPECT_EQ(good(leastWith("tls", "min_version: 1.3")).listener.minVersion, tls::MinVersion::tls13);
  EXPECT_EQ(good(leastWith("log", "level: debug, format: json")).logFormat, base::LogFormat::json);
}

TEST(Values, theConnectRateIsShownAsItTakesEffect) {
  const auto shown = [](const char* keys) { return show(good(leastWith("upstream", keys))); };
  EXPECT_THAT(shown("port: 8883"), testing::HasSubstr("connect_rate: 80\n"));
  EXPECT_THAT(shown("tier: S1"), testing::HasSubstr("connect_rate: 95\n"));
  EXPECT_THAT(shown("tier: S2\n  units: 2"), testing::HasSubstr("connect_rate: 228\n"));
  EXPECT_THAT(shown("tier: S1\n  connect_rate: 20"), testing::HasSubstr("connect_rate: 20\n"));
  EXPECT_THAT(shown("tier: S3\n  units: 200"), testing::HasSubstr("connect_rate: 10000\n")) << "what is shown can be read again";
  EXPECT_THAT(problemsOf(leastWith("upstream", "tier: B1")), testing::ElementsAre(testing::HasSubstr("tier")));
}

TEST(Values, readsAddressesWithPorts) {
  EXPECT_EQ(good(leastWith("http", "listen: \"127.0.0.1:0\"")).http.listen.port, 0);
  const Config six = good(leastWith("http", "listen: \"[::1]:9464\""));
  EXPECT_EQ(six.http.listen.address, "::1");
  EXPECT_EQ(six.http.listen.port, 9464);
  for (const char* wrong :
       {"9464", "127.0.0.1", "::1:9464", "[127.0.0.1]:1", "127.0.0.1:65536", "127.0.0.1:-1", "host:1", ":1", "[]:1"}) {
    EXPECT_THAT(problemsOf(leastWith("http", "listen: \"" + std::string{wrong} + "\"")),
                ElementsAre(HasSubstr("is not an address and a port")))
        << wrong;
  }
}

TEST(Values, boundsAreSaidInWords) {
  EXPECT_THAT(problemsOf(leastWith("queue", "max_bytes: 1KiB")),
              ElementsAre("f:7:21: queue.max_bytes: 1KiB is out of bounds; write a size of 1MiB to 65536GiB"));
  EXPECT_THAT(problemsOf(leastWith("upstream", "keep_alive: 1h")), ElementsAre(HasSubstr("write a time of 5s to 1767s")));
  EXPECT_THAT(problemsOf(leastWith("listen", "port: 70000")), ElementsAre(HasSubstr("write a number of 0 to 65535")));
  EXPECT_THAT(problemsOf(leastWith("upstream", "connect_rate: 0")), ElementsAre(HasSubstr("write a number of 0.1 to 10000")));
}

TEST(Values, wrongTypesAreSaidInWords) {
  for (const char* wrong : {"1GB", "1 GiB", "-1", "1.5MiB", "99999999999999999999", "9999999999GiB", "KiB", "\"\""}) {
    EXPECT_THAT(problemsOf(leastWith("queue", "max_bytes: " + std::string{wrong})), ElementsAre(HasSubstr("is not a size")))
        << wrong;
  }
  for (const char* wrong : {"30", "30 s", "1h30m", "-1s", "s", "99999999999999999d", "yes"}) {
    EXPECT_THAT(problemsOf(leastWith("upstream", "ack_timeout: " + std::string{wrong})), ElementsAre(HasSubstr("is not a time")))
        << wrong;
  }
  for (const char* wrong : {"1e3", "inf", "nan", "0x10", "many"}) {
    EXPECT_THAT(problemsOf(leastWith("upstream", "connect_rate: " + std::string{wrong})),
                ElementsAre(HasSubstr("is not a number")))
        << wrong;
  }
  EXPECT_THAT(problemsOf(leastWith("listen", "port: mqtts")), ElementsAre(HasSubstr("\"mqtts\" is not a whole number")));
  EXPECT_THAT(problemsOf(leastWith("listen", "address: example.org")), ElementsAre(HasSubstr("is not an IP address")));
  EXPECT_THAT(problemsOf(leastWith("devices", "tenant_id: 123")), ElementsAre(HasSubstr("is not a GUID")));
  EXPECT_THAT(problemsOf(leastWith("queue", "when_full: drop_oldst")), ElementsAre(HasSubstr("did you mean `drop_oldest`?")));
}

TEST(Values, sharedModeIsForTheGatewaysOwnIdentity) {
  const std::string sas = "type: gateway_sas, device_id: plant, key_file: /a/key";
  const std::string x509 = "type: gateway_x509, device_id: plant, certificate: /a/c.pem, private_key: /a/c.key";
  for (const std::string& auth : {sas, x509}) {
    const Config config = good(test::leastWithAuth(auth) + "  mode: shared\n");
    EXPECT_EQ(config.upstream.mode, upstream::Mode::shared);
    EXPECT_EQ(config.upstream.auth.deviceId, "plant");
    EXPECT_THAT(problemsOf(test::leastWithAuth(auth)),
                ElementsAre(testing::AllOf(HasSubstr("f:6:"), HasSubstr("upstream.auth.type"), HasSubstr("add `mode: shared`"))));
  }
  EXPECT_THAT(problemsOf(leastWith("upstream", "mode: shared")), ElementsAre(HasSubstr("use gateway_sas or gateway_x509")));
  EXPECT_THAT(problemsOf(leastWith("upstream", "mode: sharde")), ElementsAre(HasSubstr("did you mean `shared`?")));
  EXPECT_THAT(problemsOf(test::leastWithAuth("type: gateway_sas, key_file: /a/key") + "  mode: shared\n"),
              ElementsAre(HasSubstr("upstream.auth.device_id: this is missing")));
  EXPECT_THAT(problemsOf(test::leastWithAuth(x509 + ", key_file: /a/key") + "  mode: shared\n"),
              ElementsAre(HasSubstr("upstream.auth.key_file: this does not belong")));
  EXPECT_THAT(problemsOf(test::leastWithAuth("type: gateway_sas, device_id: a/b, key_file: /a/key") + "  mode: shared\n"),
              ElementsAre(HasSubstr("upstream.auth.device_id")));
}

TEST(Values, onBehalfOfHasKeysOfItsOwn) {
  const std::string yaml = test::leastWithAuth("type: on_behalf_of, edge_device_id: edge1, module_key_file: /a/module.key");
  EXPECT_EQ(good(yaml).upstream.auth.type, upstream::AuthType::onBehalfOf);
  EXPECT_EQ(good(yaml).upstream.auth.edgeDeviceId, "edge1");
  EXPECT_EQ(good(yaml).upstream.auth.moduleKeyFile, "/a/module.key");
  EXPECT_TRUE(good(yaml).upstream.auth.sendAuthChain);
  const std::string without = test::leastWithAuth("type: on_behalf_of, edge_device_id: e, module_key_file: /a, send_auth_chain: false");
  EXPECT_FALSE(good(without).upstream.auth.sendAuthChain);
  EXPECT_THAT(problemsOf(test::leastWithAuth("type: on_behalf_of, edge_device_id: \"a b\", module_key_file: /a, send_auth_chain: yes")),
              ElementsAre(HasSubstr("edge_device_id: this is not a device id"), HasSubstr("is neither true nor false")));
  EXPECT_THAT(problemsOf(test::leastWithAuth("type: on_behalf_of, key_file: /a")),
              ElementsAre(HasSubstr("edge_device_id: this is missing"), HasSubstr("module_key_file: this is missing"),
                          HasSubstr("key_file: this does not belong")));
}

TEST(Values, aProvisioningServiceMayNameTheHub) {
  const std::string auth = "auth: { type: dps_group, id_scope: 0ne00000A0A, group_key_file: /a/group.key";
  const std::string before = kLeast.substr(0, kLeast.find("  hub:"));
  const Config without = good(before + "  " + auth + " }\n");
  EXPECT_EQ(without.upstream.hub, "");
  EXPECT_EQ(without.upstream.auth.idScope, "0ne00000A0A");
  EXPECT_EQ(without.upstream.auth.endpoint.host, "global.azure-devices-provisioning.net");
  EXPECT_EQ(without.upstream.auth.registrationsPerMinute, 120u);
  const std::string shown = show(without);
  EXPECT_THAT(shown, Not(HasSubstr("  hub:")));
  EXPECT_THAT(problemsOf(shown), IsEmpty()) << shown;

  const Config with = good(before + "  hub: h.example\n  " + auth + ", endpoint: \"dps.example:443\", registrations_per_minute: 60 }\n");
  EXPECT_EQ(with.upstream.hub, "h.example");
  EXPECT_EQ(with.upstream.auth.endpoint.host, "dps.example");
  EXPECT_EQ(with.upstream.auth.endpoint.port, 443);
  EXPECT_THAT(show(with), HasSubstr("    endpoint: \"dps.example:443\"\n"));

  EXPECT_THAT(problemsOf(before + "  auth: { type: dps_group }\n"),
              ElementsAre(HasSubstr("id_scope: this is missing"), HasSubstr("group_key_file: this is missing")));
  EXPECT_THAT(problemsOf(before + "  auth: { type: device_keys, keys_file: /a }\n"), ElementsAre(HasSubstr("upstream.hub: this is missing")));
  for (const char* wrong : {"dps.example:0", "dps.example:65536", "dps.example:", ":1", "a b", "https://dps.example", "[::1]:1"}) {
    EXPECT_THAT(problemsOf(before + "  " + auth + ", endpoint: \"" + wrong + "\" }\n"), ElementsAre(HasSubstr("is not a host name"))) << wrong;
  }
  EXPECT_THAT(problemsOf(before + "  auth: { type: dps_group, id_scope: \"0ne/x\", group_key_file: /a }\n"),
              ElementsAre(HasSubstr("is not an id scope")));
}

TEST(Values, theGatewayItselfMayBeProvisioned) {
  const std::string before = kLeast.substr(0, kLeast.find("  hub:")) + "  mode: shared\n";
  const std::string sas = "  auth: { type: gateway_sas, device_id: plant, key_file: /a/key";
  const Config config = good(before + sas + ", id_scope: 0ne00000A0A, endpoint: dps.example }\n");
  EXPECT_EQ(config.upstream.auth.idScope, "0ne00000A0A");
  EXPECT_EQ(config.upstream.hub, "");
  EXPECT_THAT(problemsOf(show(config)), IsEmpty());
  EXPECT_THAT(problemsOf(before + sas + " }\n"), ElementsAre(HasSubstr("upstream.hub: this is missing")));
  EXPECT_THAT(problemsOf(before + "  hub: h.example\n" + sas + ", endpoint: dps.example }\n"),
              ElementsAre(HasSubstr("upstream.auth.id_scope: this is missing")));
  EXPECT_THAT(problemsOf(before + "  hub: h.example\n" + sas + ", registrations_per_minute: 5 }\n"),
              ElementsAre(HasSubstr("does not belong to the `type`")));
}

TEST(Values, credentialsDirectoryIsExpandedInPaths) {
  const std::string yaml = leastWith("devices", "deny_file: \"${CREDENTIALS_DIRECTORY}/deny\"");
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(problemsOf(yaml), ElementsAre(HasSubstr("${CREDENTIALS_DIRECTORY} is not set")));
  setenv("CREDENTIALS_DIRECTORY", "/run/credentials/${HOME}", 1);
  EXPECT_EQ(good(yaml).identity.denyFile, "/run/credentials/${HOME}/deny");
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(problemsOf(leastWith("devices", "deny_file: \"${HOME}/deny\"")),
              ElementsAre(HasSubstr("only ${CREDENTIALS_DIRECTORY}")));
}

TEST(Values, aSecretInTheWrongPlaceIsRefusedAndNotRepeated) {
  const std::string secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw=";
  std::string yaml = kLeast;
  yaml.replace(yaml.find("/a/policy.key"), 13, secret);
  EXPECT_THAT(problemsOf(yaml), ElementsAre(testing::AllOf(HasSubstr("looks like the key itself"), Not(HasSubstr("c2Vj")))));
  yaml = kLeast;
  yaml.replace(yaml.find("contoso.azure-devices.net"), 25, "\"HostName=contoso.azure-devices.net;SharedAccessKey=c2Vj=\"");
  EXPECT_THAT(problemsOf(yaml), ElementsAre(testing::AllOf(HasSubstr("is not a host name"), Not(HasSubstr("c2Vj")))));
}

TEST(Values, graceHasItsBounds) {
  for (const char* good : {"0", "0h", "1m", "72h", "30d"}) {
    EXPECT_THAT(problemsOf(leastWith("devices", std::string{"expired_grace: "} + good)), IsEmpty()) << good;
  }
  for (const char* bad : {"31d", "1s", "long"}) {
    EXPECT_THAT(problemsOf(leastWith("devices", std::string{"expired_grace: "} + bad)), ElementsAre(HasSubstr("devices.expired_grace"))) << bad;
  }
  EXPECT_THAT(problemsOf(leastWith("devices", "expired_sessions: sometimes")), ElementsAre(HasSubstr("use `end` or `keep`")));
}

TEST(Values, revocationListsAndTheirPolicyGoTogether) {
  for (const char* good : {"crl_policy: off", "crl: /a, crl_policy: off", "crl: /a, crl_policy: prefer", "crl: /a, crl_policy: require", "crl: \"\""}) {
    EXPECT_THAT(problemsOf(leastWith("devices", good)), IsEmpty()) << good;
  }
  EXPECT_THAT(problemsOf(leastWith("devices", "crl_policy: prefer")), ElementsAre(HasSubstr("there are no revocation lists")));
  EXPECT_THAT(problemsOf(leastWith("devices", "crl_policy: require")), ElementsAre(HasSubstr("put their path into devices.crl")));
  EXPECT_THAT(problemsOf(leastWith("devices", "crl: /a")), ElementsAre(HasSubstr("without a devices.crl_policy")));
}

TEST(Values, whatThisVersionCannotDoIsRefused) {
  EXPECT_THAT(problemsOf(leastWith("upstream", "mode: transparent")), IsEmpty());
}

TEST(Values, theAdminSocketMayBeNoneAndItsGroupHasAName) {
  EXPECT_FALSE(parse(kLeast, "f").config.admin.socketGiven);
  EXPECT_TRUE(parse(leastWith("admin", "socket: /run/spheregate/admin.sock"), "f").config.admin.socketGiven);
  EXPECT_EQ(parse(leastWith("admin", "socket: \"\""), "f").config.admin.socket, "");
  EXPECT_THAT(problemsOf(leastWith("admin", "group: ops")), IsEmpty());
  EXPECT_THAT(problemsOf(leastWith("admin", "group: \"a group\"")), ElementsAre(HasSubstr("is not the name of a group")));
  EXPECT_THAT(problemsOf(leastWith("admin", "owner: root")), ElementsAre(HasSubstr("known here are socket, group")));
}

}  // namespace
}  // namespace spheregate::config
