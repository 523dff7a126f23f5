#include "scenario.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "fake_device.hpp"
#include "fake_disk.hpp"
#include "fake_hub.hpp"
#include "gateway.hpp"
#include "spheregate/relay/stored_message.hpp"
#include "world.hpp"

namespace spheregate::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Scenario {
 public:
  explicit Scenario(std::uint64_t seed);
  Outcome run();

 private:
  std::unique_ptr<base::Wire> dialGateway(const std::string& id, std::weak_ptr<Connection>& handle);
  void start() { gateway_ = std::make_unique<Gateway>(world_, settings_, disk_, tables_, hub_); }
  void somethingHappens();
  void kill();
  void failPower();
  void failSyncs();
  void retryALetter();
  void setFaults();
  void throttle();
  void heal();
  bool settled() const;
  void checkBooks();
  void readDeadLetters();
  void judge(FakeDevice& device);
  void broken(std::string what) { outcome_.broken.push_back(std::move(what)); }

  World world_;
  GatewaySettings settings_;
  FakeDisk disk_;
  MemoryTables tables_;
  FakeHub hub_{world_};
  std::unique_ptr<Gateway> gateway_;
  std::vector<std::unique_ptr<FakeDevice>> devices_;
  std::vector<std::weak_ptr<Connection>> deviceConnections_;
  std::map<std::string, std::set<std::uint64_t>> deadLetters_;  // by device
  Outcome outcome_;
};

Scenario::Scenario(std::uint64_t seed) : world_{seed} {
  settings_.queue.commitAfter = milliseconds{world_.chance(0.3) ? 0 : world_.below(400)};
  settings_.queue.bytesMax = world_.chance(0.3) ? 256 * 1024 : 8 << 20;
  settings_.queue.segmentBytes = 16 * 1024;
  settings_.queue.memoryBytesMax = world_.chance(0.3) ? 8 * 1024 : 1 << 20;
  settings_.queue.messageTtl = {};
  settings_.upstream.hub = "hub.example";
  settings_.upstream.inflightPerDevice = 1 + world_.below(40);
  settings_.upstream.backoffMax = seconds{10};
  settings_.upstream.ackTimeout = seconds{20};
  settings_.session.unacknowledgedMax = 1 + world_.below(64);
  settings_.diskLatencyMax = world_.chance(0.3) ? milliseconds{200} : milliseconds{2};
  // Mostly a few; but what the hub does to many at once needs many.
  const std::uint64_t count = world_.chance(0.15) ? 5 + world_.below(5) : 1 + world_.below(4);
  // Many devices with much poison look like a throttle and take hours, which is known (docs/decisions/0007).
  if (world_.chance(0.3)) hub_.poisonEvery = (count > 4 ? 60 : 20) + world_.below(100);
  for (std::uint64_t number = 0; number < count; ++number) {
    devices_.push_back(std::make_unique<FakeDevice>(
        world_, "device-" + std::to_string(number), 1 + world_.below(20),
        [this](const std::string& id, std::weak_ptr<Connection>& handle) { return dialGateway(id, handle); }));
  }
}

std::unique_ptr<base::Wire> Scenario::dialGateway(const std::string& id, std::weak_ptr<Connection>& handle) {
  if (!gateway_) return nullptr;
  auto [ours, theirs] = Connection::make(world_, "device", &handle);
  deviceConnections_.push_back(handle);
  gateway_->welcome(std::move(theirs), id);
  return std::move(ours);
}

Outcome Scenario::run() {
  start();
  for (const auto& device : devices_) device->produce(20 + world_.below(150), milliseconds{1 + world_.below(400)});
  const std::uint64_t events = 5 + world_.below(25);
  for (std::uint64_t event = 0; event < events && outcome_.broken.empty(); ++event) {
    world_.runFor(world_.upTo(seconds{4}));
    somethingHappens();
    checkBooks();
  }
  heal();
  const int minutesMax = hub_.poisonEvery > 0 ? 600 : 30;
  for (int minute = 0; minute < minutesMax && !settled(); ++minute) {
    world_.runFor(std::chrono::minutes{1}, [this] { return settled(); });
    // What the hub closes on is known for it only by what comes behind it.
    if (hub_.poisonEvery > 0 && !settled()) {
      for (const auto& device : devices_) device->produce(1, milliseconds{1});
    }
  }
  if (!settled()) broken("it did not settle after everything was healed: " + gateway_->waiting());
  checkBooks();
  readDeadLetters();
  for (const auto& device : devices_) judge(*device);
  if (hub_.corrupted() > 0) broken("the hub got something that the device did not send");
  return outcome_;
}

