#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spheregate::hubsim {

// One request of the HTTP API, taken apart. `body` is a view into what was parsed.
struct HttpRequest {
  using Headers = std::vector<std::pair<std::string, std::string>>;

  std::string method;
  std::string path;                   // as it came
  std::vector<std::string> segments;  // of the path, percent-decoded
  std::map<std::string, std::string> query;
  Headers headers;  // as they came
  std::string_view body;

  std::optional<std::string> parameter(const std::string& name) const;
  std::optional<std::string> header(std::string_view name) const;
};

// Nothing when an escape in the target is broken.
[[nodiscard]] std::optional<HttpRequest> parseRequest(std::string_view method, std::string_view target, std::string_view body,
                                                      HttpRequest::Headers headers = {});

struct HttpAnswer {
  int status = 200;
  std::string json;
};

}  // namespace spheregate::hubsim
