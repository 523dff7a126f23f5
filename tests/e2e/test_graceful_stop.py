"""SIGTERM: exit 0, and what was promised is delivered by the next start."""

import unittest

from device import Closed
from harness import GatewayTest, wait_until


class GracefulStop(GatewayTest):
    def test_queued_messages_survive_a_stop(self):
        self.hub.faults(outage=True)
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            device.publish_all(((f"n={number}", str(number).encode()) for number in range(100)), window=20)
            self.assertEqual(self.gateway.stop(), 0)
            with self.assertRaises(Closed):
                device.ping()
        self.hub.heal()
        self.gateway.start()
        found = self.hub.await_messages(self.pki.ids[0], 100, timeout=60)
        self.assertEqual([int(message["payload"]) for message in found], list(range(100)))
        self.assertEqual(self.gateway.stop(), 0)

    def test_messages_the_hub_has_not_acknowledged_yet_survive_a_stop(self):
        self.hub.faults(puback_delay_ms=60000)
        self.start_gateway(extra={"queue": {"commit_after": "20s"}})
        with self.gateway.connected(self.pki.device()) as device:
            topic = device.prefix
            for number in range(20):
                device.publish("", f"unpromised {number}".encode(), qos=0)
            self.hub.await_messages(self.pki.ids[0], 1)
            self.assertEqual(self.gateway.stop(), 0)
        self.hub.heal()
        self.hub.drop()
        self.gateway.start()
        payloads = {f"unpromised {number}".encode() for number in range(20)}
        wait_until(lambda: payloads <= {message["payload"] for message in self.hub.messages(self.pki.ids[0])}, 60,
                   f"all 20 messages of {topic[:24]}… at the hub")


if __name__ == "__main__":
    unittest.main()
