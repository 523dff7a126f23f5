#pragma once

#include <array>
#include <string>
#include <string_view>

namespace spheregate::ops {

// A user and a password, of which only a digest is kept.
class Login {
 public:
  Login(std::string_view user, std::string_view password);

  // Whether the field `Authorization` of a request says both (RFC 7617). Takes as long for a wrong one as for the right one.
  bool isShownBy(std::string_view authorization) const;
  bool operator==(const Login&) const = default;

 private:
  using Digest = std::array<unsigned char, 32>;
  static Digest digestOf(std::string_view text);

  Digest expected_;
};

}  // namespace spheregate::ops
