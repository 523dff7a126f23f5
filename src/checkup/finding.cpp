#include "spheregate/checkup/finding.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "spheregate/base/utf8.hpp"

namespace spheregate::checkup {
namespace {

constexpr std::string_view kFix = "fix: ";

struct Look {
  const char* symbol;
  const char* colour;
};

Look lookOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return {"✓", "\033[32m"};
    case Verdict::warn: return {"!", "\033[33m"};
    case Verdict::fail: return {"✗", "\033[31m"};
    case Verdict::skip: return {"-", "\033[2m"};
  }
  return {"?", ""};
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::size_t charactersOf(std::string_view text) {
  std::size_t characters = 0;
  for (; !text.empty(); ++characters) text.remove_prefix(base::firstCharacter(text).bytes);
  return characters;
}

// What stands behind `begin` characters of a line, and goes on under there. No word is cut: paths are copied from here.
std::string wrapped(std::string_view text, std::size_t begin, std::size_t columns) {
  // Narrower than that, it would be a column of words.
  constexpr std::size_t kTextMin = 20;
  if (columns < begin + kTextMin) return std::string{text};
  std::string out;
  std::size_t at = begin;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const std::size_t length = charactersOf(word);
    const bool first = out.empty();
    if (!first && at + 1 + length > columns) {
      out += "\n" + std::string(begin, ' ');
      at = begin;
    } else if (!first) {
      out += ' ';
      ++at;
    }
    out += word;
    at += length;
  }
  return out;
}

std::string counted(std::size_t count, const char* one, const char* many) { return std::to_string(count) + " " + (count == 1 ? one : many); }

}  // namespace

const char* label(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::warn: return "warn";
    case Verdict::fail: return "fail";
    case Verdict::skip: return "skip";
  }
  return "";
}

void Report::add(Verdict verdict, std::string what, std::string where, std::string fix) {
  findings_.push_back({.item = item_, .verdict = verdict, .what = std::move(what), .where = std::move(where), .fix = std::move(fix)});
}

void Report::failed(const std::string& sentence, std::string where) {
  const std::size_t semicolon = sentence.rfind("; ");
  if (semicolon == std::string::npos) return fail(sentence, std::move(where), {});
  fail(sentence.substr(0, semicolon), std::move(where), sentence.substr(semicolon + 2));
}

Totals totals(const Findings& findings) {
  Totals sum;
  for (const Finding& finding : findings) {
    switch (finding.verdict) {
      case Verdict::pass: ++sum.passed; break;
      case Verdict::warn: ++sum.warnings; break;
      case Verdict::fail: ++sum.failed; break;
      case Verdict::skip: ++sum.skipped; break;
    }
  }
  return sum;
}

std::string table(const Findings& findings, bool colour, std::size_t columns) {
  std::size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.item.size());
  const std::string indent(width + 10, ' ');
  std::string text;
  for (const Finding& finding : findings) {
    const Look look = lookOf(finding.verdict);
    const std::string word = std::string{look.symbol} + " " + label(finding.verdict);
    text += (colour ? look.colour + word + "\033[0m" : word) + "  " + padded(finding.item, width) + "  ";
    // Sentences of other rooms often begin with the place.
    const bool told = finding.where.empty() || finding.what.find(finding.where) != std::string::npos;
    text += wrapped((told ? "" : finding.where + ": ") + finding.what, indent.size(), columns) + "\n";
    if (!finding.fix.empty()) text += indent + std::string{kFix} + wrapped(finding.fix, indent.size() + kFix.size(), columns) + "\n";
  }
  const Totals sum = totals(findings);
  text += counted(sum.passed, "passed", "passed") + ", " + counted(sum.warnings, "warning", "warnings") + ", " +
          counted(sum.failed, "failed", "failed") + ", " + counted(sum.skipped, "skipped", "skipped") + "\n";
  return text;
}

}  // namespace spheregate::checkup
