#include "progress.hpp"

#include <memory>
#include <utility>

#include "spheregate/ops/pulse.hpp"

namespace spheregate::app {

ops::Service::Standstill standstillOf(queue::DiskRunner& disk, state::Store& store) {
  const auto pulse = std::make_shared<ops::Pulse>();
  pulse->follow("the thread that writes messages to the disk", [&disk](ops::Pulse::Answered answered) { disk.submit([] {}, std::move(answered)); });
  pulse->follow("the thread of state.db", [&store](ops::Pulse::Answered answered) { store.knock(std::move(answered)); });
  return [pulse] { return pulse->look(); };
}

}  // namespace spheregate::app
