"""The gateway's own twin: what it reports of itself, and what it does when the cloud wishes."""

import time
import unittest

from device import Closed, TlsRefused
from harness import GatewayTest, made_up_key, wait_until

GATEWAY_KEY = made_up_key("the plant's gateway")
MODULE_KEY = made_up_key("edge1's $edgeHub")
MODULE = "edge1/modules/$edgeHub"


class StewardTest(GatewayTest):
    TWIN = "plant"

    def registry(self):
        return {"hub": "localhost", "devices": [{"id": "plant", "key": GATEWAY_KEY}]}

    def auth(self, gateway):
        return {"mode": "shared", "auth": {"type": "gateway_sas", "device_id": "plant", "key_file": gateway.secret("gateway.key", GATEWAY_KEY)}}

    def start(self, **sections):
        return self.start_gateway(extra=lambda gateway: {"upstream": self.auth(gateway), **sections})

    def reported(self):
        return self.hub.twin(self.TWIN)["properties"]["reported"].get("spheregate", {})

    def await_reported(self, check, timeout=30):
        return wait_until(lambda: (lambda found: found if check(found) else None)(self.reported()), timeout, lambda: f"reported is {self.reported()}")

    def wish(self, wishes):
        self.hub.desire(self.TWIN, {"spheregate": wishes})

    def await_answer(self, key, code):
        return self.await_reported(lambda found: found.get(key, {}).get("ac") == code)[key]

    def denied(self, index=0):
        try:
            self.gateway.connected(self.pki.device(index)).close()
        except (Closed, TlsRefused, OSError):
            return True
        return False


class Shared(StewardTest):
    def test_health(self):
        self.start()
        found = self.await_reported(lambda one: "version" in one)
        self.assertEqual(set(found), {"version", "startedAt", "devicesConnected", "queueMessages", "queueBytes", "lastError"})
        self.assertEqual((found["devicesConnected"], found["queueMessages"], found["lastError"]), (0, 0, ""))
        updates = self.hub.stats()["twin_updates"]
        for index in range(3):
            device = self.gateway.connected(self.pki.device(index))
            self.addCleanup(device.close)
            time.sleep(1)
        self.assertLessEqual(self.hub.stats()["twin_updates"], updates, "reported more than once a minute")
        self.await_reported(lambda one: one["devicesConnected"] == 3, 70)

    def test_a_denied_device_goes_at_once_and_stays_out(self):
        self.start()
        first, second = self.gateway.connected(self.pki.device(0)), self.gateway.connected(self.pki.device(1))
        self.addCleanup(second.close)
        self.await_reported(lambda one: "version" in one)
        self.wish({"denyList": [self.pki.ids[0]]})
        with self.assertRaises((Closed, OSError)):
            first.receive(5)
            first.receive(1)
        self.assertTrue(self.denied())
        second.publish("", b"still here")
        answer = self.await_answer("denyList", 200)
        self.assertEqual(answer, {"ac": 200, "av": 2, "ad": "", "value": [self.pki.ids[0]]})

        # Also without an uplink, from the first moment on.
        self.gateway.kill()
        self.hub.faults(outage=True)
        self.gateway.start()
        self.assertTrue(self.denied())
        self.assertFalse(self.denied(1))
        self.hub.heal()
        self.wish({"denyList": None})
        self.await_reported(lambda one: one and "denyList" not in one)
        wait_until(lambda: not self.denied(), 5, "let in again")

    def test_each_key_is_judged_by_itself(self):
        self.start()
        self.await_reported(lambda one: "version" in one)
        self.wish({"logLevel": "debug", "messageTtl": -1, "drainRate": 5.5, "colour": "red", "denyList": "all"})
        self.await_answer("logLevel", 200)
        found = self.reported()
        self.assertEqual({key: found[key]["ac"] for key in ("logLevel", "messageTtl", "drainRate", "colour", "denyList")},
                         {"logLevel": 200, "messageTtl": 400, "drainRate": 200, "colour": 400, "denyList": 400})
        self.assertEqual(found["messageTtl"]["value"], 604800)
        self.assertIn("seconds", found["messageTtl"]["ad"])
        self.gateway.connected(self.pki.device()).subscribe([("nonsense", 0)])
        wait_until(lambda: self.gateway.log_lines("subscription refused"), 10, "a line of level debug")
        self.wish({"logLevel": None, "colour": None})
        self.await_reported(lambda one: "logLevel" not in one and "colour" not in one)

    def test_messages_expire_by_the_wish(self):
        self.start()
        self.await_reported(lambda one: "version" in one)
        self.wish({"messageTtl": 1})
        self.await_answer("messageTtl", 200)
        self.hub.faults(outage=True)
        self.gateway.connected(self.pki.device()).publish("", b"old news")
        self.await_metric(1, "messages_expired_total", timeout=30)

    def test_hostile_wishes(self):
        self.start()
        self.await_reported(lambda one: "version" in one)
        for hostile in ("text", [1, 2], {"denyList": [f"d{number}" for number in range(1001)]}, {"denyList": [["deep"]]},
                        {"drainRate": 1e300}, {"messageTtl": 2 ** 51}, {f"k{number}": number for number in range(200)}):
            self.hub.desire(self.TWIN, {"spheregate": None})
            self.wish(hostile)
            time.sleep(1.5)
        self.hub.desire(self.TWIN, {"spheregate": None})
        self.wish({"logLevel": "info"})
        self.await_answer("logLevel", 200)
        self.assertTrue(self.gateway.running)
        self.assertEqual(self.gateway.metric("upstream_connects_total", result="ok"), 1)

    def test_a_hub_that_refuses_reports(self):
        self.hub.faults(twin_error_status=429)
        self.start()
        device = self.gateway.connected(self.pki.device())
        self.addCleanup(device.close)
        device.publish("", b"through")
        self.hub.await_messages("plant", 1)
        time.sleep(3)
        self.assertEqual(self.reported(), {})
        self.assertLessEqual(len(self.gateway.log_lines("gateway twin refused")), 1)


class OnBehalf(StewardTest):
    TWIN = MODULE

    def registry(self):
        return {"hub": "localhost", "devices": [{"id": "edge1", "edge": True, "edge_hub_key": MODULE_KEY}, {"id": self.pki.ids[0], "parent": "edge1"}]}

    def auth(self, gateway):
        return {"auth": {"type": "on_behalf_of", "edge_device_id": "edge1", "module_key_file": gateway.secret("module.key", MODULE_KEY)}}

    def test_the_module_has_a_twin(self):
        self.start()
        device = self.gateway.connected(self.pki.device())
        self.await_reported(lambda one: "version" in one)
        device.publish("", b"through")
        self.hub.await_messages(self.pki.ids[0], 1)
        self.wish({"denyList": [self.pki.ids[0]]})
        self.await_answer("denyList", 200)
        wait_until(self.denied, 5, "denied")
        self.assertEqual(self.gateway.metric("gateway_sessions"), 1)


if __name__ == "__main__":
    unittest.main()
