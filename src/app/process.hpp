#pragma once

#include <cstddef>

namespace spheregate::app {

// Raises the limit of open files as far as the system lets this process, and warns when that is too little for so many devices.
void raiseFileLimit(std::size_t connectionsMax);

// A write to a connection that the peer has reset is an error of that connection, not the end of the process.
void ignoreBrokenPipes();

}  // namespace spheregate::app
