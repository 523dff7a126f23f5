#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace spheregate::bundle {

// Takes secrets out of text that other people are to read: those that it was told, in whatever form they appear, and whatever looks like one.
class Redactor {
 public:
  // A text that must not appear: not as it is, nor in base64 (also as a part of something longer), hexadecimal or percent-encoding. A key in
  // base64 does not appear decoded either. Less than four bytes are too common to be looked for.
  void hide(std::string_view secret);
  // The content of a file that holds a secret: a key, a password, a connection string, PEM, or lines `id,key` or `id: key`, whose ids stay.
  void hideFile(std::string_view content);

  // The text without what was hidden, and without private keys in PEM, values of `SharedAccessKey=`, `sig=`, `password=` and the like,
  // passwords in addresses, HTTP credentials, JSON web tokens, and words that have the form of a symmetric key.
  std::string clean(std::string_view text) const;

 private:
  void addNeedle(std::string needle);
  std::size_t needleAt(std::string_view text, std::size_t at) const;
  std::string withoutNeedles(std::string_view text) const;

  // By their first eight bytes, so that each place of a text costs one look, however many there are.
  std::unordered_map<std::uint64_t, std::vector<std::string>> needles_;
  std::vector<std::string> shortNeedles_;
};

}  // namespace spheregate::bundle
