#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "unit/fakes.hpp"

namespace spheregate::pki {

// A directory of its own for each test, and a clock that the test moves.
class Folder : public testing::Test {
 protected:
  Folder() {
    std::string name = testing::TempDir() + "spheregate-pki-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no directory for the test"};
    directory = name;
  }
  ~Folder() override { std::filesystem::remove_all(directory); }

  static std::string content(const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }
  static unsigned modeOf(const std::filesystem::path& file) {
    struct stat facts {};
    return ::stat(file.c_str(), &facts) == 0 ? facts.st_mode & 0777u : 0;
  }

  std::filesystem::path directory;
};

}  // namespace spheregate::pki
