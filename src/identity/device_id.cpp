#include "spheregate/identity/device_id.hpp"

#include "common_name.hpp"

namespace spheregate::identity {

std::optional<NamingFault> deviceIdFault(std::string_view text, NameRule rule) {
  NameFinding finding = checkDeviceId(text, rule);
  if (finding.refusal == Refusal::none) return std::nullopt;
  return NamingFault{std::move(finding.reason), std::move(finding.fix), false};
}

bool hasSphereForm(std::string_view text) {
  constexpr std::size_t kDigits = 128;
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace spheregate::identity
