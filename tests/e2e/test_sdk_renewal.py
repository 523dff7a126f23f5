"""Tokens are renewed while the official SDK for Node sends and receives: nothing is lost, and whoever has no token notices nothing.

MQTT knows no renewal on a connection (reference 2.2): a device with a key reconnects by itself; behind the gateway the device has a
certificate, and it is the gateway's link to the hub that ends and begins anew.
"""

import base64
import unittest

from harness import Gateway, GatewayTest, Hubsim, wait_until
from node_sdk import end_play, needs_node, start_play

KEY = base64.b64encode(b"a key of the test, not of anybody").decode()


def start_traffic(hub, device_id, port, ca, **more):
    return start_play("traffic.js", {"host": "localhost", "port": port, "httpPort": hub.http_port, "deviceId": device_id,
                                     "hub": "localhost", "ca": str(ca), **more})


def start_behind(hub, gateway, who, seconds):
    return start_traffic(hub, who.device_id, gateway.port, gateway.pki.gateway_root, cert=who.certificate, key=who.key, twin=True,
                         seconds=seconds)


def links(hub, device_id):
    return [one for one in hub.call("GET", "/connections") if one["device"] == device_id]


class Minute:
    """The shortest life that a token of the gateway can have takes a while; the other tests run meanwhile."""

    def __init__(self, directory, pki, who):
        directory.mkdir()
        self.who, self.hub, self.gateway, self.traffic = who, Hubsim(directory, pki), None, None
        policy = {"type": "hub_policy", "policy_name": "gateway", "key_file": str(directory / "policy.key"), "token_life": "1m"}
        try:
            self.gateway = Gateway(directory, pki, self.hub.port, extra={"upstream": {"auth": policy}}).start()
            self.traffic = start_behind(self.hub, self.gateway, who, seconds=53)
        except BaseException:
            self.end()
            raise

    def end(self):
        for process in (self.traffic, self.gateway, self.hub):
            if process:
                process.kill()
        if self.traffic:
            self.traffic.communicate()


@needs_node
class Renewal(GatewayTest):
    DEVICES = 2

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.minute = Minute(cls.base / "minute", cls.pki, cls.pki.device(1))

    @classmethod
    def tearDownClass(cls):
        cls.minute.end()
        super().tearDownClass()

    def nothing_is_lost(self, hub, device_id, summary):
        numbers = [int(one["payload"]) for one in hub.messages(device_id)]
        self.assertEqual(list(dict.fromkeys(numbers)), list(range(summary["telemetry"])), "all, and the first copies in order")
        self.assertEqual(sorted(set(map(int, summary["arrived"]))), list(range(summary["cloud"])))
        self.assertEqual(len(hub.completed(device_id)), summary["cloud"])
        if summary["patches"]:
            self.assertEqual(hub.twin(device_id)["properties"]["reported"]["number"], summary["patches"] - 1)

    def noticed_nothing(self, hub, gateway, who, summary):
        self.assertEqual((summary["told"], summary["connects"]), ([], 1))
        wait_until(lambda: gateway.metric("queue_messages") == 0, 20, "an empty queue")
        self.nothing_is_lost(hub, who.device_id, summary)
        self.assertEqual(gateway.metric("upstream_stalls_total"), 0)

    def test_a_device_with_a_key_renews_its_token_at_the_hub(self):
        self.hub.call("PUT", "/devices/keyed", {"deviceId": "keyed", "authentication": {"symmetricKey": {"primaryKey": KEY}}})
        # Without the twin: the SDK does not subscribe to its answers again, and the hub may have forgotten (reference 1.3).
        summary = end_play(start_traffic(self.hub, "keyed", self.hub.port, self.pki.path("hub-root.pem"), sharedAccessKey=KEY,
                                         tokenSeconds=5, marginSeconds=4, seconds=3))
        self.assertEqual(summary["told"], [])
        self.assertGreaterEqual(summary["connects"], 3)
        self.nothing_is_lost(self.hub, "keyed", summary)

    def test_a_hub_that_ends_links_all_the_time(self):
        self.start_gateway()
        self.hub.faults(token_life_seconds=1)
        who = self.pki.device()
        summary = end_play(start_behind(self.hub, self.gateway, who, seconds=4))
        self.noticed_nothing(self.hub, self.gateway, who, summary)
        self.assertGreaterEqual(len(links(self.hub, who.device_id)), 3)

    def test_the_gateway_renews_its_tokens(self):
        minute = self.minute
        summary = end_play(minute.traffic)
        self.noticed_nothing(minute.hub, minute.gateway, minute.who, summary)
        found = links(minute.hub, minute.who.device_id)
        self.assertGreaterEqual(len(found), 2, "renewed after 85 % of a minute at the latest")
        self.assertEqual({one["token_resource"] for one in found}, {f"localhost/devices/{minute.who.device_id}"})


if __name__ == "__main__":
    unittest.main()
