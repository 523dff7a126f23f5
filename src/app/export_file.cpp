#include "export_file.hpp"

#include <nlohmann/json.hpp>

#include "fresh_file.hpp"
#include "json_answer.hpp"

namespace spheregate::app {

using nlohmann::json;

base::Explained<Exported> writeExport(QueueSource& source, const std::string& file) {
  auto out = FreshFile::make(file);
  if (!out) return base::failed<Exported>(out.error());
  Exported exported;
  base::Explained<void> written;
  const auto put = [&](const json& entry) {
    written = out->write(jsonText(entry, -1) + "\n");
    return written.has_value();
  };
  const auto all = source.exportTo([&](const json& entry) {
    ++(entry["type"] == "message" ? exported.messages : exported.letters);
    if (entry.contains("fault")) ++exported.faults;
    return put(entry);
  });
  if (!written) return base::failed<Exported>(written.error());
  if (!all) return base::failed<Exported>(all.error());
  put({{"type", "end"}, {"messages", exported.messages}, {"dead_letters", exported.letters}, {"unreadable", exported.faults}});
  if (written) written = out->finish();
  if (!written) return base::failed<Exported>(written.error());
  return exported;
}

}  // namespace spheregate::app
