#include "login.hpp"

#include <gtest/gtest.h>

namespace spheregate::ops {
namespace {

TEST(Login, isShownByTheFieldOfRfc7617) {
  const Login login{"Aladdin", "open sesame"};
  EXPECT_TRUE(login.isShownBy("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
  EXPECT_TRUE(login.isShownBy("basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ==")) << "the scheme has no letter case";
  // With a pound sign, in UTF-8.
  EXPECT_TRUE((Login{"test", "123\xc2\xa3"}.isShownBy("Basic dGVzdDoxMjPCow==")));
}

TEST(Login, isNotShownByAnythingElse) {
  const Login login{"Aladdin", "open sesame"};
  for (const char* other : {"", "Basic", "Basic ", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",
                            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", "Basic QWxhZGRpbjo=", "Basic ====", "Basic \x80\xff"}) {
    EXPECT_FALSE(login.isShownBy(other)) << other;
  }
}

TEST(Login, equalsTheSameOne) {
  EXPECT_EQ((Login{"a", "b"}), (Login{"a", "b"}));
  EXPECT_NE((Login{"a", "b"}), (Login{"a", "c"}));
}

}  // namespace
}  // namespace spheregate::ops
