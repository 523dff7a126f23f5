#include "parser.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "spheregate/base/similar.hpp"

namespace spheregate::config {
namespace {

// More than a person mends at one sitting, and a bound for a file that is something else altogether.
constexpr std::size_t kProblemsMax = 100;

const Key* findKey(std::string_view path) {
  const auto found = std::find_if(keys().begin(), keys().end(), [&](const Key& key) { return key.path == path; });
  return found == keys().end() ? nullptr : &*found;
}

bool isSection(const std::string& path) {
  return std::any_of(keys().begin(), keys().end(), [&](const Key& key) { return key.path.starts_with(path + "."); });
}

// The words that may stand directly under a prefix such as `queue.`.
std::vector<std::string> wordsUnder(const std::string& prefix) {
  std::vector<std::string> words;
  for (const Key& key : keys()) {
    if (!key.path.starts_with(prefix)) continue;
    const std::string rest = key.path.substr(prefix.size());
    std::string word = rest.substr(0, rest.find('.'));
    if (words.empty() || words.back() != word) words.push_back(std::move(word));
  }
  return words;
}

// Where a word belongs that stands in a wrong section: the only key that ends with it.
std::optional<std::string> home(const std::string& word) {
  std::optional<std::string> found;
  for (const Key& key : keys()) {
    if (!key.path.ends_with("." + word)) continue;
    if (found) return std::nullopt;
    found = key.path.substr(0, key.path.size() - word.size() - 1);
  }
  return found;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// What goes into a message about a key of the file must stay on its line.
std::string printable(std::string_view text) {
  std::string out = quote(text);
  return out.substr(1, out.size() - 2);
}

}  // namespace

Loaded Parser::parse(const std::string& yaml) {
  auto document = readDocument(yaml);
  if (auto* broken = std::get_if<BrokenDocument>(&document)) {
    complain(broken->place, {}, std::move(broken->complaint));
    return std::move(loaded_);
  }
  const Node& root = std::get<Node>(document);
  if (root.kind == Node::Kind::map) {
    readSection(root, {});
  } else if (root.kind != Node::Kind::nothing) {
    complain(root.place, {},
             {"the file is not a list of keys", "write `key: value` lines; config/spheregate.yaml is an example"});
  }
  checkAuthKeys();
  checkMode();
  checkMissing();
  checkProxy();
  checkHttp();
  checkRevocation();
  checkAliases();
  if (!places_.contains("upstream.port") && loaded_.config.connector.transport == tls::Transport::webSocket) {
    loaded_.config.connector.port = tls::kWebSocketPort;
  }
  loaded_.config.admin.socketGiven = places_.contains("admin.socket");
  // The hub's name is for the network and for the words of the protocol.
  loaded_.config.connector.host = loaded_.config.upstream.hub;
  const auto order = [](const Problem& problem) { return std::tuple{problem.line == 0, problem.line, problem.column}; };
  std::stable_sort(loaded_.problems.begin(), loaded_.problems.end(),
                   [&](const Problem& left, const Problem& right) { return order(left) < order(right); });
  return std::move(loaded_);
}

void Parser::readSection(const Node& map, const std::string& prefix) {
  std::map<std::string, int> lines;
  for (const Entry& entry : map.entries) {
    const std::string path = prefix + entry.key.text;
    const auto [first, added] = lines.emplace(entry.key.text, entry.key.place.line);
    if (added) {
      readEntry(entry, path, prefix);
    } else {
      complain(entry.key.place, path,
               {"this is given twice, first in line " + std::to_string(first->second), "keep one of them"});
    }
  }
}

void Parser::readEntry(const Entry& entry, const std::string& path, const std::string& prefix) {
  if (entry.key.text.find('.') != std::string::npos) {
    return complain(entry.key.place, path, {"a key has no dots", "write `a: { b: value }` for a.b"});
  }
  if (const Key* key = findKey(path)) {
    places_[path] = entry.key.place;
    return readValue(*key, entry);
  }
  if (!isSection(path)) return refuseUnknown(entry, path, prefix);
  places_[path] = entry.key.place;
  if (entry.value.kind == Node::Kind::map) return readSection(entry.value, path + ".");
  // A section may be empty, for example when all its keys are commented out.
  if (entry.value.kind == Node::Kind::nothing) return;
  complain(entry.value.place, path, {"keys are expected here, not a value", "write under it: " + joined(wordsUnder(path + "."))});
}

void Parser::readValue(const Key& key, const Entry& entry) {
  std::optional<Complaint> complaint;
  Place place = entry.value.place;
  if (key.isMap && entry.value.kind == Node::Kind::map) {
    aliases_ = entry.value.entries;
  } else if (entry.value.kind == Node::Kind::scalar) {
    complaint = key.read(entry.value.text, loaded_.config);
  } else if (entry.value.kind == Node::Kind::nothing) {
    complaint = Complaint{"this has no value", "write " + key.words + ", or remove the key"};
    place = entry.key.place;
  } else {
    complaint = Complaint{"one value is expected here, not several", "write " + key.words};
  }
  if (!complaint) return;
  bad_.insert(key.path);
  complain(place, key.path, std::move(*complaint));
}

void Parser::refuseUnknown(const Entry& entry, const std::string& path, const std::string& prefix) {
  const std::vector<std::string> words = wordsUnder(prefix);
  std::string fix = "known here are " + joined(words);
  const auto belongs = home(entry.key.text);
  if (const auto meant = base::nearest(entry.key.text, words)) {
    fix = "did you mean `" + *meant + "`?";
    meant_.insert(prefix + *meant);
  } else if (belongs) {
    fix = "it belongs under `" + *belongs + "`";
    meant_.insert(*belongs + "." + entry.key.text);
  }
  complain(entry.key.place, path, {"unknown key", std::move(fix)});
}

void Parser::checkAuthKeys() {
  if (!good("upstream.auth.type")) return;
  for (const Key& key : keys()) {
    const auto place = places_.find(key.path);
    if (place == places_.end() || belongs(key, loaded_.config)) continue;
    complain(place->second, key.path, {"this does not belong to the `type` of upstream.auth", "remove it, or change the type"});
  }
}

void Parser::checkMode() {
  if (!good("upstream.auth.type")) return;
  using upstream::AuthType;
  const AuthType type = loaded_.config.upstream.auth.type;
  const bool gateways = type == AuthType::gatewaySas || type == AuthType::gatewayX509;
  const bool shared = loaded_.config.upstream.mode == upstream::Mode::shared;
  if (gateways == shared || bad_.contains("upstream.mode")) return;
  complain(placeAround("upstream.auth.type.here"), "upstream.auth.type",
           shared ? Complaint{"this logs each device in, but in `mode: shared` only the gateway itself logs in",
                              "use gateway_sas or gateway_x509, or remove `mode: shared`"}
                  : Complaint{"this logs only the gateway itself in, so the devices must share its identity",
                              "add `mode: shared` to upstream, or use a type that logs each device in"});
}

void Parser::checkMissing() {
  const bool typeGiven = good("upstream.auth.type");
  for (const Key& key : keys()) {
    if (!key.required || places_.contains(key.path) || isMeant(key.path)) continue;
    // What a type needs is known only when the type is.
    if (typeGiven ? !needs(loaded_.config, key) : !key.onlyWith.empty()) continue;
    complain(placeAround(key.path), key.path, {"this is missing", "add it: " + key.words});
  }
}

// It was given, under a name that was complained of already, or its section was.
bool Parser::isMeant(std::string path) const {
  while (!meant_.contains(path)) {
    const auto dot = path.rfind('.');
    if (dot == std::string::npos) return false;
    path.resize(dot);
  }
  return true;
}

// What would do nothing is refused, because whoever wrote it expects something.
void Parser::checkProxy() {
  const tls::ProxySettings& proxy = loaded_.config.connector.proxy;
  if (bad_.contains("upstream.proxy") || bad_.contains("upstream.proxy_user") || bad_.contains("upstream.proxy_password_file"))
    return;
  const auto complainOf = [this](const char* path, const char* what, const char* fix) {
    const auto place = places_.find(path);
    complain(place == places_.end() ? Place{} : place->second, path, {what, fix});
  };
  if (proxy.address.host.empty() && !proxy.user.empty()) {
    complainOf("upstream.proxy_user", "there is no upstream.proxy for this user", "give the proxy, or remove the user");
  }
  if (!proxy.user.empty() && proxy.passwordFile.empty()) {
    complainOf("upstream.proxy_user", "this user has no password",
               "put the password into a file, and its path into upstream.proxy_password_file");
  }
  if (proxy.user.empty() && !proxy.passwordFile.empty()) {
    complainOf("upstream.proxy_password_file", "this password has no user", "add upstream.proxy_user, or remove the file");
  }
}

void Parser::checkHttp() {
  const ops::HttpSettings& http = loaded_.config.http;
  checkPair("http.certificate", !http.certificate.empty(), "http.private_key", !http.privateKey.empty());
  checkPair("http.user", !http.user.empty(), "http.password_file", !http.passwordFile.empty());
}

// One of them alone would do nothing.
void Parser::checkPair(const std::string& one, bool oneGiven, const std::string& other, bool otherGiven) {
  if (oneGiven == otherGiven || bad_.contains(one) || bad_.contains(other)) return;
  const std::string& given = oneGiven ? one : other;
  complain(places_.at(given), given, {"this does nothing without " + (oneGiven ? other : one), "give both, or remove this one"});
}

void Parser::checkRevocation() {
  if (bad_.contains("devices.crl") || bad_.contains("devices.crl_policy")) return;
  const identity::Settings& settings = loaded_.config.identity;
  const auto policy = places_.find("devices.crl_policy");
  const auto lists = places_.find("devices.crl");
  if (settings.crlPolicy != identity::CrlPolicy::off && settings.crl.empty()) {
    complain(policy->second, policy->first,
             {"there are no revocation lists for this policy", "put their path into devices.crl, or set the policy to off"});
  }
  // Whoever names the lists expects that they are obeyed.
  if (policy == places_.end() && !settings.crl.empty()) {
    complain(lists->second, lists->first,
             {"these lists are not looked at without a devices.crl_policy", "add `crl_policy: prefer` or `crl_policy: require`"});
  }
}

Place Parser::placeAround(std::string path) const {
  for (auto dot = path.rfind('.'); dot != std::string::npos; dot = path.rfind('.')) {
    path.resize(dot);
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
  }
  return {};
}

void Parser::complain(Place place, const std::string& path, Complaint complaint) {
  if (loaded_.problems.size() >= kProblemsMax) return;
  loaded_.problems.push_back({.file = fileName_,
                              .line = place.line,
                              .column = place.column,
                              .key = printable(path),
                              .what = std::move(complaint.what),
                              .fix = std::move(complaint.fix)});
}

}  // namespace spheregate::config
