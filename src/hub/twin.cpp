#include "spheregate/hub/twin.hpp"

#include <charconv>
#include <utility>

#include "json_tree.hpp"

namespace spheregate::hub {
namespace {

constexpr std::string_view kVersion = "$version";

std::optional<JsonTree> readObject(std::string_view text) {
  auto tree = readJson(text, kTwinBytesMax, kTwinDepthMax);
  if (!tree || !tree->isObject()) return std::nullopt;
  return tree;
}

std::optional<std::string> bounded(const JsonTree& tree) {
  std::string text = writeJson(tree);
  if (text.size() > kTwinBytesMax) return std::nullopt;
  return text;
}

std::optional<std::uint64_t> versionIn(const JsonTree& section) {
  const JsonTree* const found = section.member(kVersion);
  if (found == nullptr || found->kind != JsonTree::Kind::scalar) return std::nullopt;
  std::uint64_t version = 0;
  const char* const end = found->text.data() + found->text.size();
  const auto read = std::from_chars(found->text.data(), end, version);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return version;
}

// Walks two objects name by name, in order. `both` may be called with either null.
template <class Both>
void together(JsonTree& left, JsonTree& right, Both both) {
  auto l = left.members.begin();
  auto r = right.members.begin();
  while (l != left.members.end() || r != right.members.end()) {
    const bool leftNext = r == right.members.end() || (l != left.members.end() && l->name < r->name);
    const bool rightNext = l == left.members.end() || (r != right.members.end() && r->name < l->name);
    if (leftNext) {
      both(l->name, &l->value, nullptr);
    } else if (rightNext) {
      both(r->name, nullptr, &r->value);
    } else {
      both(l->name, &l->value, &r->value);
    }
    if (!rightNext) ++l;
    if (!leftNext) ++r;
  }
}

// RFC 7396. What it merges into an empty object comes out without nulls.
JsonTree merged(JsonTree section, JsonTree patch) {
  if (!patch.isObject()) return patch;
  if (!section.isObject()) section = JsonTree{JsonTree::Kind::object};
  JsonTree result{JsonTree::Kind::object};
  together(section, patch, [&](std::string& name, JsonTree* old, JsonTree* change) {
    if (change == nullptr) return result.members.push_back({std::move(name), std::move(*old)});
    if (change->kind == JsonTree::Kind::null) return;
    JsonTree value = merged(old == nullptr ? JsonTree{} : std::move(*old), std::move(*change));
    result.members.push_back({std::move(name), std::move(value)});
  });
  return result;
}

// False when no patch has the effect of both.
bool compose(JsonTree& earlier, JsonTree& later, JsonTree& result) {
  bool possible = true;
  together(earlier, later, [&](std::string& name, JsonTree* first, JsonTree* second) {
    JsonTree value{JsonTree::Kind::object};
    if (second == nullptr) value = std::move(*first);
    else if (first == nullptr || !second->isObject()) value = std::move(*second);
    else if (!first->isObject() || !compose(*first, *second, value)) possible = false;
    result.members.push_back({std::move(name), std::move(value)});
  });
  return possible;
}

JsonTree difference(JsonTree& from, JsonTree& to) {
  JsonTree patch{JsonTree::Kind::object};
  together(from, to, [&](std::string& name, JsonTree* old, JsonTree* now) {
    if (now == nullptr) return patch.members.push_back({std::move(name), JsonTree{}});
    if (old != nullptr && *old == *now) return;
    const bool both = old != nullptr && old->isObject() && now->isObject();
    JsonTree value = both ? difference(*old, *now) : std::move(*now);
    patch.members.push_back({std::move(name), std::move(value)});
  });
  return patch;
}

}  // namespace

std::optional<TwinSections> splitTwin(std::string_view body) {
  const auto twin = readObject(body);
  if (!twin) return std::nullopt;
  const JsonTree* const desired = twin->member("desired");
  const JsonTree* const reported = twin->member("reported");
  if (desired == nullptr || reported == nullptr || !desired->isObject() || !reported->isObject()) return std::nullopt;
  return TwinSections{.desired = writeJson(*desired),
                      .reported = writeJson(*reported),
                      .desiredVersion = versionIn(*desired).value_or(0),
                      .reportedVersion = versionIn(*reported).value_or(0)};
}

std::string joinTwin(std::string_view desired, std::string_view reported) {
  std::string body;
  body.reserve(desired.size() + reported.size() + 32);
  (((body += "{\"desired\":") += desired) += ",\"reported\":") += reported;
  return body += '}';
}

std::optional<std::string> mergeReported(std::string_view section, std::string_view patch) {
  auto before = readObject(section);
  auto change = readObject(patch);
  if (!before || !change) return std::nullopt;
  return bounded(merged(std::move(*before), std::move(*change)));
}

std::optional<std::string> composePatches(std::string_view earlier, std::string_view later) {
  auto first = readObject(earlier);
  auto second = readObject(later);
  JsonTree both{JsonTree::Kind::object};
  if (!first || !second || !compose(*first, *second, both)) return std::nullopt;
  return bounded(both);
}

std::optional<std::string> withVersion(std::string_view section, std::uint64_t version) {
  auto tree = readObject(section);
  if (!tree) return std::nullopt;
  tree->set(kVersion, JsonTree{JsonTree::Kind::scalar, std::to_string(version)});
  return bounded(*tree);
}

std::optional<std::uint64_t> versionOf(std::string_view section) {
  const auto tree = readObject(section);
  return tree ? versionIn(*tree) : std::nullopt;
}

std::optional<std::string> patchBetween(std::string_view from, std::string_view to) {
  auto before = readObject(from);
  auto after = readObject(to);
  if (!before || !after) return std::nullopt;
  JsonTree patch = difference(*before, *after);
  patch.erase(kVersion);
  return bounded(patch);
}

// A null is no value: what has one does not have the member.
std::optional<TwinDifference> desiredDifference(std::string_view from, std::string_view to) {
  auto before = readObject(from);
  auto after = readObject(to);
  if (!before || !after) return std::nullopt;
  const JsonTree empty{JsonTree::Kind::object};
  JsonTree old = merged(empty, std::move(*before));
  JsonTree now = merged(empty, std::move(*after));
  const JsonTree* const wanted = now.member(kVersion);
  const std::optional<JsonTree> version = wanted != nullptr ? std::optional{*wanted} : std::nullopt;
  JsonTree patch = difference(old, now);
  const bool otherVersion = patch.member(kVersion) != nullptr;
  // An object in its place is no version, but a member like any other.
  if (!version || !version->isObject()) patch.erase(kVersion);
  if (patch.members.empty()) {
    return TwinDifference{.kind = otherVersion ? TwinDifference::Kind::versionOnly : TwinDifference::Kind::none, .patch = {}};
  }
  if (version && !version->isObject()) patch.set(kVersion, *version);
  auto text = bounded(patch);
  if (!text) return std::nullopt;
  return TwinDifference{.kind = TwinDifference::Kind::changed, .patch = std::move(*text)};
}

}  // namespace spheregate::hub
