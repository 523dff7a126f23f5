#include "hub_issuer.hpp"

#include "tls_call.hpp"

namespace spheregate::checkup {

bool isAzure(std::string_view host) {
  return host.ends_with(".azure-devices.net") || host.ends_with(".azure-devices-provisioning.net");
}

bool isAzuresIssuer(std::string_view issuer) {
  return issuer.find("Microsoft") != std::string_view::npos || issuer.find("DigiCert") != std::string_view::npos;
}

Findings lookAtHubIssuer(const tls::ConnectorSettings& way, const std::string& host, std::uint16_t port) {
  Report report{"hub tls"};
  if (!isAzure(host) || !way.ca.empty() || !way.proxy.address.host.empty()) return {};
  const Heard heard = callTls({.host = host, .port = port, .serverName = host});
  if (heard.chain.empty() || isAzuresIssuer(heard.leafIssuer)) return {};
  report.fail("the certificate of the hub was issued by \"" + heard.leafIssuer + "\", not by Microsoft's authorities: this site inspects TLS", host,
              "exempt the hub from the inspection; as it is, whoever runs it reads and can change everything");
  return report.take();
}

}  // namespace spheregate::checkup
