#include "sessions.hpp"

#include "unit/relay/relay_site.hpp"

namespace spheregate::relay {
namespace {

using hub::FilterKind;
using state::Table;

const std::string kCloudFilter = "devices/dev/messages/devicebound/#";
const std::string kMethodsFilter{hub::kMethodsFilter};
const std::string kDesiredFilter{hub::kDesiredFilter};

class SessionsTest : public test::RelaySite {
 protected:
  // Whether CONNACK says that there is a session.
  bool comes(bool clean, const std::string& id = "dev") {
    mqtt::Connect connect = connectOf(id);
    connect.cleanSession = clean;
    test::WireView& view = arrives(id);
    EXPECT_EQ(says(view, connect), 0u);
    device_ = &view;
    const bool present = (view.sent.at(2) & 1) != 0;
    view.sent.clear();
    return present;
  }
  void subscribes(std::initializer_list<std::pair<std::string, std::uint8_t>> filters) {
    mqtt::Subscribe subscribe{.packetId = 5, .filters = {}};
    for (const auto& [filter, qos] : filters) subscribe.filters.push_back({filter, qos});
    base::Bytes out;
    mqtt::appendSubscribe(out, subscribe);
    device_->user->wireBytes(out);
    ASSERT_EQ(device_->sent.size(), 4 + filters.size()) << "SUBACK does not wait for the store";
    device_->sent.clear();
  }
  void unsubscribes(const std::string& filter) {
    base::Bytes out;
    mqtt::appendUnsubscribe(out, {.packetId = 6, .filters = {filter}});
    device_->user->wireBytes(out);
  }
  void leaves() { device_->user->wireClosed("reset"); }
  std::string row(const std::string& id = "dev") {
    const auto& rows = tables_.of(Table::sessions);
    return rows.contains(id) ? rows.at(id) : "(none)";
  }
  // Topic filters that the hub's side got.
  static std::string filters(const test::WireView& hub) {
    std::string text;
    base::ByteView rest{hub.sent};
    mqtt::Frame frame;
    while (!rest.empty()) {
      const auto framing = mqtt::nextFrame(rest, 1 << 20, frame);
      if (!framing || *framing == mqtt::Framing::incomplete) break;
      if (frame.type == mqtt::PacketType::subscribe) {
        const auto subscribe = mqtt::parseSubscribe(frame);
        for (const auto& filter : subscribe->filters) text += std::string{filter.filter} + " " + std::to_string(filter.qos) + "\n";
      }
      rest = rest.subspan(frame.size);
    }
    return text;
  }
  std::uint64_t unreadable() { return metrics_.counter("sessions_unreadable_total", "").value(); }

