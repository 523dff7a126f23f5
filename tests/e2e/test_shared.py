"""All devices under the gateway's identity: one connection, an origin property on each message, the cloud's messages by target."""

import time
import unittest

import mqtt_packets as mqtt
import shared_rounds
from device import Closed, Refused
from harness import GatewayTest, made_up_key, wait_until

GATEWAY_KEY = made_up_key("the plant's gateway")
TWIN_ANSWERS, DESIRED, METHODS = "$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#", "$iothub/methods/POST/#"


class SharedTest(GatewayTest):
    def registry(self):
        # Of the devices only the last is known, as another gateway's identity with a certificate.
        return {"hub": "localhost", "devices": [{"id": "plant", "key": GATEWAY_KEY}, {"id": self.pki.ids[-1]}]}

    def client_ca(self):
        return self.pki.path("tenant-ca.d/tenant-a.pem")

    def start(self, key=GATEWAY_KEY, **upstream):
        return self.start_gateway(extra=lambda gateway: {"upstream": {
            "mode": "shared", "auth": {"type": "gateway_sas", "device_id": "plant", "key_file": gateway.secret("gateway.key", key)}, **upstream}})

    def online(self, index=0, filters=(), **options):
        device = self.gateway.connected(self.pki.device(index), **options)
        self.addCleanup(device.close)
        if filters:
            self.assertEqual(device.subscribe(filters), [qos for _, qos in filters])
        return device

    def cloud(self, index=0):
        return f"devices/{self.pki.ids[index]}/messages/devicebound/#"

    def send_to(self, index, payload, **headers):
        target = self.pki.ids[index] if isinstance(index, int) else index
        self.hub.send_to("plant", payload, iothub_app_spheregate_device=target, **headers)

    def await_completed(self, count):
        wait_until(lambda: len(self.hub.completed("plant")) >= count, 20, lambda: f"{count} completed: {self.hub.cloud_messages('plant')}")

    def await_kept(self, count):
        self.await_metric(count, "cloud_messages")


