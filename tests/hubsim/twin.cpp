#include "hubsim/twin.hpp"

#include "hubsim/limits.hpp"
#include "hubsim/property_limits.hpp"

namespace spheregate::hubsim {
namespace {

Json versioned(Json section, std::uint64_t version) {
  section["$version"] = version;
  return section;
}

struct Wanted {
  Json tags = nullptr;  // null: not mentioned
  Json desired = nullptr;
};

// A service may send back what it was given, so what the hub itself writes into the sections is passed over.
std::variant<Wanted, HubError> wantedBy(const Json& document) {
  if (!document.is_object()) return errors::argument("expected a JSON object");
  Wanted wanted;
  if (document.contains("tags")) wanted.tags = document["tags"].is_null() ? Json::object() : document["tags"];
  if (const auto properties = document.find("properties"); properties != document.end()) {
    if (!properties->is_object()) return errors::argument("'properties' must be an object");
    if (properties->contains("desired")) wanted.desired = (*properties)["desired"];
    if (wanted.desired.is_null() && properties->contains("desired")) wanted.desired = Json::object();
  }
  for (Json* section : {&wanted.tags, &wanted.desired}) {
    if (section->is_null()) continue;
    if (section->is_object())
      for (const char* own : {"$version", "$metadata"}) section->erase(own);
    if (const auto problem = problemWithProperties(*section)) return errors::argument(*problem);
  }
  return wanted;
}

// The merge patch that makes `after` of `before`.
Json difference(const Json& before, const Json& after) {
  Json patch = Json::object();
  for (const auto& [name, value] : before.items())
    if (!after.contains(name)) patch[name] = nullptr;
  for (const auto& [name, value] : after.items()) {
    const auto former = before.find(name);
    if (former != before.end() && *former == value) continue;
    const bool both = former != before.end() && former->is_object() && value.is_object();
    patch[name] = both ? difference(*former, value) : value;
  }
  return patch;
}

}  // namespace

std::optional<HubError> Twin::tooLarge(const Json& section, std::size_t bytesMax) const {
  if (propertyBytes(section) <= bytesMax) return std::nullopt;
  const std::string why = "the section would be larger than " + std::to_string(bytesMax) + " bytes";
  return rules_.twinTooLargeStatus == 413 ? errors::tooLarge(why) : errors::argument(why);
}

std::optional<Json> Twin::accept(Json tags, Json desired, const Json& push, bool touched) {
  const bool desiredChanges = touched && (rules_.noopPatchVersion || desired != desired_);
  if (rules_.noopPatchVersion || tags != tags_ || desiredChanges) ++changes_;
  tags_ = std::move(tags);
  desired_ = std::move(desired);
  return desiredChanges ? std::optional{versioned(push, ++desiredVersion_)} : std::nullopt;
}

Json Twin::forDevice() const {
  return {{"desired", versioned(desired_, desiredVersion_)}, {"reported", versioned(reported_, reportedVersion_)}};
}

Json Twin::forService(base::WallTime now) const {
  Json properties = forDevice();
  for (const char* section : {"desired", "reported"}) properties[section]["$metadata"] = {{"$lastUpdated", isoTime(now)}};
  return {{"version", changes_}, {"tags", tags_}, {"properties", std::move(properties)}};
}

std::variant<std::uint64_t, HubError> Twin::report(const Json& patch, std::optional<std::uint64_t> ifVersion) {
  if (const auto problem = problemWithProperties(patch)) return errors::argument(*problem);
  if (ifVersion && *ifVersion != reportedVersion_) return errors::preconditionFailed();
  Json merged = reported_;
  merged.merge_patch(patch);
  if (auto problem = tooLarge(merged, kPropertiesBytesMax)) return *std::move(problem);
  if (!rules_.noopPatchVersion && merged == reported_) return reportedVersion_;
  reported_ = std::move(merged);
  ++changes_;
  return ++reportedVersion_;
}

std::variant<std::optional<Json>, HubError> Twin::merge(const Json& document) {
  auto read = wantedBy(document);
  if (auto* error = std::get_if<HubError>(&read)) return std::move(*error);
  const Wanted& wanted = std::get<Wanted>(read);
  Json tags = tags_;
  Json desired = desired_;
  if (!wanted.tags.is_null()) tags.merge_patch(wanted.tags);
  if (!wanted.desired.is_null()) desired.merge_patch(wanted.desired);
  if (auto problem = tooLarge(tags, kTagsBytesMax)) return *std::move(problem);
  if (auto problem = tooLarge(desired, kPropertiesBytesMax)) return *std::move(problem);
  return accept(std::move(tags), std::move(desired), wanted.desired, !wanted.desired.is_null());
}

std::variant<std::optional<Json>, HubError> Twin::replace(const Json& document) {
  auto read = wantedBy(document);
  if (auto* error = std::get_if<HubError>(&read)) return std::move(*error);
  const Wanted& wanted = std::get<Wanted>(read);
  Json tags = Json::object();
  Json desired = Json::object();
  if (!wanted.tags.is_null()) tags.merge_patch(wanted.tags);
  if (!wanted.desired.is_null()) desired.merge_patch(wanted.desired);
  if (auto problem = tooLarge(tags, kTagsBytesMax)) return *std::move(problem);
  if (auto problem = tooLarge(desired, kPropertiesBytesMax)) return *std::move(problem);
  const Json push = difference(desired_, desired);
  return accept(std::move(tags), std::move(desired), push, true);
}

}  // namespace spheregate::hubsim
