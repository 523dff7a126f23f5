"""The uplink is gone, the gateway is killed, the device has left: what was acknowledged still arrives, in order."""

import time
import unittest

from harness import GatewayTest


class Offline(GatewayTest):
    def test_ten_messages_survive_an_outage_and_a_kill(self):
        self.hub.faults(outage=True)
        self.start_gateway()
        device = self.gateway.connected(self.pki.device())
        for number in range(10):
            device.publish(f"n={number}", f"message {number}".encode())
        self.gateway.kill()
        device.close()

        self.gateway.start()
        self.await_metric(10, "queue_messages")
        self.hub.heal()  # the device stays away: the gateway opens its link to the hub on its own
        found = self.hub.await_messages(self.pki.ids[0], 10, timeout=60)
        self.assertEqual([message["payload"].decode() for message in found], [f"message {number}" for number in range(10)])
        self.assertEqual([message["topic"].rsplit("/", 1)[1] for message in found], [f"n={number}" for number in range(10)])
        self.await_drained()
        self.assertEqual(len(self.hub.messages(self.pki.ids[0])), 10)

    def test_an_outage_under_way_is_invisible_to_the_device(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            device.publish("", b"0")
            self.hub.faults(outage=True)
            for number in range(1, 6):
                device.publish("", str(number).encode())
            self.hub.heal()
            for number in range(6, 11):
                device.publish("", str(number).encode())
        found = self.hub.await_messages(self.pki.ids[0], 11, timeout=60)
        self.await_drained()
        first_seen = list(dict.fromkeys(int(message["payload"]) for message in found))
        self.assertEqual(first_seen, list(range(11)))

    def test_the_books_balance_after_a_crash(self):
        self.hub.faults(outage=True)
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            device.publish_all((("", bytes(100)) for _ in range(500)), window=20)
            self.gateway.kill()
        self.gateway.start()
        self.await_metric(500, "queue_messages")
        self.hub.heal()
        self.await_drained()
        self.assertEqual(len({message["index"] for message in self.hub.messages(self.pki.ids[0])}), 500)

    def test_devices_connect_while_the_hub_is_away(self):
        self.hub.faults(outage=True)
        self.start_gateway()
        begun = time.monotonic()
        for index in range(self.DEVICES):
            self.gateway.connected(self.pki.device(index)).disconnect()
        self.assertLess(time.monotonic() - begun, 5)


if __name__ == "__main__":
    unittest.main()
