#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "spheregate/base/clock.hpp"
#include "spheregate/hub/sas.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::provisioning {

// Who a registration is at the provisioning service: with the key of an individual enrolment, or the derived one of a group.
upstream::ControlLogin loginByKey(const hub::SharedAccessKey& key, std::string_view idScope, std::string_view registrationId, base::WallTime now);
// With a certificate whose common name is the registration id.
upstream::ControlLogin loginByCertificate(const std::filesystem::path& certificate, const std::filesystem::path& privateKey,
                                          std::string_view idScope, std::string_view registrationId);

// What is wrong with an id that shall be a registration id; nothing when it can be one. The service knows lower case only (it may take
// others and change them), letters, digits and `- . _ :`, a letter, digit or hyphen last, 128 at most.
std::optional<std::string> registrationIdFault(std::string_view id);

}  // namespace spheregate::provisioning
