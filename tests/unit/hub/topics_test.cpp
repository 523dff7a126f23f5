#include "spheregate/hub/topics.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::hub {
namespace {

PublishKind kindOf(const std::string& topic, const std::string& deviceId = "leaf1") {
  return classifyPublish(topic, deviceId).kind;
}

TEST(PublishTopics, keepTheTelemetrySuffixByteForByte) {
  for (const std::string suffix : {"", "/", "/a=b", "/a=b/", "/%24.ct=x&a/b=c/", "/?a=b", "//"}) {
    const std::string topic = "devices/leaf1/messages/events" + suffix;
    const PublishTopic judged = classifyPublish(topic, "leaf1");
    EXPECT_EQ(judged.kind, PublishKind::telemetry) << topic;
    EXPECT_EQ(judged.suffix, suffix);
    EXPECT_TRUE(judged.rid.empty());
    EXPECT_EQ(telemetryPrefix("leaf1") + std::string{judged.suffix}, topic);
  }
}

TEST(PublishTopics, tellAnotherDeviceFromANonsenseTopic) {
  EXPECT_EQ(kindOf("devices/leaf2/messages/events/"), PublishKind::otherDevice);
  EXPECT_EQ(kindOf("devices/leaf12/messages/events/"), PublishKind::otherDevice);
  EXPECT_EQ(kindOf("devices/leaf/messages/events/"), PublishKind::otherDevice);
  EXPECT_EQ(kindOf("devices/LEAF1/messages/events/"), PublishKind::otherDevice) << "ids are case-sensitive";
  EXPECT_EQ(kindOf("devices/leaf2"), PublishKind::otherDevice);
  EXPECT_EQ(kindOf("devices/"), PublishKind::otherDevice);
  EXPECT_EQ(kindOf("devices//leaf1/messages/events/"), PublishKind::otherDevice);
  EXPECT_EQ(kindOf("devices/leaf2/modules/m/messages/events/"), PublishKind::otherDevice);

  EXPECT_EQ(kindOf("devices/leaf1/messages/eventsX"), PublishKind::unknown);
  EXPECT_EQ(kindOf("devices/leaf1/messages/events?a=b"), PublishKind::unknown);
  EXPECT_EQ(kindOf("devices/leaf1/messages"), PublishKind::unknown);
  EXPECT_EQ(kindOf("devices/leaf1"), PublishKind::unknown);
  EXPECT_EQ(kindOf("devices/leaf1/messages/devicebound/"), PublishKind::unknown);
  EXPECT_EQ(kindOf("devices/leaf1/modules/m/messages/events/"), PublishKind::unknown);
  EXPECT_EQ(kindOf("Devices/leaf1/messages/events/"), PublishKind::unknown);
  EXPECT_EQ(kindOf("/devices/leaf1/messages/events/"), PublishKind::unknown);
  EXPECT_EQ(kindOf("devices"), PublishKind::unknown);
  EXPECT_EQ(kindOf(""), PublishKind::unknown);
}

TEST(PublishTopics, readTheRequestIdVerbatim) {
  const auto ridOf = [](const std::string& topic) { return std::string{classifyPublish(topic, "leaf1").rid}; };
  EXPECT_EQ(kindOf("$iothub/twin/GET/?$rid=1"), PublishKind::twinGet);
  EXPECT_EQ(ridOf("$iothub/twin/GET/?$rid=0a1B-%2f/x"), "0a1B-%2f/x");
  EXPECT_EQ(ridOf("$iothub/twin/GET/?x=1&$rid=2&$rid=3"), "2");
  EXPECT_EQ(ridOf("$iothub/twin/GET/?$rid="), "");
  EXPECT_EQ(ridOf("$iothub/twin/GET/?$rid"), "");
  EXPECT_EQ(ridOf("$iothub/twin/GET/?rid=1"), "");
  EXPECT_EQ(kindOf("$iothub/twin/GET/"), PublishKind::twinGet);
  EXPECT_EQ(kindOf("$iothub/twin/PATCH/properties/reported/?$rid=7&$version=3"), PublishKind::twinReported);
  EXPECT_EQ(ridOf("$iothub/twin/PATCH/properties/reported/?$rid=7&$version=3"), "7");
}

TEST(PublishTopics, refuseTwinTopicsThatAreNotQuite) {
  EXPECT_EQ(kindOf("$iothub/twin/GET"), PublishKind::unknown);
  EXPECT_EQ(kindOf("$iothub/twin/GET/x"), PublishKind::unknown);
  EXPECT_EQ(kindOf("$iothub/twin/GET/x?$rid=1"), PublishKind::unknown);
  EXPECT_EQ(kindOf("$iothub/twin/get/?$rid=1"), PublishKind::unknown);
  EXPECT_EQ(kindOf("$iothub/twin/PATCH/properties/desired/?$rid=1"), PublishKind::unknown);
  EXPECT_EQ(kindOf("$iothub/twin/res/200/?$rid=1"), PublishKind::unknown);
  EXPECT_EQ(kindOf("$iothub/methods/POST/reboot/?$rid=1"), PublishKind::unknown);
}

TEST(PublishTopics, readTheStatusOfAMethodResponse) {
  const PublishTopic good = classifyPublish("$iothub/methods/res/200/?$rid=ab", "leaf1");
  EXPECT_EQ(good.kind, PublishKind::methodResponse);
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.rid, "ab");
  EXPECT_EQ(classifyPublish("$iothub/methods/res/-1/?$rid=ab", "leaf1").status, -1);
  for (const char* topic :
       {"$iothub/methods/res/", "$iothub/methods/res//?$rid=1", "$iothub/methods/res/ok/?$rid=1",
        "$iothub/methods/res/200x/?$rid=1", "$iothub/methods/res/ 200/?$rid=1", "$iothub/methods/res/200?$rid=1",
        "$iothub/methods/res/99999999999/?$rid=1", "$iothub/methods/res/200/x"}) {
    const PublishTopic judged = classifyPublish(topic, "leaf1");
    EXPECT_EQ(judged.kind, PublishKind::unknown) << topic;
    EXPECT_EQ(judged.status, 0) << topic;
  }
}

