#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spheregate::checkup {

enum class Verdict : std::uint8_t {
  pass,
  warn,  // it works, and will not for long, or not everywhere
  fail,  // devices or messages suffer from it
  skip,  // not looked at, and why
};
const char* label(Verdict verdict);

// What was found about one thing.
struct Finding {
  std::string item;  // one of few stable names: `server certificate`, `hub login`, …
  Verdict verdict = Verdict::pass;
  std::string what;   // a sentence with the facts
  std::string where;  // the file, key, host or port; may be empty
  std::string fix;    // a sentence; empty when nothing is to be done
};
using Findings = std::vector<Finding>;

// What one look at an item brings: as many problems as there are, or one `pass`.
class Report {
 public:
  explicit Report(std::string_view item) : item_{item} {}
  void fail(std::string what, std::string where, std::string fix) { add(Verdict::fail, std::move(what), std::move(where), std::move(fix)); }
  void warn(std::string what, std::string where, std::string fix) { add(Verdict::warn, std::move(what), std::move(where), std::move(fix)); }
  void pass(std::string what, std::string where = {}) { add(Verdict::pass, std::move(what), std::move(where), {}); }
  void skip(std::string why, std::string where = {}, std::string fix = {}) {
    add(Verdict::skip, std::move(why), std::move(where), std::move(fix));
  }
  // Splits a sentence of another room, which says after its last semicolon what to do.
  void failed(const std::string& sentence, std::string where);
  bool empty() const { return findings_.empty(); }
  Findings take() { return std::move(findings_); }

 private:
  void add(Verdict verdict, std::string what, std::string where, std::string fix);

  std::string item_;
  Findings findings_;
};

struct Totals {
  std::size_t passed = 0;
  std::size_t warnings = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
};
Totals totals(const Findings& findings);

// A table for people, two lines for what has a fix, and `N passed, N warnings, N failed` at the end. With `colour` the words stand out.
// Lines longer than so many `columns` go on under where their text begins; 0: they come whole, for scripts.
std::string table(const Findings& findings, bool colour, std::size_t columns);

}  // namespace spheregate::checkup
