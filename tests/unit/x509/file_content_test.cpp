#include "spheregate/x509/file_content.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace spheregate::x509 {
namespace {

using testing::HasSubstr;

// To open a pipe would wait for whoever writes into it.
TEST(FileContent, isNotOfPipesAndDevices) {
  std::string directory = (std::filesystem::temp_directory_path() / "spheregate-x509-XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::filesystem::path pipe = std::filesystem::path{directory} / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(fileContent(pipe).error(), HasSubstr("pipe: is a pipe, a device or a socket; name a regular file"));
  EXPECT_THAT(fileContent("/dev/zero").error(), HasSubstr("is a pipe, a device or a socket"));
  EXPECT_THAT(fileContent(directory).error(), HasSubstr("is a directory"));
  std::filesystem::remove_all(directory);
}

TEST(FileContent, ofAFileThatIsNotThereIsAMatterOfThePath) {
  for (const char* absent : {"/nowhere/at/all", "/dev/null/below"}) EXPECT_THAT(fileContent(absent).error(), HasSubstr("); check the path")) << absent;
}

}  // namespace
}  // namespace spheregate::x509
