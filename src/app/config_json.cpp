#include "config_json.hpp"

#include <string_view>

namespace spheregate::app {

using nlohmann::json;
using nlohmann::ordered_json;

json problemsJson(const std::string& file, const std::vector<config::Problem>& problems) {
  json all{{"file", file}, {"good", problems.empty()}, {"problems", json::array()}};
  for (const config::Problem& one : problems) {
    all["problems"].push_back(
        {{"file", one.file}, {"line", one.line}, {"column", one.column}, {"key", one.key}, {"message", one.what}, {"fix", one.fix}});
  }
  return all;
}

ordered_json valuesJson(const config::Config& config) {
  ordered_json all = ordered_json::object();
  for (const config::Value& value : config::values(config)) {
    ordered_json* place = &all;
    std::string_view rest = value.key;
    for (auto dot = rest.find('.'); dot != std::string_view::npos; dot = rest.find('.')) {
      place = &(*place)[std::string{rest.substr(0, dot)}];
      rest.remove_prefix(dot + 1);
    }
    const bool isJson = value.plain || value.text.starts_with('"') || value.text.starts_with('{');
    ordered_json read = isJson ? ordered_json::parse(value.text, nullptr, false) : ordered_json(value.text);
    // What JSON cannot read stays as it is written.
    (*place)[std::string{rest}] = read.is_discarded() ? ordered_json(value.text) : std::move(read);
  }
  return all;
}

}  // namespace spheregate::app
