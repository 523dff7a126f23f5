#pragma once

#include <cstddef>

#include "spheregate/queue/dead_letter.hpp"
#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

inline constexpr const char* kLetterFolder = "dead-letters";

// Reads the file of the letter, whose id is set; in a job of the DiskRunner. `fault` says what is wrong with it.
void readLetter(Disk& disk, DeadLetter& letter, bool withBody);
// Whether there is no such file.
bool letterIsGone(Disk& disk, const DeadLetter& letter);

}  // namespace spheregate::queue
