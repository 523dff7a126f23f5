"""Certificates that expired while the internet was away, and a gateway whose clock cannot be right."""

import os
import unittest

from device import Closed
from harness import PROGRAMS, SANITIZED, GatewayTest, short_id, wait_until


@unittest.skipIf(SANITIZED, "a sanitizer's runtime wants to be loaded first")
class Grace(GatewayTest):
    def start_at(self, hours, **devices):
        """The gateway with the same store, at a time so many hours from now."""
        if not self.gateway:
            self.start_gateway(extra={"devices": devices})
        self.gateway.stop()
        self.gateway.env = {**os.environ, "LD_PRELOAD": str(PROGRAMS / "libspheregate_wrong_clock.so"),
                            "WRONG_CLOCK_SECONDS": str(-3600 * hours)}
        self.gateway.start()

    def refused(self, identity):
        """The line of the log that says why."""
        before = len(self.gateway.log_lines("device refused"))
        with self.assertRaises(Closed), self.gateway.device(identity, tls="1.2") as device:
            device.connect()
        # The device hears of it first.
        wait_until(lambda: len(self.gateway.log_lines("device refused")) > before, 10, "the refusal is logged")
        return self.gateway.log_lines("device refused")[before]

    def test_a_device_that_was_here_before_comes_in_for_the_time_of_grace(self):
        self.start_at(0, expired_grace="72h")
        known, stranger = self.pki.device(0), self.pki.device(1)
        self.gateway.connected(known).disconnect()
        self.await_metric(1, "known_devices")
        self.assertEqual(self.gateway.status()["tenant_cas"][0]["devices_seen"], 1)

        self.start_at(30)
        self.assertEqual(self.gateway.metric("known_devices"), 1)
        for _ in range(2):
            self.gateway.connected(known).disconnect()
        self.await_metric(2, "devices_admitted_in_grace_total")
        lines = self.gateway.log_lines("device admitted in grace")
        self.assertEqual(len(lines), 1, "one line an hour for each certificate")
        self.assertEqual(lines[0]["cn"], short_id(known.device_id))
        for field in ("serial", "not_after", "expired_for", "grace_left"):
            self.assertTrue(lines[0].get(field), lines[0])
        self.assertIn("and this one was not", self.refused(stranger)["reason"])
        self.assertEqual(self.gateway.metric("tls_handshakes_total", result="expired"), 1)

        self.start_at(100)
        self.refused(known)
        self.assertEqual(self.gateway.metric("tls_handshakes_total", result="expired"), 1)

    def test_without_grace_nobody_does(self):
        self.start_at(0)
        self.gateway.connected(self.pki.device()).disconnect()
        self.await_metric(1, "known_devices")
        self.start_at(30)
        self.refused(self.pki.device())

    def test_a_clock_that_cannot_be_right_is_told(self):
        self.start_at(-24 * 3650)
        self.assertEqual(self.gateway.metric("clock_behind"), 1)
        self.assertTrue(self.gateway.status()["clock"]["behind"])
        lines = self.gateway.log_lines("clock behind")
        self.assertEqual(len(lines), 1)
        for field in ("clock", "cannot_be_before", "fix"):
            self.assertTrue(lines[0].get(field), lines[0])
        self.assertIn("too early to be true", self.refused(self.pki.device())["reason"])


if __name__ == "__main__":
    unittest.main()
