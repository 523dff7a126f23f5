"""Tokens are renewed while the official SDK for Node sends and receives: nothing is lost, and whoever has no token notices nothing.

MQTT knows no renewal on a connection (reference 2.2): a device with a key reconnects by itself; behind the gateway the device has a
certificate, and it is the gateway's link to the hub that ends and begins anew.
"""

import base64
import unittest

from harness import GatewayTest
from node_sdk import needs_node, play

KEY = base64.b64encode(b"a key of the test, not of anybody").decode()


@needs_node
class Renewal(GatewayTest):
    DEVICES = 2

    def traffic(self, device_id, port, ca, **more):
        return play("traffic.js", host="localhost", port=port, httpPort=self.hub.http_port, deviceId=device_id, hub="localhost",
                    ca=str(ca), **more)

    def nothing_is_lost(self, device_id, summary):
        numbers = [int(one["payload"]) for one in self.hub.messages(device_id)]
        self.assertEqual(list(dict.fromkeys(numbers)), list(range(summary["telemetry"])), "all, and the first copies in order")
        self.assertEqual(sorted(set(map(int, summary["arrived"]))), list(range(summary["cloud"])))
        self.assertEqual(len(self.hub.completed(device_id)), summary["cloud"])
        if summary["patches"]:
            self.assertEqual(self.hub.twin(device_id)["properties"]["reported"]["number"], summary["patches"] - 1)

    def links(self, device_id):
        return [one for one in self.hub.call("GET", "/connections") if one["device"] == device_id]

    def test_a_device_with_a_key_renews_its_token_at_the_hub(self):
        self.hub.call("PUT", "/devices/keyed", {"deviceId": "keyed", "authentication": {"symmetricKey": {"primaryKey": KEY}}})
        # The SDK keeps its subscription to twin answers for one that outlives a connection; at the hub it does not (reference 1.3).
        summary = self.traffic("keyed", self.hub.port, self.pki.path("hub-root.pem"), sharedAccessKey=KEY, tokenSeconds=5,
                               marginSeconds=4, seconds=3)
        self.assertEqual(summary["told"], [])
        self.assertGreaterEqual(summary["connects"], 3)
        self.nothing_is_lost("keyed", summary)

    def test_a_hub_that_ends_links_all_the_time(self):
        self.start_gateway()
        self.hub.faults(token_life_seconds=1)
        summary = self.notices_nothing(self.pki.device(), seconds=4)
        self.assertGreaterEqual(len(self.links(self.pki.device().device_id)), 3)
        self.assertGreater(summary["telemetry"], 50)

    def test_the_gateway_renews_its_tokens(self):
        policy = {"type": "hub_policy", "policy_name": "gateway", "key_file": str(self.directory / "policy.key")}
        self.start_gateway(extra={"upstream": {"auth": {**policy, "token_life": "1m"}}})
        who = self.pki.device(1)
        self.notices_nothing(who, seconds=53)
        links = self.links(who.device_id)
        self.assertEqual([one["token_resource"] for one in links], [f"localhost/devices/{who.device_id}"] * len(links))
        self.assertGreaterEqual(len(links), 2, "renewed after 85 % of a minute at the latest")
        self.assertEqual(self.gateway.metric("upstream_stalls_total"), 0)

    def notices_nothing(self, who, seconds):
        summary = self.traffic(who.device_id, self.gateway.port, self.pki.gateway_root, cert=who.certificate, key=who.key, twin=True,
                               seconds=seconds)
        self.assertEqual((summary["told"], summary["connects"]), ([], 1))
        self.await_drained()
        self.nothing_is_lost(who.device_id, summary)
        return summary


if __name__ == "__main__":
    unittest.main()
