"""Who was refused can be looked up later: by command, over HTTP, in the log, in the same words, with what to do; until it goes well."""

import json
import unittest

import mqtt_packets as mqtt
from device import Closed, Identity, Refused
from harness import GatewayTest, in_url, short_id, wait_until

HANDSHAKES = {"wrong_ca": "unknown_ca", "expired": "expired", "not_yet_valid": "not_yet_valid", "ca_true": "is_ca", "two_cn": "several_names",
              "upper_case": "upper_case_name", "short_cn": "bad_name", "no_cn": "no_name", "server_only": "not_a_client_certificate"}


class Diagnosis(GatewayTest):
    def knock(self, identity, **options):
        with self.assertRaises((Closed, Refused, OSError)), self.gateway.device(identity, tls="1.2") as device:
            device.connect(**options)

    def on_record(self, result):
        """The entry of /status with this result."""
        found = []

        def there():
            found[:] = [one for one in self.gateway.status()["refusals"] if one["result"] == result]
            return found

        wait_until(there, 10, lambda: f"a refusal {result}, there are {self.gateway.status()['refusals']}")
        return found[0]

    def in_the_log(self, result, event="device refused"):
        return next(line for line in self.gateway.log_lines(event) if line["result"] == result)

    def assert_told_alike(self, result, event="device refused", device=None):
        """By /status, by the log line and, where there is a device, by `devices show`."""
        entry = self.on_record(result)
        line = self.in_the_log(result, event)
        self.assertTrue(entry["reason"] and entry["fix"], entry)
        self.assertEqual((line["reason"], line["fix"]), (entry["reason"], entry["fix"]))
        if device:
            self.assertEqual(entry["device"], device)
            code, out, err = self.gateway.command("devices", "show", device)
            self.assertEqual((code, err), (0, ""))
            for words in (result, entry["reason"], entry["fix"]):
                self.assertIn(words, out)
        return entry

    def test_every_refused_handshake(self):
        self.start_gateway()
        for variant, result in HANDSHAKES.items():
            with self.subTest(variant):
                self.knock(self.pki.variant(variant))
                entry = self.on_record(result)
                line = self.in_the_log(result)
                self.assertEqual((line["reason"], line["fix"]), (entry["reason"], entry["fix"]))
                self.assertEqual((entry["stage"], entry["source"], entry["protocol"]), ("tls", "127.0.0.1", "TLS 1.2"))
                self.assertEqual({name for name, value in entry["certificate"].items() if not value}, set())
                if "device" in entry:
                    shown = self.gateway.ask("GET", "/devices/" + in_url(entry["device"]))
                    self.assertEqual(shown[0], 200, shown)
                    self.assertIn(entry, shown[1]["refusals"])
        self.knock(Identity(self.pki.ids[0], None, None))
        self.assertNotIn("device", self.assert_told_alike("no_certificate"))

    def test_what_a_device_says_of_itself(self):
        self.start_gateway()
        api = "/?api-version=2021-04-12"
        cases = [("client_id_case", {"client_id": self.pki.ids[0].upper()}), ("client_id_mismatch", {"client_id": "pump"}),
                 ("username_case", {"username": f"gw/{self.pki.ids[2].upper()}{api}"}), ("username_without_device", {"username": "gw"})]
        for index, (result, options) in enumerate(cases):
            with self.subTest(result), self.gateway.device(self.pki.device(index), tls="1.2") as device:
                with self.assertRaises(Refused) as caught:
                    device.connect(**options)
                self.assertEqual(caught.exception.code, 5)
                entry = self.assert_told_alike(result, device=self.pki.ids[index])
                self.assertEqual(entry["stage"], "connect")
                if result.endswith("_case"):
                    self.assertIn("in letter case only", entry["reason"])

    def test_topics_filters_and_versions(self):
        self.start_gateway()
        own, other = self.pki.ids[0], self.pki.ids[1]
        with self.gateway.connected(self.pki.device(0)) as device:
            device.send(mqtt.publish(f"devices/{other}/messages/events/", b"x", 1, 1))
            self.assertEqual(device.await_close(10), [])
        entry = self.assert_told_alike("other_device", "publish refused", own)
        self.assertIn(other, entry["reason"])
        with self.gateway.connected(self.pki.device(1)) as device:
            device.send(mqtt.publish(f"devices/{other.upper()}/messages/events/", b"x", 1, 1))
            device.await_close(10)
        self.assert_told_alike("topic_case", "publish refused", other)
        with self.gateway.connected(self.pki.device(2)) as device:
            device.send(mqtt.subscribe(7, [("#", 1)]))
            wait_until(lambda: self.gateway.ask("GET", f"/devices/{self.pki.ids[2]}")[1]["refusals"], 10, "the filter on record")
        self.assertEqual(self.on_record("unknown_filter")["stage"], "subscribe")
        with self.gateway.device(self.pki.device(3)) as device:
            device.pipe.handshake()
            device.send(mqtt.connect(self.pki.ids[3], level=5))
            device.await_close(10)
        entry = self.on_record("protocol_version")
        line = next(one for one in self.gateway.log_lines("device disconnected") if one["reason"] == "protocol_version")
        self.assertEqual((line["detail"], line["fix"]), (entry["reason"], entry["fix"]))

    def test_a_denied_device_is_refused_until_it_is_allowed_again(self):
        deny = self.directory / "deny.txt"
        deny.write_text(f"# stolen\n{self.pki.ids[0]}\n")
        self.start_gateway(extra={"devices": {"deny_file": str(deny)}})
        self.knock(self.pki.device(0))
        self.assert_told_alike("denied", device=self.pki.ids[0])
        self.assertEqual(self.gateway.metric("devices_refused"), 1)
        code, out, err = self.gateway.command("devices")
        self.assertEqual((code, err), (0, ""))
        row = next(line for line in out.splitlines() if line.startswith(short_id(self.pki.ids[0])))
        self.assertRegex(row, r" refused .*denied: ")

    def test_a_success_is_noted_and_any_letter_case_finds_the_device(self):
        self.start_gateway()
        own = self.pki.ids[0]
        for _ in range(3):
            with self.assertRaises(Refused), self.gateway.device(self.pki.device(0)) as device:
                device.connect(client_id=own.upper())
        entry = self.on_record("client_id_case")
        self.assertEqual((entry["count"], "resolved" in entry), (3, False))
        with self.gateway.connected(self.pki.device(0)):
            wait_until(lambda: "resolved" in self.on_record("client_id_case"), 10, "the refusal is resolved")
            code, out, _ = self.gateway.command("devices", "show", own.upper())
            self.assertEqual(code, 0)
            self.assertIn("found in another letter case", out)
            self.assertIn(own, out)
            code, out, _ = self.gateway.command("devices", "show", short_id(own), "--json")
            device = json.loads(out)
            self.assertEqual((code, device["id"], device["state"]), (0, own, "connected"))
            self.assertEqual(len(device["refusals"]), 1)
            self.assertIn(own, self.gateway.command("devices", "show", own[:8])[1])
            self.assertEqual(self.gateway.command("devices", "disconnect", own[:8])[0], 1, "only what reads takes the beginning of an id")

    def test_logs_say_the_alias(self):
        own = self.pki.ids[0]
        self.start_gateway(extra={"devices": {"aliases": {own: "pump-3"}}})
        with self.assertRaises(Refused), self.gateway.device(self.pki.device(0)) as device:
            device.connect(client_id="pump")
        self.assertEqual(self.in_the_log("client_id_mismatch")["cn"], "pump-3")
        self.assertEqual(self.on_record("client_id_mismatch")["alias"], "pump-3")
        with self.gateway.connected(self.pki.device(0)):
            code, out, _ = self.gateway.command("devices", "show", "pump-3")
            self.assertEqual(code, 0)
            self.assertIn(own, out)
            self.assertRegex(self.gateway.command("devices")[1], r"\npump-3 +connected +now ")


if __name__ == "__main__":
    unittest.main()
