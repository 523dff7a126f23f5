#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "problems.hpp"

namespace spheregate::config {
namespace {

using test::kLeast;
using test::leastWith;
using test::problemsOf;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST(Problems, aTypingErrorHasItsPlaceAndTheRightWord) {
  EXPECT_THAT(problemsOf(leastWith("upstream", "conect_rate: 80")),
              ElementsAre("f:7:3: upstream.conect_rate: unknown key; did you mean `connect_rate`?"));
  EXPECT_THAT(problemsOf(kLeast + "  auht: {}\n"), ElementsAre(HasSubstr("did you mean `auth`?")));
  EXPECT_THAT(problemsOf(kLeast + "quue: {}\n"), ElementsAre(HasSubstr("did you mean `queue`?")));
}

TEST(Problems, whatATypingErrorMeantIsNotMissingToo) {
  const auto mistyped = [](const std::string& right, const std::string& wrong) {
    std::string yaml = kLeast;
    yaml.replace(yaml.find(right), right.size(), wrong);
    return problemsOf(yaml);
  };
  EXPECT_THAT(mistyped("hostname:", "hostnam:"), ElementsAre("f:1:1: hostnam: unknown key; did you mean `hostname`?"));
  EXPECT_THAT(mistyped("private_key:", "privat_key:"), ElementsAre(HasSubstr("did you mean `private_key`?")));
  EXPECT_THAT(mistyped("devices:", "devicse:"), ElementsAre(HasSubstr("did you mean `devices`?")));
  EXPECT_THAT(problemsOf("tenant_ca: /a\n" + kLeast.substr(0, kLeast.find("devices:")) + kLeast.substr(kLeast.find("upstream:"))),
              ElementsAre(HasSubstr("it belongs under `devices`")));
  // Another one is.
  EXPECT_THAT(mistyped("hostname: gateway.plant.example", "hostnom: x\ntsl: {}"), ElementsAre(HasSubstr("`hostname`"), HasSubstr("`tls`")));
  EXPECT_THAT(mistyped("hostname: gateway.plant.example", "zzzz: x"), ElementsAre(HasSubstr("unknown key"), HasSubstr("hostname: this is missing")));
}

TEST(Problems, aKeyInTheWrongSectionIsSentHome) {
  EXPECT_THAT(problemsOf(kLeast + "max_connections: 5\n"), ElementsAre(HasSubstr("it belongs under `devices`")));
  EXPECT_THAT(problemsOf(leastWith("http", "zzzz: 5")), ElementsAre(HasSubstr("known here are listen, certificate, private_key, user, password_file")));
  EXPECT_THAT(problemsOf(kLeast + "queue.path: /x\n"), ElementsAre(HasSubstr("a key has no dots")));
}

TEST(Problems, allAreNamedInTheOrderOfTheFile) {
  EXPECT_THAT(problemsOf("extra: 1\nhostname: nodot\nlisten: { port: x }\ndevices: { tenant_ca: /a }\ntls: { certificate: /a }\n"
                         "upstream: { auth: { type: device_keys } }\n"),
              ElementsAre(StartsWith("f:1:1: extra: unknown key"), StartsWith("f:2:11: hostname: \"nodot\" has no dot"),
                          StartsWith("f:3:17: listen.port:"), StartsWith("f:5:1: tls.private_key: this is missing"),
                          StartsWith("f:6:1: upstream.hub: this is missing"),
                          StartsWith("f:6:13: upstream.auth.keys_file: this is missing")));
}

TEST(Problems, everyRequiredKeyIsListedForAnEmptyFile) {
  const std::vector<std::string> all{"f: hostname: this is missing; add it: host name with a dot",
                                     "f: tls.certificate: this is missing; add it: path",
                                     "f: tls.private_key: this is missing; add it: path, `pkcs11:` URI, or `handle:` of a TPM",
                                     "f: devices.tenant_ca: this is missing; add it: path",
                                     "f: upstream.hub: this is missing; add it: host name",
                                     "f: upstream.auth.type: this is missing; add it: `on_behalf_of`, `hub_policy`, `device_keys`, "
                                     "`dps_group`, `gateway_sas` or `gateway_x509`"};
  for (const char* empty : {"", "---\n", "# only a comment\n", "tls:\nqueue:\n", "\n\n"}) {
    EXPECT_THAT(problemsOf(empty), SizeIs(all.size())) << empty;
  }
  EXPECT_EQ(problemsOf(""), all);
}

TEST(Problems, keysOfTheOtherTypeOfAuthDoNothingAndAreRefused) {
  std::string yaml = kLeast;
  yaml.insert(yaml.find("key_file:"), "keys_file: /a, ");
  EXPECT_THAT(problemsOf(yaml), ElementsAre(HasSubstr("upstream.auth.keys_file: this does not belong to the `type`")));
}

TEST(Problems, aKeyGivenTwiceIsRefused) {
  EXPECT_THAT(problemsOf(kLeast + "hostname: other.example\n"),
              ElementsAre("f:7:1: hostname: this is given twice, first in line 1; keep one of them"));
  EXPECT_THAT(problemsOf(leastWith("queue", "path: /a, path: /b")), ElementsAre(HasSubstr("queue.path: this is given twice")));
}

TEST(Problems, shapesAreCheckedInWords) {
  EXPECT_THAT(problemsOf(kLeast + "queue: 5\n"),
              ElementsAre(AllOf(StartsWith("f:7:8: queue: keys are expected"), HasSubstr("max_bytes"))));
  EXPECT_THAT(problemsOf(kLeast + "queue: [ 5 ]\n"), ElementsAre(HasSubstr("queue: keys are expected")));
  EXPECT_THAT(problemsOf(leastWith("queue", "path: [ /a ]")), ElementsAre(HasSubstr("one value is expected")));
  EXPECT_THAT(problemsOf(leastWith("queue", "path: { a: b }")), ElementsAre(HasSubstr("one value is expected")));
  EXPECT_THAT(problemsOf(leastWith("queue", "max_bytes: ")), ElementsAre(HasSubstr("this has no value")));
  EXPECT_THAT(problemsOf("just words\n")[0], HasSubstr("the file is not a list of keys"));
}

TEST(Problems, brokenYamlHasItsPlace) {
  EXPECT_THAT(problemsOf(kLeast + "log: { level: info\n"),
              ElementsAre(AllOf(testing::ContainsRegex("^f:[0-9]+:[0-9]+: "), HasSubstr("not YAML"))));
  EXPECT_THAT(problemsOf("hostname: a\n\tb: c\n"), ElementsAre(testing::ContainsRegex("^f:[0-9]+:[0-9]+: ")));
}

// The parser notices these where something else no longer fits, often many lines below.
TEST(Problems, brokenYamlHasItsLikelyCause) {
  const std::string rest = "\nlisten:\n  address: \"127.0.0.1\"  # don't\n  port: 8883\nlog:\n  level: 'info'\n";
  const auto causeOf = [&rest](const std::string& line) { return problemsOf("# it's \"\nhostname: it's  # 'a\n" + line + rest); };
  EXPECT_THAT(causeOf("tls: { certificate: \"/a }"),
              ElementsAre(AllOf(testing::ContainsRegex("^f:[5-9]:[0-9]+: this is not YAML: "),
                                EndsWith("in line 3 a quote (\") is opened and not closed; close it"))));
  EXPECT_THAT(causeOf("queue:\n  path: '/it''s"), ElementsAre(HasSubstr("most likely in line 4 a quote (') is opened")));
  EXPECT_THAT(causeOf("queue:\n  path: \"a\\\""), ElementsAre(HasSubstr("most likely in line 4 a quote")));
  EXPECT_THAT(
      causeOf("queue:\n  path:/a\n  fsync: x"),
      ElementsAre(AllOf(StartsWith("f:5:"),
                        EndsWith("; most likely in line 4 there is no space after `path:`; write `path: ` and then the value"))));
  EXPECT_THAT(causeOf("queue:\n  path: /a\n\tfsync: x"), ElementsAre(HasSubstr("most likely line 5 is indented with a tab")));
  EXPECT_THAT(causeOf("queue:\n  \tpath: /a\n  fsync: x"), ElementsAre(HasSubstr("most likely line 4 is indented with a tab")));
  // Not a slip of these: a URL, quotes that are closed, a tab in a comment.
  EXPECT_THAT(causeOf("\t# tab\nhttp: 'it''s' \nhttps://x\n]"),
              ElementsAre(HasSubstr("check the indentation, brackets and quotes here")));
}

TEST(Problems, anchorsAliasesTagsAndSecondDocumentsAreRefused) {
  EXPECT_THAT(problemsOf("a: &x [ 1 ]\n"), ElementsAre(HasSubstr("anchors and aliases")));
  EXPECT_THAT(problemsOf("a: &x b\nc: *x\n"), ElementsAre(HasSubstr("anchors and aliases")));
  EXPECT_THAT(problemsOf("a: !!binary b\n"), ElementsAre(HasSubstr("tags (`!`)")));
  EXPECT_THAT(problemsOf(kLeast + "---\nhostname: other.example\n"), ElementsAre(StartsWith("f:8:1: a second document")));
  EXPECT_THAT(problemsOf("? [ a ]\n: b\n"), ElementsAre(HasSubstr("a key must be a word")));
}

TEST(Problems, hostileDocumentsAreRefusedAndDoNotCrash) {
  EXPECT_THAT(problemsOf(std::string(100'000, '[')), SizeIs(1));
  EXPECT_THAT(problemsOf(std::string(100'000, '{')), SizeIs(1));
  EXPECT_THAT(problemsOf("a: " + std::string(50'000, '-') + "\n" + std::string(1 << 21, 'x')),
              ElementsAre(HasSubstr("larger than 1 MiB")));
  EXPECT_THAT(problemsOf(kLeast + std::string{"log: {}\n\x04queue: nonsense\n"}),
              ElementsAre("f:8:1: there is a control character; save the file as plain UTF-8 text"));
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "k" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(problemsOf(many), SizeIs(100));
  EXPECT_THAT(problemsOf("\"a\\nb\": 1\n")[0], testing::Not(HasSubstr("\n")));
}

TEST(Problems, mutatedConfigurationsNeverCrash) {
  std::mt19937 random{7};
  const std::string alphabet = "{}[]:,\"'&*!|>%@`#-? \n\tax0\xc3\x80";
  for (int round = 0; round < 3000; ++round) {
    std::string yaml = kLeast;
    for (int change = 0; change < 3; ++change) yaml[random() % yaml.size()] = alphabet[random() % alphabet.size()];
    for (const std::string& line : problemsOf(yaml)) EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  }
}

TEST(Problems, filesThatCannotBeReadAreNamed) {
  const auto directory = std::filesystem::temp_directory_path();
  EXPECT_THAT(text(load(directory / "spheregate-none.yaml").problems.at(0)),
              HasSubstr("spheregate-none.yaml: cannot read the file"));
  EXPECT_THAT(text(load(directory).problems.at(0)), HasSubstr("this is a directory"));
}

TEST(Problems, nobodyWaitsForAPipeOrADevice) {
  const auto pipe = std::filesystem::temp_directory_path() / ("spheregate-pipe-" + std::to_string(::getpid()));
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(text(load(pipe).problems.at(0)), HasSubstr("this is a pipe, a device or a socket; name a regular file"));
  std::filesystem::remove(pipe);
  EXPECT_THAT(text(load("/dev/zero").problems.at(0)), HasSubstr("this is a pipe, a device or a socket"));
}

TEST(Problems, obeyNothingThatTheFileSays) {
  for (const char* key : {"\u009b31m", "a\u2028b", "a\u202eb"}) {
    const std::string line = problemsOf("\"" + std::string{key} + "\": 1\n")[0];
    EXPECT_EQ(line.find(key), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace spheregate::config
