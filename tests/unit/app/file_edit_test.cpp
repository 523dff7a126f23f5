#include "file_edit.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

TEST(FileEdit, anIdIsAddedAtTheEndAndOnlyOnce) {
  EXPECT_EQ(withId("", "b"), "b\n");
  EXPECT_EQ(withId("# list\na", "b"), "# list\na\nb\n");
  EXPECT_EQ(withId("  b  # stolen\r\n", "b"), std::nullopt);
  EXPECT_EQ(withId("# b\n", "b"), "# b\nb\n") << "a comment denies nobody";
}

TEST(FileEdit, anIdIsTakenOutAndAllElseStays) {
  EXPECT_EQ(withoutId("# head\r\na\r\n b # why\r\n\r\nc", "b"), "# head\r\na\r\n\r\nc");
  EXPECT_EQ(withoutId("b\nb\n", "b"), "");
  EXPECT_EQ(withoutId("a\n", "b"), std::nullopt);
}

TEST(FileEdit, aliasesAreReplacedInPlaceAndNewOnesFollow) {
  EXPECT_EQ(withAliases("id,alias\n# north\na,old # note\nz,keep", {{"n", "new"}, {"a", "changed"}}),
            "id,alias\n# north\na,changed\nz,keep\nn,new\n");
  EXPECT_EQ(withAliases("", {{"a,b", "x"}}), "\"a,b\",x\n");
  EXPECT_EQ(withAliases("\"a,b\",x\n", {{"a,b", "y"}}), "\"a,b\",y\n");
}

TEST(FileEdit, aFileIsReplacedAsAWholeWithItsModeAndBehindItsLink) {
  std::string name = (fs::temp_directory_path() / "spheregate-edit-XXXXXX").string();
  const fs::path directory = ::mkdtemp(name.data());
  const fs::path file = directory / "deny.txt";
  EXPECT_EQ(*contentToEdit(file), "");
  ASSERT_TRUE(replaceFile(file, "a\n"));
  fs::permissions(file, fs::perms{0600});
  fs::create_symlink("deny.txt", directory / "link");
  ASSERT_TRUE(replaceFile(directory / "link", "b\n"));
  EXPECT_TRUE(fs::is_symlink(directory / "link"));
  EXPECT_EQ(*contentToEdit(file), "b\n");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms{0600});
  EXPECT_EQ(std::distance(fs::directory_iterator{directory}, {}), 2) << "nothing is left behind";
  EXPECT_FALSE(replaceFile(directory / "no" / "such", "x"));
  fs::remove_all(directory);
}

}  // namespace
}  // namespace spheregate::app
