#pragma once

#include <cstddef>

namespace spheregate::app {

// Raises the limit of open files as far as the system lets this process. When that is too little for so many connections it warns,
// and gives as many as it is enough for: strangers' connections must not take the files that the store and the links need.
std::size_t raiseFileLimit(std::size_t connectionsMax);

// A write to a connection that the peer has reset is an error of that connection, not the end of the process.
void ignoreBrokenPipes();

// Until the daemon listens to it, SIGHUP asks for what the start does anyway, and is not the end of the process.
void ignoreHangUps();

}  // namespace spheregate::app