class Telemetry(SharedTest):
    def forbidden(self, bag, payload):
        with self.gateway.connected(self.pki.device()) as device, self.assertRaises((Closed, OSError)):
            device.publish(bag, payload)

    def test_devices_share_one_connection_and_keep_their_names(self):
        self.start()
        for index in range(3):
            device = self.online(index)
            device.publish("kind=test&n=1", f"from {index}".encode())
            device.publish("", b"bare", retain=True)
        found = self.hub.await_messages("plant", 6)
        self.assertEqual({message["connection"] for message in found}, {found[0]["connection"]})
        by_origin = {}
        for message in found:
            bag = dict(message["properties"])
            by_origin.setdefault(bag.pop("spheregate-device"), []).append((bag, message["payload"], message["retain"]))
        self.assertEqual(by_origin, {self.pki.ids[index]: [({"kind": "test", "n": "1"}, f"from {index}".encode(), False), ({"mqtt-retain": "true"}, b"bare", True)]
                                     for index in range(3)})
        self.assertEqual(self.hub.stats()["connects_accepted"], 1)
        self.assertEqual(self.gateway.link(self.pki.ids[0])["state"], "up")
        self.assertEqual(len(self.gateway.log_lines("shared mode")), 1)

    def test_no_device_speaks_for_another(self):
        self.start()
        for bag in ("spheregate-device=other", "a=1&Spheregate-Device=other", "%73pheregate-device=other", "spheregate%2Ddevice",
                    "?spheregate-device=other", "spheregate-device=other/", "a=1&&spheregate-device=", "broken=%zz"):
            with self.subTest(bag=bag):
                self.forbidden(bag, b"forged")
        with self.assertRaises(Refused):
            self.gateway.connected(self.pki.device(), will=mqtt.Will(f"devices/{self.pki.ids[0]}/messages/events/spheregate-device=other", b"gone"))
        self.assertEqual(self.gateway.metric("publishes_refused_total", reason="forged_origin"), 7)
        self.assertEqual(self.gateway.metric("publishes_refused_total", reason="unreadable_properties"), 1)
        self.online().publish("other=spheregate-device", b"honest")
        self.assertEqual([message["payload"] for message in self.hub.await_messages("plant", 1)], [b"honest"])

    def test_what_the_hub_would_close_for_is_refused_at_the_door(self):
        self.start()
        other = self.online(1)
        self.forbidden("", b"x" * (256 * 1024 - 100))
        self.forbidden("k=" + "v" * 65300, b"")
        self.online().publish("", b"x" * (256 * 1024 - 600))
        other.publish("", b"still here")
        self.hub.await_messages("plant", 2)
        self.assertEqual(self.hub.stats()["connects_accepted"], 1)

    def test_twins_and_methods_are_not_there(self):
        self.start()
        device = self.online()
        self.assertEqual(device.subscribe([(TWIN_ANSWERS, 1), (DESIRED, 1), (METHODS, 1), (self.cloud(), 1)]), [0x80, 0x80, 0x80, 1])
        device.request("$iothub/twin/GET/?$rid=1")
        device.request("$iothub/twin/PATCH/properties/reported/?$rid=2", b'{"a":1}')
        device.request("$iothub/methods/res/200/?$rid=3", b"{}")
        device.publish("", b"after")
        self.hub.await_messages("plant", 1)
        self.assertEqual(self.gateway.metric("publishes_ignored_total"), 3)
        self.assertEqual(self.hub.twin("plant")["properties"]["reported"].get("a"), None)

    def test_an_outage(self):
        self.start()
        device = self.online()
        device.publish("", b"before")
        self.hub.await_messages("plant", 1)
        self.hub.faults(outage=True)
        self.await_metric(0, "upstream_sessions")
        device.publish_all(("", str(number).encode()) for number in range(100))
        self.hub.heal()
        found = [message["payload"] for message in self.hub.await_messages("plant", 101)]
        self.assertEqual(found, [b"before"] + [str(number).encode() for number in range(100)])
        self.await_drained()

    def test_a_hub_that_acknowledges_nothing_is_a_stall(self):
        self.start(ack_timeout="1s")
        device = self.online()
        self.hub.faults(puback_loss=1.0)
        device.publish("", b"kept")  # acknowledged by the gateway's own store
        wait_until(lambda: self.gateway.metric("upstream_stalls_total") >= 1, 20, "a stall")
        self.hub.heal()
        self.await_drained()

    def test_a_device_whose_messages_the_hub_closes_on_does_not_keep_the_others_out(self):
        self.start()
        bad, good = sorted((0, 1), key=lambda index: self.pki.ids[index])  # the first is served first
        self.hub.faults(poison_property="poison")
        sender, other = self.online(bad), self.online(good)
        for number in range(5):
            sender.publish("poison=1", str(number).encode())
        for number in range(20):
            other.publish("", str(number).encode())
            time.sleep(0.2)
        wait_until(lambda: len({one["payload"] for one in self.hub.messages("plant")}) == 20, 30, "the other's messages")

    def test_a_wrong_key(self):
        self.start(key=made_up_key("another"))
        self.online().publish("", b"kept")
        error = wait_until(lambda: self.gateway.link(self.pki.ids[0]).get("last_error"), 20, "an error in /status")
        self.assertIn("code 5", error)
        self.assertIn("gateway's own device", error)
        self.assertEqual(self.gateway.metric("queue_messages"), 1)

    def test_a_web_socket(self):
        self.start(transport="websocket", port=self.hub.ws_port)
        self.online().publish("a=b", b"through a WebSocket")
        self.assertEqual(self.hub.await_messages("plant", 1)[0]["payload"], b"through a WebSocket")

    def test_a_certificate(self):
        gateway = self.pki.device(self.DEVICES - 1)
        self.start_gateway(extra={"upstream": {"mode": "shared", "auth": {
            "type": "gateway_x509", "device_id": gateway.device_id, "certificate": gateway.certificate, "private_key": gateway.key}}})
        self.online().publish("", b"with a certificate")
        self.assertEqual(self.hub.await_messages(gateway.device_id, 1)[0]["payload"], b"with a certificate")

    def test_a_token_is_renewed_between_messages(self):
        self.start_gateway(extra=lambda gateway: {"upstream": {"mode": "shared", "auth": {
            "type": "gateway_sas", "device_id": "plant", "key_file": gateway.secret("gateway.key", GATEWAY_KEY), "token_life": "1m"}}})
        device = self.online()
        device.publish("", b"first")
        wait_until(lambda: self.hub.stats()["connects_accepted"] >= 2, 70, "a second connection")
        device.publish("", b"second")
        self.assertEqual([one["payload"] for one in self.hub.await_messages("plant", 2)], [b"first", b"second"])
        self.assertNotIn("token_expired", self.hub.stats()["closes"])


