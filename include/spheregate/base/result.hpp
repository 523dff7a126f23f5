#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace spheregate::base {

// A value, or the std-compatible error code of the room that failed. Peer, network and disk faults travel this way.
template <class T>
using Result = boost::system::result<T>;

// A value, or a sentence for a person that says what is wrong and what to do. For start-up, configuration and tools.
template <class T>
using Explained = boost::system::result<T, std::string>;

// Says that an Explained failed, also where T could itself be made from a string.
template <class T>
Explained<T> failed(std::string sentence) {
  return Explained<T>{boost::system::in_place_error, std::move(sentence)};
}

}  // namespace spheregate::base
