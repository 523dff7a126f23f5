#include "spheregate/pki/names.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <string_view>
#include <utility>

namespace spheregate::pki {
namespace {

constexpr std::size_t kHostBytesMax = 253;  // of DNS; the devices' SDK takes 256
constexpr std::size_t kLabelBytesMax = 63;
constexpr std::size_t kAddressesMax = 16;

bool letterOrDigit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool validLabel(std::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) { return letterOrDigit(c) || c == '-'; });
}

bool validHost(std::string_view text) {
  while (true) {
    const auto dot = text.find('.');
    if (!validLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// As the system writes it, so that one address has one form; empty when it is none.
std::string address(const std::string& text) {
  for (const int family : {AF_INET, AF_INET6}) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> form{};
    if (inet_pton(family, text.c_str(), bytes.data()) != 1) continue;
    if (inet_ntop(family, bytes.data(), form.data(), form.size()) != nullptr) return form.data();
  }
  return {};
}

bool versionFour(const std::string& text) { return text.find(':') == std::string::npos; }

std::string hostFault(const std::string& name) {
  if (name.size() > kHostBytesMax)
    return "the host name has " + std::to_string(name.size()) + " characters; use one of at most 253";
  if (name.starts_with("*")) return "a wildcard is no name that devices can dial; give the name of this gateway";
  if (!validHost(name))
    return "`" + name.substr(0, 64) +
           "` is not a host name; write only the name, as in gateway.plant.example, without scheme, port or path";
  if (name.find('.') == std::string::npos) {
    return "`" + name + "` has no dot; use a name with a dot, as in " + name +
           ".plant.example: the devices' SDK takes what is before the first dot for the hub's name";
  }
  const std::string_view last = std::string_view{name}.substr(name.rfind('.') + 1);
  const bool digits = std::all_of(last.begin(), last.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (digits && address(name).empty())
    return "`" + name + "` is neither an IPv4 address nor a host name; its last part may not be a number";
  return {};
}

}  // namespace

base::Explained<Names> checkedNames(Names names) {
  // DNS does not tell case apart, some devices do.
  std::transform(names.hostname.begin(), names.hostname.end(), names.hostname.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (const std::string fault = hostFault(names.hostname); !fault.empty()) return base::failed<Names>(fault);
  if (names.addresses.size() > kAddressesMax) {
    return base::failed<Names>("there are " + std::to_string(names.addresses.size()) +
                               " addresses; give at most 16, those that devices dial");
  }
  std::vector<std::string> addresses;
  for (const std::string& text : names.addresses) {
    std::string form = address(text);
    if (form.empty())
      return base::failed<Names>("`" + text.substr(0, 64) + "` is not an IP address; write it as 192.168.1.5 or fd00::5");
    if (std::find(addresses.begin(), addresses.end(), form) == addresses.end()) addresses.push_back(std::move(form));
  }
  names.addresses = std::move(addresses);
  return names;
}

std::string subjectAltNames(const Names& names) {
  std::vector<std::string> addresses = names.addresses;
  const bool hostIsAddress = !address(names.hostname).empty();
  if (hostIsAddress && std::find(addresses.begin(), addresses.end(), names.hostname) == addresses.end()) {
    addresses.insert(addresses.begin(), names.hostname);
  }
  std::string text = hostIsAddress ? "" : "DNS:" + names.hostname;
  for (const std::string& one : addresses) {
    text += (text.empty() ? "IP:" : ",IP:") + one;
    if (versionFour(one)) text += ",DNS:" + one;
  }
  return text;
}

}  // namespace spheregate::pki