class FromTheCloud(SharedTest):
    def test_by_target(self):
        self.start()
        first, second = self.online(0, [(self.cloud(0), 1)]), self.online(1, [(self.cloud(1), 1)])
        self.send_to(1, b"for the second")
        self.send_to(0, b"for the first", iothub_app_a="b")
        message = first.message()
        self.assertEqual(message.payload, b"for the first")
        self.assertTrue(message.topic.startswith(f"devices/{self.pki.ids[0]}/messages/devicebound/"), message.topic)
        self.assertIn("a=b", message.topic)
        self.assertFalse(message.dup)
        self.assertEqual(second.message().payload, b"for the second")
        self.await_completed(2)
        self.await_kept(0)

    def test_for_an_absent_device_through_a_kill(self):
        self.start()
        wait_until(lambda: self.gateway.metric("upstream_sessions") == 1, 20, "the gateway at the hub")
        for number in range(20):
            self.send_to(0, f"{number}".encode())
        self.await_completed(20)
        self.gateway.kill()
        self.hub.faults(outage=True)  # nothing can come from the hub again
        self.gateway.start()
        device = self.online(0, [(self.cloud(0), 1)])
        found = [device.message() for _ in range(20)]
        self.assertEqual([message.payload for message in found], [f"{number}".encode() for number in range(20)])
        self.assertTrue(all(message.dup for message in found))
        self.await_kept(0)
        self.gateway.stop()
        self.gateway.start()
        self.await_kept(0)

    def test_what_is_not_acknowledged_comes_again_with_dup(self):
        self.start()
        device = self.online(0, [(self.cloud(0), 1)])
        self.send_to(0, b"once")
        self.assertFalse(device.message(acknowledge=False).dup)
        self.gateway.kill()
        self.gateway.start()
        device = self.online(0, [(self.cloud(0), 1)])
        again = device.message(acknowledge=False)
        self.assertTrue(again.dup)
        device.close()
        device = self.online(0, [(self.cloud(0), 1)])
        self.assertTrue(device.message().dup)
        self.await_kept(0)

    def test_an_acknowledgement_counts_though_the_uplink_went_down(self):
        self.start()
        device = self.online(0, [(self.cloud(0), 1)])
        self.send_to(0, b"once")
        message = device.message(acknowledge=False)
        self.hub.faults(outage=True)
        self.await_metric(0, "upstream_sessions")
        device.acknowledge(message)
        self.await_kept(0)

    def test_for_nobody(self):
        self.start()
        wait_until(lambda: self.gateway.metric("upstream_sessions") == 1, 20, "the gateway at the hub")
        self.hub.send_to("plant", b"for whom?")
        self.send_to("no/device", b"no such id")
        self.await_completed(2)
        self.await_metric(2, "cloud_messages_dead_total", reason="no_device")
        self.await_kept(0)

    def test_expiry(self):
        self.start()
        wait_until(lambda: self.gateway.metric("upstream_sessions") == 1, 20, "the gateway at the hub")
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
        self.send_to(0, b"soon over", iothub_expiry=ends)
        self.send_to(0, b"lasting")
        self.await_completed(2)
        self.await_kept(2)
        time.sleep(4)
        device = self.online(0, [(self.cloud(0), 1)])
        self.assertEqual(device.message().payload, b"lasting")
        self.await_metric(1, "cloud_messages_dead_total", reason="expired")
        self.await_kept(0)

    def test_at_most_once_for_who_wants_it_so(self):
        self.start()
        device = self.online(0, [(self.cloud(0), 0)])
        self.send_to(0, b"once")
        message = device.message()
        self.assertEqual((message.qos, message.dup), (0, False))
        self.await_kept(0)


class Rounds(unittest.TestCase):
    def test_nothing_acknowledged_is_lost(self):
        shared_rounds.run_round(seed=1, devices=10, messages=4000, kills=3)


if __name__ == "__main__":
    unittest.main()
