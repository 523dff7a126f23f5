"""What a device with cleanSession=0 has subscribed to outlives the gateway; a broken state.db costs that and nothing else."""

import json
import threading
import unittest

from harness import http_request, wait_until
from test_downlink import DESIRED, METHODS, DownlinkTest


class Sessions(DownlinkTest):
    def stored(self, count=1):
        wait_until(lambda: self.gateway.metric("state_changes_total", result="stored") >= count, 10, "the session in state.db")

    def restart(self):
        self.gateway.kill()
        self.gateway.start()

    def status(self):
        return json.loads(http_request(self.gateway.http_port, "GET", "/status")[1])

    @property
    def state(self):
        return self.directory / "queue" / "state"

    def test_a_session_outlives_kill_9(self):
        self.start_gateway()
        self.assertFalse(self.online([(self.cloud, 1), (METHODS, 0), (DESIRED, 0)], clean=False).session_present)
        self.stored()
        self.restart()
        self.hub.send_to(self.device_id, b"while the gateway was away")
        device = self.online(clean=False)
        self.assertTrue(device.session_present)
        self.assertEqual(device.message().payload, b"while the gateway was away")
        self.await_completed(1)
        self.await_hub(self.cloud, METHODS, DESIRED)
        self.hub.desire(self.device_id, {"speed": 3})
        self.assertEqual(json.loads(device.message().payload)["speed"], 3)
        answers = []
        call = threading.Thread(target=lambda: answers.append(self.hub.invoke(self.device_id, "stop")))
        call.start()
        request = device.message()
        device.request(f"$iothub/methods/res/200/?{request.topic.split('?')[1]}", b"{}")
        call.join()
        self.assertEqual(answers[0][0], 200)

        self.assertFalse(self.online(clean=True).session_present)
        self.stored()
        self.restart()
        device = self.online(clean=False)
        self.assertFalse(device.session_present, "a clean session ended the kept one")
        self.hub.send_to(self.device_id, b"not for now")
        self.assertIsNone(device.receive(0.5))

    def test_session_present_is_true_whenever_it_is_said(self):
        """Killed at once after SUBACK: the session is there or it is not; if it is said to be, messages come."""
        self.start_gateway()
        self.hub.rules(cloud_return_at_disconnect=True)
        for number in range(6):
            device = self.gateway.connected(self.identity, clean=False)
            device.subscribe([(self.cloud, 1)])
            self.restart()
            device.close()
            device = self.gateway.connected(self.identity, clean=False)
            if device.session_present:
                self.hub.send_to(self.device_id, f"message {number}".encode())
                self.assertEqual(device.message().payload, f"message {number}".encode())
                wait_until(lambda: not self.hub.cloud_messages(self.device_id)["queue"], 10, "completed")
            device.disconnect()
            self.gateway.connected(self.identity, clean=True).disconnect()

    def test_a_damaged_file_is_set_aside(self):
        self.start_gateway()
        self.online([(self.cloud, 1)], clean=False)
        self.stored()
        self.gateway.kill()
        (self.state / "state.db-wal").unlink(missing_ok=True)
        (self.state / "state.db").write_bytes(bytes(20000))
        self.gateway.start()
        self.assertEqual(self.gateway.metric("state_damaged_total"), 1)
        self.assertEqual(self.gateway.metric("state_usable"), 1)
        self.assertTrue((self.state / "state.db.damaged-1").exists())
        self.assertEqual(len(self.gateway.log_lines("state damaged")), 1)
        self.assertFalse(self.online([(self.cloud, 1)], clean=False).session_present)
        self.stored()
        self.restart()
        self.assertTrue(self.online(clean=False).session_present)

    def test_without_state_the_gateway_serves_and_says_so(self):
        self.state.parent.mkdir()
        self.state.write_text("a file where the directory should be")
        self.start_gateway()  # ready
        self.assertEqual(self.gateway.metric("state_usable"), 0)
        self.assertEqual(len(self.gateway.log_lines("state unusable")), 1)
        status = self.status()
        self.assertTrue(status["ready"])
        self.assertFalse(status["state"]["usable"])
        self.assertIn(str(self.state), status["state"]["fault"])
        device = self.online([(self.cloud, 1)], clean=False)
        device.publish("n=1", b"telemetry")
        device.disconnect()
        self.assertTrue(self.online(clean=False).session_present, "in memory")
        self.assertEqual(self.gateway.stop(), 0)

    def test_a_graceful_stop_keeps_what_was_just_subscribed(self):
        self.start_gateway()
        self.online([(self.cloud, 1)], clean=False)
        self.assertTrue(self.status()["state"]["usable"])
        self.assertEqual(self.gateway.stop(), 0)
        self.gateway.start()
        self.assertTrue(self.online(clean=False).session_present)


if __name__ == "__main__":
    unittest.main()
