#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spheregate::app {

// The example configuration with some of its keys given, some commented out, and all of its comments: what `spheregate init`
// writes.
class WrittenConfiguration {
 public:
  explicit WrittenConfiguration(std::string_view example);

  // Dotted, as in `upstream.auth.type`. False when the example has no such key. The text may be anything; it is quoted where
  // needed.
  bool give(const std::string& key, std::string_view text);
  // Shows the key as a comment; nothing when it is one or there is none.
  void leaveOut(const std::string& key);
  // The keys that stand directly in the section.
  std::vector<std::string> keysIn(const std::string& section) const;
  std::string text() const;

 private:
  struct Line {
    std::string key;  // dotted; empty for what is no key: comments, sections, blank lines
    std::string indent;
    std::string name;
    std::string value;
    std::string remark;  // with its #
    bool given = false;
    std::string asWritten;  // the line, until it is changed
  };
  static std::string written(const Line& line);
  Line* find(const std::string& key);

  std::vector<Line> lines_;
};

}  // namespace spheregate::app
