#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "hubsim/faults.hpp"
#include "hubsim/hub_error.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/base/timers.hpp"

namespace spheregate::hubsim {

struct MethodCall {
  std::string device;
  std::string name;
  std::string payload;  // JSON, or empty
  std::chrono::seconds responseTimeout = kMethodTimeout;
  std::chrono::seconds connectTimeout{0};
};

struct MethodAnswer {
  int status = 0;
  Json payload;
};

// The direct methods services wait for. A call goes to the device once, or never; it ends with the device's answer, or with an
// error. Answers nobody waits for are passed over.
class MethodCalls {
 public:
  using Ended = std::variant<MethodAnswer, HubError>;
  using Done = std::function<void(Ended)>;
  // Hands the request to the device now; false when it is not connected or takes no methods.
  using Deliver = std::function<bool(const MethodCall& call, std::string_view rid)>;

  MethodCalls(base::Timers& timers, const Faults& faults, Deliver deliver)
      : timers_{timers}, faults_{faults}, deliver_{std::move(deliver)} {}

  // `done` runs once, perhaps in this call.
  void call(MethodCall call, Done done);
  // A device has come to take methods: what waited for it is delivered.
  void deviceReady(const std::string& device);
  // False when the answer is passed over.
  bool answered(const std::string& device, std::string_view rid, int status, std::string_view payload);
  // An answer that is none: the call fails at once.
  bool answeredBadly(const std::string& device, std::string_view rid);
  // Every waiting call of the device fails.
  void deviceDeleted(const std::string& device);

 private:
  struct Waiting {
    Waiting(base::Timers& timers, MethodCall made, Done whenDone)
        : call{std::move(made)}, done{std::move(whenDone)}, timer{timers} {}
    MethodCall call;
    Done done;
    bool delivered = false;
    bool answered = false;
    base::Timer timer;
  };
  bool deliver(const std::string& rid, Waiting& waiting);
  void finish(const std::string& rid, Ended ended);

  base::Timers& timers_;
  const Faults& faults_;
  Deliver deliver_;
  std::map<std::string, std::unique_ptr<Waiting>, std::less<>> waiting_;
  std::uint64_t calls_ = 0;
};

}  // namespace spheregate::hubsim
