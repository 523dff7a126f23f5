"""With a hub that answers quickly nothing is written: no flash wear. SPHEREGATE_MESSAGES=100000 for the long run."""

import os
import threading
import unittest

from harness import SANITIZED, GatewayTest

MESSAGES = int(os.environ.get("SPHEREGATE_MESSAGES", 4000 if SANITIZED else 20000))


class HealthyNoDisk(GatewayTest):
    DEVICES = 8

    def test_nothing_is_written_while_the_hub_answers_in_time(self):
        self.hub.faults(puback_delay_ms=5)
        # An instrumented build on a busy machine is not prompt; there only the principle is tested.
        self.start_gateway(extra={"queue": {"commit_after": "5s" if SANITIZED else "50ms"}})
        each, errors = MESSAGES // self.DEVICES, []
        devices = [self.gateway.connected(self.pki.device(index)) for index in range(self.DEVICES)]
        for device in devices:
            self.addCleanup(device.close)
        # A first message on a link that is not up yet would rightly be written.
        self.await_metric(self.DEVICES, "upstream_sessions")

        def publish(device):
            try:
                device.publish_all(((f"n={number}", bytes(128)) for number in range(each)), window=32, timeout=300)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=publish, args=(device,)) for device in devices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.await_drained()
        self.assertEqual(self.gateway.metric("messages_accepted_total", qos="1"), each * self.DEVICES)
        self.assertEqual(self.gateway.metric("queue_disk_written_bytes_total"), 0)
        self.assertIn(("queue_disk_written_bytes_total", frozenset()), self.gateway.metrics())
        self.assertEqual(self.hub.stats()["messages"], each * self.DEVICES)


if __name__ == "__main__":
    unittest.main()
