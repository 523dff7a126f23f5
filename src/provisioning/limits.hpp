#pragma once

#include <chrono>
#include <cstddef>

namespace spheregate::provisioning {

// One connection to the provisioning service.
inline constexpr std::chrono::seconds kKeepAlive{60};
inline constexpr std::chrono::seconds kConnectTime{30};
inline constexpr std::chrono::seconds kAnswerTime{30};
inline constexpr std::chrono::seconds kRegistrationTime{180};
static_assert(kConnectTime + kAnswerTime < kRegistrationTime);

// All of them.
inline constexpr std::size_t kAtOnceMax = 8;
// After trouble only one registration is tried, after a wait that grows from the first to the second.
inline constexpr std::chrono::seconds kTroubleWaitMin{1};
inline constexpr std::chrono::seconds kTroubleWaitMax{60};

// One registration after another of the same id.
inline constexpr std::chrono::seconds kPassingWaitMin{5};
inline constexpr std::chrono::seconds kPassingWaitMax{300};
inline constexpr std::chrono::seconds kLastingWaitMin{60};
inline constexpr std::chrono::seconds kLastingWaitMax{600};
// The service stands by an assignment whose hub refuses the device.
inline constexpr std::chrono::seconds kConfirmedWaitMin{60};
inline constexpr std::chrono::seconds kConfirmedWaitMax{3600};
// So many refusals of the hub in a row, and the service is asked whether the device has moved.
inline constexpr unsigned kRefusalsMax = 3;

}  // namespace spheregate::provisioning
