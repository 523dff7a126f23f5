"""Many devices at a hub with limits: nothing is throttled, an outage is not answered with a storm. In full: outage_5000.py."""

import time
import unittest

from crowd import Crowd
from harness import GatewayTest, wait_until
from outage_5000 import attempts, throttled


class Pacing(GatewayTest):
    DEVICES = 300
    CONNECTS = 60  # a second
    RATE = 40      # messages a second, all devices together

    def up(self):
        return self.gateway.metric("upstream_sessions") == self.DEVICES

    def test_after_an_outage_all_come_back_at_the_budget(self):
        self.hub.rules(tier="S1")
        self.hub.faults(connects_per_second=self.CONNECTS)
        self.start_gateway(connect_rate=0.95 * self.CONNECTS, extra={"upstream": {"tier": "S1"}})
        crowd = Crowd(self.gateway, self.pki, self.DEVICES, self.RATE, 45)
        self.addCleanup(crowd.kill)
        wait_until(self.up, 30, "all at the hub")
        before = throttled(self.hub)

        self.hub.faults(outage=True)
        self.await_metric(0, "upstream_sessions")
        tried = attempts(self.gateway)
        time.sleep(10)
        self.assertLessEqual(attempts(self.gateway) - tried, 12)
        self.assertGreater(self.gateway.metric("queue_messages"), 300)
        self.assertEqual(self.gateway.metric("upstream_condition", state="unreachable"), 1)

        begun = time.monotonic()
        self.hub.faults(outage=False)
        wait_until(self.up, 30, "all at the hub again")
        # Up to four seconds to find out that the hub is back.
        self.assertLess(time.monotonic() - begun, 4 + 1.2 * self.DEVICES / self.CONNECTS)
        self.assertEqual(self.gateway.metric("upstream_condition", state="fair"), 1)
        wait_until(lambda: self.gateway.metric("queue_messages") < self.RATE, 40, "the backlog at the hub")
        self.assertEqual(throttled(self.hub), before)
        books = crowd.finish()
        self.assertEqual(books["sent"], books["acked"])
        self.await_drained()
        self.assertEqual(self.gateway.metric("messages_delivered_total"), books["sent"])
        self.assertEqual(before, 0)
        states = [(line["was"], line["state"]) for line in self.gateway.log_lines("hub condition")]
        self.assertEqual(states, [("fair", "unreachable"), ("unreachable", "fair")])

    def test_a_quota_that_is_used_up_costs_time_and_nothing_else(self):
        self.start_gateway()
        crowd = Crowd(self.gateway, self.pki, 50, 50, 25)
        self.addCleanup(crowd.kill)
        self.await_metric(50, "upstream_sessions")
        self.hub.faults(quota_exceeded=True)
        self.await_metric(1, "upstream_condition", state="throttled")
        tried = attempts(self.gateway)
        time.sleep(10)
        self.assertLessEqual(attempts(self.gateway) - tried, 20)
        self.hub.faults(quota_exceeded=False)
        self.await_metric(1, "upstream_condition", state="fair", timeout=60)
        books = crowd.finish()
        self.await_drained()
        self.assertEqual(self.gateway.metric("messages_delivered_total"), books["sent"])
        self.assertEqual(self.gateway.metric("messages_dead_lettered_total", reason="poison"), 0)


if __name__ == "__main__":
    unittest.main()
