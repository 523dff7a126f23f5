#include "store_versions.hpp"

#include <string>

#include "spheregate/app/version.hpp"
#include "spheregate/queue/format.hpp"
#include "spheregate/state/schema.hpp"
#include "startup_error.hpp"

namespace spheregate::app {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const char* what, std::int64_t found, std::int64_t known, const std::string& moved,
                         const char* lost) {
  throw StartupError{file.string() + ": " + what + " " + std::to_string(found) + ", written by a newer version of spheregate; this is " + kVersion +
                     ", which knows " + what + " " + std::to_string(known) + ". Nothing was changed. Install the newer version again (`apt-get "
                     "install spheregate`); or, to stay with this one, let that version deliver what is queued, stop it, and move " + moved +
                     " away, with " + lost};
}

}  // namespace

void refuseNewerStore(const std::filesystem::path& queue) {
  if (const auto segment = queue::newerSegment(queue)) {
    refuse(segment->file, "format", segment->version, queue::kFormatVersion, queue.string(), "all that is in it");
  }
  const std::filesystem::path state = queue / "state";
  if (const auto schema = state::newerSchema(state)) {
    refuse(state / "state.db", "schema", *schema, state::kSchemaVersion, state.string(), "the twins, sessions and assignments in it");
  }
}

}  // namespace spheregate::app
