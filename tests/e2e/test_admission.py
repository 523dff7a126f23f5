"""Who is kept out, each for its own reason: one count, one line in the log that says who, why and what to do."""

import unittest

import mqtt_packets as mqtt
from device import Closed, Identity, Refused
from harness import GatewayTest, short_id, wait_until

# What the handshake is refused for, by the certificate shown.
HANDSHAKES = {
    "wrong_ca": "unknown_ca",
    "tenant_b": "unknown_ca",
    "tenant_b_chain": "unknown_ca",
    "expired": "expired",
    "not_yet_valid": "not_yet_valid",
    "ca_true": "is_ca",
    "two_cn": "several_names",
    "embedded_nul": "bad_name",
    "upper_case": "upper_case_name",
    "short_cn": "bad_name",
    "non_hex": "bad_name",
    "no_cn": "no_name",
    "server_only": "not_a_client_certificate",
    "pop": "not_a_client_certificate",
}


class Admission(GatewayTest):
    def counts(self):
        names = ("tls_handshakes_total", "device_connections_total", "publishes_refused_total")
        return {key: value for key, value in self.gateway.metrics().items() if key[0] in names}

    def refused_with(self, attempt, moved, event="device refused", cn=None):
        """Runs `attempt`; exactly the series in `moved` must have grown, each by one, and one line must tell all."""
        before, lines_before = self.counts(), len(self.gateway.log_lines(event))
        attempt()
        wait_until(lambda: len(self.gateway.log_lines(event)) > lines_before, 10, f"a log line `{event}`")
        after = self.counts()
        grown = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
        self.assertEqual(grown, {(name, frozenset(labels.items())): 1 for name, labels in moved})
        lines = self.gateway.log_lines(event)[lines_before:]
        self.assertEqual(len(lines), 1, lines)
        for field in ("peer", "cn", "reason", "fix"):
            self.assertIn(field, lines[0])
        self.assertTrue(lines[0]["reason"] and lines[0]["fix"], lines[0])
        self.assertRegex(lines[0]["peer"], r"^127\.0\.0\.1:\d+$")
        if cn is not None:
            self.assertEqual(lines[0]["cn"], short_id(cn))
        self.assertEqual(self.gateway.metric("devices_connected"), 0)
        return lines[0]

    def handshake_fails(self, identity, version):
        # With TLS 1.3 a client is told only after it believes the handshake is over.
        with self.assertRaises(Closed), self.gateway.device(identity, tls=version) as device:
            device.connect()

    def test_every_bad_certificate_is_refused_for_its_own_reason(self):
        self.start_gateway()
        for version in ("1.2", "1.3"):
            for name, result in HANDSHAKES.items():
                with self.subTest(name, tls=version):
                    line = self.refused_with(lambda: self.handshake_fails(self.pki.variant(name), version),
                                             [("tls_handshakes_total", {"result": result})])
                    for field in ("issuer", "serial", "not_before", "not_after"):
                        self.assertTrue(line.get(field), line)
        self.assertEqual(self.hub.stats()["connects_accepted"], 0)

    def test_no_certificate(self):
        self.start_gateway()
        nobody = Identity(self.pki.ids[0], None, None)
        for version in ("1.2", "1.3"):
            with self.subTest(tls=version):
                self.refused_with(lambda: self.handshake_fails(nobody, version),
                                  [("tls_handshakes_total", {"result": "no_certificate"})])

    def test_client_id_of_another_device(self):
        self.start_gateway()
        passed = ("tls_handshakes_total", {"result": "ok"})
        own, other = self.pki.ids[0], self.pki.ids[1]

        def attempt(**options):
            with self.assertRaises(Refused) as caught, self.gateway.device(self.pki.device()) as device:
                device.connect(**options)
            self.assertEqual(caught.exception.code, 5)

        self.refused_with(lambda: attempt(client_id=other),
                          [passed, ("device_connections_total", {"result": "client_id_mismatch"})], cn=own)
        self.start_gateway_again()
        self.refused_with(lambda: attempt(username=f"gateway.plant.example/{other}/?api-version=2021-04-12"),
                          [passed, ("device_connections_total", {"result": "username_mismatch"})], cn=own)

    def start_gateway_again(self):
        """A fresh one: the log tells one device's refusals only now and then."""
        self.gateway.kill()
        self.gateway.start()

    def test_publish_to_the_topic_of_another_device(self):
        self.start_gateway()
        own, other = self.pki.ids[0], self.pki.ids[1]

        def attempt():
            with self.gateway.connected(self.pki.device()) as device:
                device.send(mqtt.publish(f"devices/{other}/messages/events/", b"not mine", 1, 1))
                self.assertEqual(device.await_close(10), [])
            self.await_metric(0, "devices_connected")

        self.refused_with(attempt, [("tls_handshakes_total", {"result": "ok"}), ("device_connections_total", {"result": "ok"}),
                                    ("publishes_refused_total", {"reason": "other_device"})], event="publish refused", cn=own)
        self.assertEqual(self.hub.messages(other) + self.hub.messages(own), [])

    def test_a_denied_device_is_refused_by_name(self):
        deny = self.directory / "deny.txt"
        deny.write_text(self.pki.ids[0] + "\n")
        self.start_gateway(extra={"devices": {"deny_file": str(deny)}})
        self.refused_with(lambda: self.handshake_fails(self.pki.device(0), "1.3"), [("tls_handshakes_total", {"result": "denied"})],
                          cn=self.pki.ids[0])
        self.gateway.connected(self.pki.device(1)).disconnect()


if __name__ == "__main__":
    unittest.main()
