#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "spheregate/base/result.hpp"
#include "spheregate/ops/admin_socket.hpp"

namespace spheregate::app {

// Asks the gateway that runs on this machine, over its admin socket; blocks, at most as long as the patience. `target` is the path with its query,
// percent-encoded. Any answer of the gateway is a value, whatever its status. The error says why there is none: no gateway runs, this user
// may not ask it, the socket belongs to a process that has died.
base::Explained<ops::AdminAnswer> ask(const std::filesystem::path& socket, std::string_view method, const std::string& target,
                                      std::chrono::seconds patience = std::chrono::seconds{30});

// The process that serves the socket; nothing when none does, or it is of another container.
std::optional<pid_t> servingProcess(const std::filesystem::path& socket);

// Whether nobody is there to be asked: no socket, or one that a dead process left. Somebody whom this user may not ask is there.
bool nobodyServes(const std::filesystem::path& socket);

}  // namespace spheregate::app