void Scenario::somethingHappens() {
  // What was wrong with the poison is mended, and an operator puts back what became of it.
  if (hub_.poisonEvery > 0 && world_.chance(0.1)) hub_.mended = true;
  if (hub_.mended && world_.chance(0.7)) retryALetter();
  switch (world_.below(12)) {
    case 11:
      return throttle();
    case 0:
      return kill();
    case 1:
      return failPower();
    case 8:
      return failSyncs();
    case 9:
      kill();
      world_.runFor(world_.upTo(seconds{2}));
      return failPower();
    case 2:
      ++outcome_.cuts;
      return hub_.cutOne();
    case 3:
      ++outcome_.cuts;
      return hub_.cutAll();
    case 4:
      ++outcome_.cuts;
      return devices_[world_.below(devices_.size())]->cut();
    case 5:
      hub_.faults.outage = !hub_.faults.outage;
      if (hub_.faults.outage) hub_.cutAll();
      return;
    case 6:
      return setFaults();
    case 7:
      hub_.faults = {};
      return;
    default:
      break;
  }
  for (const auto& device : devices_) device->produce(world_.below(60), milliseconds{1 + world_.below(50)});
}

void Scenario::setFaults() {
  hub_.faults.refuseConnect = world_.chance(0.3) ? 0.5 : 0;
  hub_.faults.closeInsteadOfAck = world_.chance(0.3) ? 0.02 : 0;
  hub_.faults.dropUnseen = world_.chance(0.3) ? 0.02 : 0;
  hub_.faults.swallowAck = world_.chance(0.2) ? 0.01 : 0;
  hub_.faults.ackDelayMax = world_.chance(0.4) ? milliseconds{900} : milliseconds{5};
}

void Scenario::throttle() {
  if (world_.chance(0.6)) hub_.faults.messagesPerSecond = static_cast<std::uint32_t>(5 + world_.below(100));
  if (world_.chance(0.4)) hub_.faults.connectsPerSecond = static_cast<std::uint32_t>(1 + world_.below(5));
  if (world_.chance(0.2)) hub_.faults.quotaUsedUp = true;
}

void Scenario::kill() {
  ++outcome_.kills;
  gateway_->state().storeSome(world_.random);
  gateway_.reset();
  disk_.crash();
  world_.runFor(world_.upTo(seconds{2}));
  start();
}

void Scenario::failPower() {
  ++outcome_.powerFailures;
  gateway_->state().storeSome(world_.random);
  gateway_.reset();
  // Whatever was on the way at that moment is lost with the box.
  for (const auto& handle : deviceConnections_) {
    if (const auto connection = handle.lock()) connection->cut();
  }
  deviceConnections_.clear();
  hub_.cutAll();
  disk_.powerFail(world_.random);
  world_.runFor(world_.upTo(seconds{5}));
  start();
}

// The store closes at the first sync that fails; then somebody mends the disk and starts the gateway again, and perhaps the power
// fails after all.
void Scenario::failSyncs() {
  disk_.failSyncsFrom(static_cast<int>(1 + world_.below(3)));
  world_.runFor(world_.upTo(seconds{3}));
  if (!gateway_->custody().isOpen()) ++outcome_.closures;
  if (!gateway_->booksBalance()) broken("the books of a closed store do not balance");
  disk_.failSyncsFrom(0);
  kill();
  world_.runFor(world_.upTo(seconds{2}));
  if (world_.chance(0.5)) failPower();
}

// An operator puts a dead letter back, and is not told what became of it when the gateway dies meanwhile.
void Scenario::retryALetter() {
  gateway_->custody().listDeadLetters({}, 10, [this](queue::DeadLetterPage page) {
    if (page.letters.empty()) return;
    ++outcome_.retries;
    gateway_->uplink().retry(page.letters[world_.below(page.letters.size())].id, [](const queue::NoLetter*) {});
  });
}