  test::WireView* device_ = nullptr;
};

TEST_F(SessionsTest, subscriptionsOutliveARestart) {
  open();
  EXPECT_FALSE(comes(false));
  subscribes({{kCloudFilter, 1}});
  subscribes({{kMethodsFilter, 0}, {kDesiredFilter, 1}});
  time_.settle();
  EXPECT_EQ(row(), "1 c1 d1 m0");
  restart();
  EXPECT_TRUE(comes(false));
  test::WireView& hub = hubAccepts();
  time_.settle();
  const std::string followed = filters(hub);
  for (const std::string& filter : {kCloudFilter + " 1", kMethodsFilter, kDesiredFilter}) {
    EXPECT_NE(followed.find(filter), std::string::npos) << filter << " is not in\n" << followed;
  }
  base::Bytes message;
  mqtt::appendPublish(message, {.topic = "devices/dev/messages/devicebound/a=b", .payload = base::asBytes("hello"), .packetId = 9, .qos = 1, .dup = false, .retain = false});
  hub.user->wireBytes(message);
  time_.settle();
  EXPECT_NE(base::asText(device_->sent).find("hello"), std::string_view::npos);
}

TEST_F(SessionsTest, aCleanSessionEndsIt) {
  open();
  comes(false);
  subscribes({{kCloudFilter, 1}});
  time_.settle();
  restart();
  EXPECT_FALSE(comes(true));
  time_.settle();
  EXPECT_EQ(row(), "(none)");
  subscribes({{kMethodsFilter, 0}});
  time_.settle();
  EXPECT_EQ(row(), "(none)") << "what a clean session follows is not kept";
  restart();
  EXPECT_FALSE(comes(false));
}

TEST_F(SessionsTest, anotherDeviceHasItsOwn) {
  open();
  comes(false, "other");
  subscribes({{kMethodsFilter, 0}});
  time_.settle();
  restart();
  EXPECT_FALSE(comes(false));
  EXPECT_TRUE(comes(false, "other"));
}

TEST_F(SessionsTest, unsubscribingIsRemembered) {
  open();
  comes(false);
  subscribes({{kCloudFilter, 1}, {kMethodsFilter, 0}});
  unsubscribes(kCloudFilter);
  time_.settle();
  EXPECT_EQ(row(), "1 m0");
  unsubscribes(kMethodsFilter);
  unsubscribes(kMethodsFilter);
  time_.settle();
  EXPECT_EQ(row(), "(none)");
  restart();
  EXPECT_FALSE(comes(false)) << "no filters are no session";
}

TEST_F(SessionsTest, whatIsAsBeforeIsNotWritten) {
  open();
  comes(true, "clean");
  EXPECT_EQ(state_->waiting(), 0u) << "a device that never had a session costs nothing";
  comes(false);
  subscribes({{kCloudFilter, 1}, {kMethodsFilter, 0}});
  EXPECT_EQ(state_->waiting(), 1u) << "one change for one SUBSCRIBE";
  time_.settle();
  subscribes({{kMethodsFilter, 0}});
  subscribes({{kCloudFilter, 1}});
  leaves();
  EXPECT_TRUE(comes(false));
  EXPECT_EQ(state_->waiting(), 0u);
  subscribes({{kCloudFilter, 0}});
  EXPECT_EQ(state_->waiting(), 1u);
  time_.settle();
  EXPECT_EQ(row(), "1 c0 m0");
  restart();
  comes(false);
  subscribes({{kMethodsFilter, 0}, {kCloudFilter, 0}});
  EXPECT_EQ(state_->waiting(), 0u) << "nor after a restart";
}

TEST_F(SessionsTest, whatWasNotStoredInTimeIsNoSession) {
  open();
  comes(false);
  subscribes({{kCloudFilter, 1}});
  restart();
  EXPECT_FALSE(comes(false)) << "so the device subscribes again";
}

TEST_F(SessionsTest, whatTheStoreCouldNotTakeIsOfferedAgain) {
  open();
  comes(false);
  subscribes({{kCloudFilter, 1}, {kMethodsFilter, 1}});
  time_.settle();
  state_->failFor(2);
  unsubscribes(kMethodsFilter);
  comes(false, "other");
  subscribes({{kMethodsFilter, 0}});
  time_.settle();
  EXPECT_EQ(row(), "1 c1 m1");
  EXPECT_EQ(row("other"), "(none)");
  time_.pass(std::chrono::seconds{31});
  EXPECT_EQ(row(), "1 c1");
  EXPECT_EQ(row("other"), "1 m0");
  time_.pass(std::chrono::minutes{5});
  EXPECT_EQ(state_->waiting(), 0u);
}

TEST_F(SessionsTest, withABrokenStoreSessionsLiveInMemory) {
  open();
  state_->breakDown("the disk is gone");
  comes(false);
  subscribes({{kCloudFilter, 1}});
  time_.pass(std::chrono::seconds{40});
  leaves();
  EXPECT_TRUE(comes(false));
  leaves();
  EXPECT_FALSE(comes(true));
}

TEST_F(SessionsTest, unreadableRowsAreIgnoredCountedAndReplaced) {
  const std::vector<std::string> bad = {"",      "1",      "2 c1",  "1 c2", "1 c", "1 c1 c1", "1 m0 c1", "1 c1 ", "1 x1", "c1", "1  c1", "1 c1\n",
                                        "0 c1", "1 c1 d0 m1 t1 t1", "{\"c\":1}", std::string(500'000, ' '), std::string("1 c1\0", 5), "\xFF"};
  for (std::size_t n = 0; n < bad.size(); ++n) {
    EXPECT_TRUE(readSessionRow(bad[n], "dev").empty()) << bad[n].substr(0, 20);
    tables_.of(Table::sessions)["dev" + std::to_string(n)] = bad[n];
  }
  tables_.of(Table::sessions)[std::string("\0\xFF../..", 8)] = "1 c1";
  tables_.of(Table::sessions)["good"] = "1 c1";
  open();
  EXPECT_EQ(unreadable(), bad.size());
  EXPECT_TRUE(comes(false, "good"));
  EXPECT_FALSE(comes(false, "dev0"));
  time_.settle();
  EXPECT_EQ(row("dev0"), "(none)");
  EXPECT_FALSE(comes(true, "dev1"));
  time_.settle();
  EXPECT_EQ(row("dev1"), "(none)");
  EXPECT_FALSE(comes(false, "dev2"));
  subscribes({{kMethodsFilter, 0}});
  time_.settle();
  EXPECT_EQ(row("dev2"), "1 m0");
}

TEST_F(SessionsTest, everyRowReadsAsItWasWritten) {
  const std::vector<FilterKind> kinds = {FilterKind::methods, FilterKind::twinResponses, FilterKind::cloudToDevice, FilterKind::desiredProperties};
  for (unsigned choice = 0; choice < 81; ++choice) {
    std::vector<Followed> filters;
    unsigned rest = choice;
    for (const FilterKind kind : kinds) {
      if (rest % 3 > 0) filters.push_back({.filter = hub::filterOf(kind, "dev"), .kind = kind, .qos = static_cast<std::uint8_t>(rest % 3 - 1)});
      rest /= 3;
    }
    const auto read = readSessionRow(sessionRow(filters), "dev");
    ASSERT_EQ(read.size(), filters.size()) << choice;
    for (const Followed& one : read) {
      EXPECT_EQ(hub::classifyFilter(one.filter, "dev"), one.kind);
      EXPECT_EQ(std::count_if(filters.begin(), filters.end(), [&](const Followed& was) { return was.kind == one.kind && was.qos == one.qos; }), 1);
    }
  }
}

TEST_F(SessionsTest, theStoreMayOutliveTheFront) {
  open();
  comes(false);
  subscribes({{kCloudFilter, 1}});
  front_.reset();
  time_.settle();
  EXPECT_EQ(row(), "1 c1");
}

}  // namespace
}  // namespace spheregate::relay
