#pragma once

#include <string>
#include <string_view>

#include "spheregate/checkup/finding.hpp"
#include "spheregate/tls/settings.hpp"

namespace spheregate::checkup {

// Who vouches for a hub of Azure: nothing, or a finding that somebody else does and so reads along. Only where the system's store is
// trusted and no proxy stands between; elsewhere somebody else was chosen.
Findings lookAtHubIssuer(const tls::ConnectorSettings& way, const std::string& host, std::uint16_t port);

bool isAzure(std::string_view host);
// Microsoft, or the public authority that it has its certificates from.
bool isAzuresIssuer(std::string_view issuer);

}  // namespace spheregate::checkup