void Scenario::heal() { hub_.faults = {}; }

bool Scenario::settled() const {
  if (gateway_->custody().queuedMessages() > 0) return false;
  return std::all_of(devices_.begin(), devices_.end(), [](const auto& device) { return device->idle(); });
}

void Scenario::checkBooks() {
  if (!gateway_->booksBalance()) broken("the books do not balance");
  if (gateway_->custody().diskBytes() > settings_.queue.bytesMax) broken("the store is larger than queue.max_bytes");
  if (!gateway_->custody().isOpen()) broken("the store closed: " + std::string{gateway_->custody().closedReason()});
}

// One file each: a line that says whose, then flags and suffix as the store keeps them, then the payload.
void Scenario::readDeadLetters() {
  for (const base::Bytes& letter : disk_.kept("dead-letters")) {
    const std::string_view text = base::asText(letter);
    const auto line = text.find('\n');
    for (const auto& device : devices_) {
      if (line == std::string_view::npos || text.find("\"" + device->id() + "\"") > line) continue;
      const auto message = relay::decode(base::ByteView{letter}.subspan(line + 1));
      const std::uint64_t number = message ? numberOf(base::asText(message->payload)) : 0;
      if (!deadLetters_[device->id()].insert(number).second) continue;
      ++(hub_.poisonous(number) ? outcome_.poison : outcome_.suspects);
      if (hub_.closes(device->id(), number) < 3) {
        broken(device->id() + ": message " + std::to_string(number) +
               " is a dead letter, and the hub did not close on it three times");
      }
    }
  }
}

void Scenario::judge(FakeDevice& device) {
  const std::set<std::uint64_t>& dead = deadLetters_[device.id()];
  const std::vector<std::uint64_t>& arrived = hub_.arrived(device.id());
  std::vector<bool> seen(device.produced() + 1, false);
  std::uint64_t last = 0;
  std::set<std::uint64_t> late;
  std::uint64_t duplicates = 0;
  for (const std::uint64_t number : arrived) {
    if (number == 0 || number > device.produced()) return broken(device.id() + ": the hub has a message that was never sent");
    if (seen[number]) {
      ++duplicates;
      continue;
    }
    seen[number] = true;
    if (late.contains(number)) continue;
    // One that the hub closed on so often may be held back, and come late when a crash undoes the verdict.
    while (number != last + 1 && (dead.contains(last + 1) || hub_.closes(device.id(), last + 1) >= 3)) late.insert(++last);
    if (number != last + 1)
      broken(device.id() + ": message " + std::to_string(number) + " came first after " + std::to_string(last));
    last = number;
  }
  for (std::uint64_t number = 1; number <= device.acknowledgedThrough(); ++number) {
    // Beyond their share of the store dead letters are dropped, and counted.
    if (!seen[number] && !dead.contains(number) && !(hub_.poisonous(number) && gateway_->custody().totals().dropped > 0))
      broken(device.id() + ": message " + std::to_string(number) + " was acknowledged and is lost");
  }
  const std::uint64_t hubConnects = hub_.connects(device.id());
  const std::uint64_t allowed = (hubConnects > 0 ? hubConnects - 1 : 0) * settings_.upstream.inflightPerDevice +
                                (device.connects() > 0 ? device.connects() - 1 : 0) * device.window() +
                                outcome_.retries +  // a crash may leave the letter and the message
                                outcome_.closures * device.produced();  // a closed store delivers without keeping record of it
  if (duplicates > allowed) {
    broken(device.id() + ": " + std::to_string(duplicates) + " duplicates, at most " + std::to_string(allowed) +
           " are explained");
  }
  if (device.violations() > 0) broken(device.id() + ": PUBACKs came out of order");
  outcome_.messages += device.produced();
  outcome_.acknowledged += device.acknowledgedThrough();
  outcome_.duplicates += duplicates;
}

}  // namespace

Outcome runScenario(std::uint64_t seed) { return Scenario{seed}.run(); }

}  // namespace spheregate::simulation
