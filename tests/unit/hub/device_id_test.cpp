#include "spheregate/hub/device_id.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::hub {
namespace {

TEST(DeviceId, takesExactlyTheCharactersOfTheRegistry) {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.%_*?!(),:=@$'";
  for (int value = 0; value < 256; ++value) {
    const std::string id(1, static_cast<char>(value));
    EXPECT_EQ(validDeviceId(id), allowed.find(id) != std::string::npos) << value;
  }
}

TEST(DeviceId, hasOneTo128Characters) {
  EXPECT_FALSE(validDeviceId(""));
  EXPECT_TRUE(validDeviceId(std::string(128, 'a')));
  EXPECT_FALSE(validDeviceId(std::string(129, 'a')));
}

TEST(DeviceId, ofAzureSphereIs128LowerCaseHexDigits) {
  EXPECT_TRUE(sphereDeviceId(std::string(128, 'f')));
  EXPECT_TRUE(sphereDeviceId(std::string(118, '0') + "0123456789"));
  EXPECT_FALSE(sphereDeviceId(std::string(127, 'f')));
  EXPECT_FALSE(sphereDeviceId(std::string(129, 'f')));
  EXPECT_FALSE(sphereDeviceId(std::string(127, 'f') + "F"));
  EXPECT_FALSE(sphereDeviceId(std::string(127, 'f') + "g"));
  EXPECT_FALSE(sphereDeviceId(""));
}

}  // namespace
}  // namespace spheregate::hub
