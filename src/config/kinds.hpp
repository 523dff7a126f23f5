#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "complaint.hpp"
#include "spheregate/ops/settings.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/upstream/settings.hpp"
#include "spheregate/config/units.hpp"

namespace spheregate::config {

// How one kind of value is read from text and written as YAML. `words` says what may stand there, with its bounds.
template <class Value>
struct Kind {
  std::string words;
  std::function<Reading<Value>(const std::string&)> read;
  std::function<std::string(const Value&)> write;
  bool plain = false;   // what is written is a number, or true or false, in JSON too
  bool secret = false;  // the value names a file with a secret in it
};

// Text in double quotes, as YAML and JSON have it.
std::string quotedScalar(std::string_view text);

Kind<std::uint64_t> size(std::uint64_t least, std::uint64_t most);
Kind<std::uint64_t> whole(std::uint64_t least, std::uint64_t most);
Kind<double> rate(double least, double most);
enum class Zero : std::uint8_t { refused, allowed };
Kind<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds most,
                                         Zero zero = Zero::refused);
enum class Dot : std::uint8_t { needed, notNeeded };
Kind<std::string> hostName(Dot dot);
Kind<std::string> ipAddress();
Kind<ops::HttpPlace> addressAndPort();
Kind<upstream::ProvisioningEndpoint> hostAndPort();
// `${CREDENTIALS_DIRECTORY}` is expanded.
Kind<std::filesystem::path> file();
Kind<std::filesystem::path> optionalFile();
Kind<std::filesystem::path> privateKeyFile();
Kind<std::filesystem::path> optionalPrivateKeyFile();
Kind<std::string> serverKey();
Kind<std::filesystem::path> secretFile();
Kind<std::filesystem::path> optionalSecretFile();
Kind<tls::ProxyAddress> proxyAddress();
// For a login with a password, which is in the file that the other key names.
Kind<std::string> loginName(std::string passwordKey);
Kind<std::string> optionalGuid();
Kind<std::string> policyName();
Kind<std::string> deviceId();
Kind<std::string> groupName();
Kind<std::string> idScope();
// YAML's own words for it.
Kind<bool> flag();

// One of a few words.
template <class Value>
struct Option {
  std::string name;
  Value value;
};
Complaint notAnOption(const std::string& text, const std::vector<std::string>& names, const std::vector<std::string>& laterNames);
std::string listed(const std::vector<std::string>& names);

// `laterNames`: words that the design has and this version does not.
template <class Value>
Kind<Value> choice(std::vector<Option<Value>> options, std::vector<std::string> laterNames = {}) {
  std::vector<std::string> names;
  for (const auto& option : options) names.push_back(option.name);
  Kind<Value> kind;
  kind.words = listed(names);
  kind.read = [options, names, laterNames = std::move(laterNames)](const std::string& text) -> Reading<Value> {
    for (const auto& option : options) {
      if (option.name == text) return option.value;
    }
    return notAnOption(text, names, laterNames);
  };
  kind.write = [options](const Value& value) {
    for (const auto& option : options) {
      if (option.value == value) return option.name;
    }
    return std::string{};
  };
  return kind;
}

// One of a few words, or nothing, which is the Value that was made without any.
template <class Value>
Kind<Value> choiceOrEmpty(std::vector<Option<Value>> options) {
  Kind<Value> kind = choice<Value>(std::move(options));
  kind.words += ", or empty";
  kind.read = [read = kind.read](const std::string& text) -> Reading<Value> {
    if (text.empty()) return Value{};
    return read(text);
  };
  kind.write = [write = kind.write](const Value& value) {
    std::string word = write(value);
    return word.empty() ? std::string{"\"\""} : word;
  };
  return kind;
}

}  // namespace spheregate::config
