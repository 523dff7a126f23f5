#pragma once

#include <string>
#include <string_view>

// A client of the hub is a device, `{device}`, or the module an edge speaks for its children with, `{edge}/$edgeHub`. A device id
// holds no slash.
namespace spheregate::hubsim {

inline constexpr std::string_view kEdgeHub = "$edgeHub";

inline std::string edgeHubOf(std::string_view edge) { return std::string{edge}.append("/").append(kEdgeHub); }
inline bool isModule(std::string_view client) { return client.find('/') != std::string_view::npos; }
inline std::string deviceOf(std::string_view client) { return std::string{client.substr(0, client.find('/'))}; }

// What stands for the client in topics after `devices/`.
inline std::string topicIdOf(std::string_view client) {
  const std::size_t slash = client.find('/');
  if (slash == std::string_view::npos) return std::string{client};
  return std::string{client.substr(0, slash)}.append("/modules").append(client.substr(slash));
}

}  // namespace spheregate::hubsim