TEST(PublishTopics, workWithTheLongestId) {
  const std::string id(128, 'f');
  EXPECT_EQ(kindOf(telemetryPrefix(id) + "/", id), PublishKind::telemetry);
  EXPECT_EQ(kindOf(telemetryPrefix(std::string(127, 'f') + 'e') + "/", id), PublishKind::otherDevice);
}

TEST(FilterTopics, knowTheFourFamilies) {
  EXPECT_EQ(classifyFilter(cloudToDeviceFilter("leaf1"), "leaf1"), FilterKind::cloudToDevice);
  EXPECT_EQ(cloudToDeviceFilter("leaf1"), "devices/leaf1/messages/devicebound/#");
  EXPECT_EQ(classifyFilter("$iothub/twin/res/#", "leaf1"), FilterKind::twinResponses);
  EXPECT_EQ(classifyFilter("$iothub/twin/PATCH/properties/desired/#", "leaf1"), FilterKind::desiredProperties);
  EXPECT_EQ(classifyFilter("$iothub/methods/POST/#", "leaf1"), FilterKind::methods);
}

TEST(FilterTopics, neverReachBeyondTheDevice) {
  for (const char* filter : {"devices/leaf2/messages/devicebound/#", "devices/+/messages/devicebound/#", "devices/#",
                             "devices/leaf11/#", "devices/LEAF1/messages/devicebound/#"}) {
    EXPECT_EQ(classifyFilter(filter, "leaf1"), FilterKind::otherDevice) << filter;
  }
  for (const char* filter :
       {"#", "+/leaf1/messages/devicebound/#", "devices/leaf1/#", "devices/leaf1", "devices/leaf1/messages/devicebound/",
        "devices/leaf1/modules/m/#", "devices/leaf1/messages/events/#", "$iothub/#", "$iothub/twin/res/+", ""}) {
    EXPECT_EQ(classifyFilter(filter, "leaf1"), FilterKind::unknown) << filter;
  }
}

TEST(HubTopics, tellTheFourFamiliesApart) {
  const auto kind = [](const std::string& topic) { return classifyFromHub(topic, "leaf1").kind; };
  EXPECT_EQ(kind("devices/leaf1/messages/devicebound/%24.to=%2Fx&a=b"), HubTopicKind::cloudToDevice);
  EXPECT_EQ(kind("devices/leaf1/messages/devicebound/"), HubTopicKind::cloudToDevice);
  EXPECT_EQ(kind("$iothub/twin/PATCH/properties/desired/?$version=4"), HubTopicKind::desiredProperties);
  const HubTopic answer = classifyFromHub("$iothub/twin/res/204/?$rid=a/b&$version=7", "leaf1");
  EXPECT_EQ(answer.kind, HubTopicKind::twinResponse);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.rid, "a/b");
  EXPECT_EQ(answer.query, "$rid=a/b&$version=7");
  const HubTopic method = classifyFromHub("$iothub/methods/POST/re boot/?$rid=1f", "leaf1");
  EXPECT_EQ(method.kind, HubTopicKind::method);
  EXPECT_EQ(method.rid, "1f");
  for (const char* topic : {"", "devices/leaf2/messages/devicebound/", "devices/leaf1/messages/events/", "devices/leaf1", "$iothub/twin/res/",
                            "$iothub/twin/res/x/?$rid=1", "$iothub/twin/res/200?$rid=1", "$iothub/twin/res/200/$rid=1",
                            "$iothub/methods/POST/m", "$iothub/methods/res/200/?$rid=1"}) {
    EXPECT_EQ(kind(topic), HubTopicKind::unknown) << topic;
  }
}

TEST(HubTopics, giveAnotherRequestIdAndLeaveTheRest) {
  EXPECT_EQ(withRid("", "x"), "$rid=x");
  EXPECT_EQ(withRid("$rid=7", "x"), "$rid=x");
  EXPECT_EQ(withRid("$rid=7&$version=3", "a b/é"), "$rid=a b/é&$version=3");
  EXPECT_EQ(withRid("$version=3&$rid=7&retry-after=1&$rid=8", "x"), "$rid=x&$version=3&retry-after=1");
  EXPECT_EQ(withRid("&&a", "x"), "$rid=x&a");
}

}  // namespace
}  // namespace spheregate::hub
