#pragma once

#include <string>
#include <vector>

#include "spheregate/base/log.hpp"

namespace spheregate::ops {

// Whether stderr is connected to systemd's journal, by the word of JOURNAL_STREAM.
bool writesToJournal();

// Sends lines to the journal with their fields, so that `journalctl SPHEREGATE_DEVICE=…` finds them. What the journal does not take goes to
// stderr. `format`: what MESSAGE holds.
base::LogSink journalSink(base::LogFormat format);

// `NAME=value`, as the journal wants them: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, SPHEREGATE_EVENT, SPHEREGATE_<NAME> for each field, and of a
// line about a device SPHEREGATE_DEVICE with its whole id and SPHEREGATE_ALIAS.
std::vector<std::string> journalFields(const base::LogRecord& record, base::LogFormat format);

}  // namespace spheregate::ops
