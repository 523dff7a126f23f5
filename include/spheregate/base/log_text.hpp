#pragma once

#include <string>
#include <string_view>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/log.hpp"

// How a line of the log is written down, for every sink. Whatever a peer sent leaves here as text that nothing obeys.
namespace spheregate::base {

// Whether the field holds a device's id.
bool holdsDevice(const LogField& field);

// `event key=value ...`, with what people call a device, or its short id.
std::string textMessage(const LogRecord& record);
// `time level event key=value ...`
std::string textLine(const LogRecord& record, WallTime time);
// One JSON object, with whole ids.
std::string jsonLine(const LogRecord& record, WallTime time);
// A value by itself, where a length says how long it is: cut, always UTF-8, nothing in it that a terminal obeys.
std::string fieldText(std::string_view value);

}  // namespace spheregate::base
