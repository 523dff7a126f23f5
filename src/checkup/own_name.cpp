#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <set>
#include <string>

#include "items.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::checkup {
namespace {

std::string textOf(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address->sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address->sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (!bytes || !inet_ntop(address->sa_family, bytes, text.data(), text.size())) return {};
  return text.data();
}

std::set<std::string> ownAddresses() {
  std::set<std::string> found;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, x509::Release<freeifaddrs>> owner{list};
  for (const ifaddrs* one = list; one; one = one->ifa_next) {
    if (one->ifa_addr) found.insert(textOf(one->ifa_addr));
  }
  found.erase("");
  return found;
}

bool loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

std::string listed(const std::set<std::string>& addresses) {
  std::string text;
  for (const std::string& one : addresses) text += (text.empty() ? "" : ", ") + one;
  return text;
}

void judge(const Subject& subject, const std::set<std::string>& found, Report& report) {
  const std::string& host = subject.config.hostname;
  const std::string answer = "`" + host + "` is " + listed(found);
  const std::set<std::string> own = ownAddresses();
  bool ours = own.empty();
  bool reachable = false;
  for (const std::string& one : found) {
    ours = ours || own.count(one) > 0 || loopback(one);
    reachable = reachable || !loopback(one);
  }
  const bool listensToItself = loopback(subject.config.listener.address);
  if (!ours) {
    report.warn(answer + ", and this machine has none of these addresses (it has " + listed(own) + ")", "hostname",
                "correct the name's entry in the site's DNS, unless an address translation or a balancer stands in front of the gateway");
  } else if (!reachable && !listensToItself) {
    report.pass(answer + " here; devices ask the site's name server, which must know another address");
  } else {
    report.pass(answer + ", of this machine");
  }
}

}  // namespace

Findings lookAtOwnName(const Subject& subject) {
  Report report{"own name"};
  const std::string& host = subject.config.hostname;
  if (subject.offline) {
    report.skip("not looked up, because --offline was asked for");
    return report.take();
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failure = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  const std::unique_ptr<addrinfo, x509::Release<freeaddrinfo>> owner{list};
  if (failure != 0) {
    report.warn("`" + host + "`, which devices dial, cannot be resolved here: " + gai_strerror(failure), "hostname",
                "enter it in the site's DNS, which devices ask (they have no hosts file), or dial the gateway by its address");
    return report.take();
  }
  if (host.ends_with(".local")) {
    report.warn("`" + host + "` is a multicast DNS name, and it is not known whether Azure Sphere resolves these", "hostname",
                "use a name of the site's DNS, or the address");
  }
  std::set<std::string> found;
  for (const addrinfo* one = list; one; one = one->ai_next) found.insert(textOf(one->ai_addr));
  found.erase("");
  judge(subject, found, report);
  return report.take();
}

}  // namespace spheregate::checkup
