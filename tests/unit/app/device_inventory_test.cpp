#include "device_inventory.hpp"

#include <gmock/gmock.h>

namespace spheregate::app {
namespace {

using identity::NameRule;
using testing::HasSubstr;

const std::string kLower = std::string(124, 'a') + "0123";
const std::string kUpper = std::string(124, 'A') + "0123";
const std::string kOther = std::string(124, 'b') + "4567";

// `id=alias` of each device, the ids shortened, then how many were lowered and passed over.
std::string read(const std::string& text, NameRule rule = NameRule::sphere) {
  const auto inventory = readInventory(text, rule);
  if (!inventory) return inventory.error();
  std::string out;
  for (const NamedId& one : inventory->devices) out += (one.id == kLower ? "L" : one.id == kOther ? "O" : one.id) + "=" + one.alias + " ";
  return out + std::to_string(inventory->lowered) + " " + std::to_string(inventory->passedOver);
}

TEST(Inventory, ofAzSphereDeviceList) {
  EXPECT_EQ(read(R"([{"id": "/subscriptions/1/devices/)" + kUpper + R"(", "name": ")" + kUpper + R"(", "properties": {"deviceId": ")" + kUpper +
                 R"(", "chipSku": "MT3620AN"}}, {"name": "no id", "properties": {}}])"),
            "L= 1 1");
  EXPECT_EQ(read(R"({"value": [{"deviceId": ")" + kOther + R"(", "name": "pump"}]})"), "O=pump 0 0");
}

TEST(Inventory, ofAzsphereDeviceListAsText) {
  EXPECT_EQ(read("Listing all attached devices.\n --> Device ID: " + kUpper + "\n     Is responsive: yes\n"), "L= 1 2");
  EXPECT_EQ(read("| " + kUpper + " | 1f2e | Ready |\r\n| " + kOther + " | 1f2e | Ready |\r\n"), "L= O= 1 0");
}

TEST(Inventory, ofCsvAndPlainIds) {
  EXPECT_EQ(read("\xEF\xBB\xBFid,alias\r\n" + kUpper + ",pump-3\r\n\"" + kOther + "\",\"fan\" # north\r\n"), "L=pump-3 O=fan 1 1");
  EXPECT_EQ(read(kLower + "\n\n" + kUpper + "\n" + kOther), "L= O= 1 0");
  EXPECT_EQ(read("id,alias\nPump7,north\nfan", NameRule::any), "Pump7=north fan= 0 1");
}

TEST(Inventory, mistakesAreNamed) {
  EXPECT_THAT(read(""), HasSubstr("empty"));
  EXPECT_THAT(read("[{\"deviceId\": "), HasSubstr("begins like JSON and is none"));
  EXPECT_THAT(read(R"([{"deviceId": "pump"}])"), HasSubstr("pump: the name has 4 characters"));
  EXPECT_THAT(read("a b", NameRule::any), HasSubstr("line 1: "));
  EXPECT_EQ(read("nothing here\n"), "0 1");
  EXPECT_EQ(read("[1, null, []]"), "0 3");
}

}  // namespace
}  // namespace spheregate::app
