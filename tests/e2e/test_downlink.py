"""What the hub and one device say to each other besides telemetry: cloud-to-device messages, direct methods, the twin."""

import json
import threading
import time
import unittest

import mqtt_packets as mqtt
from harness import GatewayTest, wait_until

TWIN_ANSWERS = "$iothub/twin/res/#"
DESIRED = "$iothub/twin/PATCH/properties/desired/#"
METHODS = "$iothub/methods/POST/#"
REPORTED = "$iothub/twin/PATCH/properties/reported/"


class DownlinkTest(GatewayTest):
    def setUp(self):
        super().setUp()
        self.identity = self.pki.device()
        self.device_id = self.identity.device_id
        self.cloud = f"devices/{self.device_id}/messages/devicebound/#"

    def online(self, filters=(), **options):
        """A connected device with these filters, and its link to the hub up."""
        device = self.gateway.connected(self.identity, **options)
        self.addCleanup(device.close)
        if filters:
            self.assertEqual(device.subscribe(filters), [qos for _, qos in filters])
        self.await_hub(*(name for name, _ in filters))
        return device

    def filters_at_hub(self):
        known = set()
        for packet in self.hub.transcript(self.device_id):
            if packet["from"] != "device":
                continue
            names = [one if isinstance(one, str) else one[0] for one in packet.get("filters", [])]
            if packet["type"] == "CONNECT":
                known.clear()
            elif packet["type"] == "SUBSCRIBE":
                known.update(names)
            elif packet["type"] == "UNSUBSCRIBE":
                known.difference_update(names)
        return known

    def await_hub(self, *filters):
        wait_until(lambda: self.gateway.metric("upstream_sessions") >= 1 and set(filters) <= self.filters_at_hub(), 20,
                   lambda: f"{filters} at the hub; there are {self.filters_at_hub()}")

    def await_completed(self, count):
        wait_until(lambda: len(self.hub.completed(self.device_id)) >= count, 20,
                   lambda: f"{count} completed: {self.hub.cloud_messages(self.device_id)}")

    def cut(self):
        self.hub.faults(outage=True)
        self.await_metric(0, "upstream_sessions")

    def reported(self):
        return self.hub.twin(self.device_id)["properties"]["reported"]


class CloudToDevice(DownlinkTest):
    def test_topic_bag_and_payload_are_the_hubs(self):
        self.start_gateway()
        device = self.online([(self.cloud, 1)])
        body = bytes(range(256))
        self.hub.send_to(self.device_id, body, iothub_messageid="m 1/é=&".encode().decode("latin-1"), iothub_ack="full",
                         iothub_app_unit="C/%&=+#")
        got = device.message(acknowledge=False)
        self.assertEqual((got.payload, got.qos, got.dup, got.retain), (body, 1, False, False))
        sent = [one for one in self.hub.transcript(self.device_id) if one["from"] == "hub" and one["type"] == "PUBLISH"]
        self.assertEqual([one["topic"] for one in sent], [got.topic])
        self.assertIn("iothub-ack=full", got.topic)
        # Kept by the hub until the device has acknowledged it.
        time.sleep(0.3)
        self.assertEqual(self.hub.cloud_messages(self.device_id)["queue"][0]["state"], "locked")
        device.acknowledge(got)
        self.await_completed(1)
        self.assertEqual(self.gateway.metric("downstream_messages_total", kind="c2d"), 1)

    def test_qos_0_and_acknowledgements_in_another_order(self):
        self.start_gateway()
        device = self.online([(self.cloud, 0)])
        self.hub.send_to(self.device_id, b"zero")
        self.assertEqual(device.message()[1:3], (b"zero", 0))
        self.await_completed(1)
        device.subscribe([(self.cloud, 1)])
        wait_until(lambda: [one for one in self.hub.transcript(self.device_id) if one["type"] == "SUBACK"][-1]["codes"] == [1], 10,
                   "QoS 1 at the hub")
        for text in (b"one", b"two", b"three"):
            self.hub.send_to(self.device_id, text)
        got = [device.message(acknowledge=False) for _ in range(3)]
        self.assertEqual([one.payload for one in got], [b"one", b"two", b"three"])
        device.acknowledge(got[1])
        self.await_completed(2)
        self.assertEqual(len(self.hub.cloud_messages(self.device_id)["queue"]), 2)
        device.acknowledge(got[2])
        device.acknowledge(got[0])
        self.await_completed(4)

    def test_nothing_is_fetched_for_a_device_that_does_not_listen(self):
        self.start_gateway()
        device = self.online()
        self.hub.send_to(self.device_id, b"waits")
        self.assertIsNone(device.receive(0.5))
        self.assertEqual(self.hub.cloud_messages(self.device_id)["queue"][0]["state"], "queued")
        device.subscribe([(self.cloud, 1)])
        self.assertEqual(device.message().payload, b"waits")
        self.await_completed(1)
        device.unsubscribe([self.cloud])
        wait_until(lambda: self.cloud not in self.filters_at_hub(), 10, "unsubscribed at the hub")
        self.hub.send_to(self.device_id, b"waits again")
        self.assertIsNone(device.receive(0.5))
        self.assertEqual(self.hub.cloud_messages(self.device_id)["queue"][0]["state"], "queued")

    def test_comes_again_when_the_device_reconnects(self):
        self.start_gateway()
        self.hub.rules(cloud_return_at_disconnect=False)  # the hub itself would stay silent for a minute
        device = self.online([(self.cloud, 1)])
        self.hub.send_to(self.device_id, b"precious")
        self.assertFalse(device.message(acknowledge=False).dup)
        device.close()
        again = self.online([(self.cloud, 1)])
        got = again.message(acknowledge=False)
        self.assertEqual((got.payload, got.dup), (b"precious", True))
        again.acknowledge(got)
        self.await_completed(1)
        self.assertIsNone(again.receive(0.3))
        self.assertEqual(self.gateway.metric("upstream_connects_total", result="ok"), 1)

    def test_a_hub_that_takes_it_back_sends_no_second_copy(self):
        self.start_gateway()
        device = self.online([(self.cloud, 1)])
        self.hub.send_to(self.device_id, b"precious")
        device.message(acknowledge=False)
        device.close()
        again = self.online([(self.cloud, 1)])
        got = again.message(acknowledge=False)
        self.assertEqual((got.payload, got.dup), (b"precious", True))
        self.assertIsNone(again.receive(0.5))
        again.acknowledge(got)
        self.await_completed(1)

    def test_a_kept_session_needs_no_subscription(self):
        self.start_gateway()
        self.hub.rules(cloud_return_at_disconnect=False)
        device = self.online([(self.cloud, 1), (METHODS, 0)], clean=False)
        self.hub.send_to(self.device_id, b"unacknowledged")
        device.message(acknowledge=False)
        device.close()
        wait_until(lambda: self.gateway.metric("devices_connected") == 0, 10, "the device left")
        wait_until(lambda: self.filters_at_hub().isdisjoint({self.cloud, METHODS}), 10, "unsubscribed at the hub")
        self.hub.send_to(self.device_id, b"while away")
        again = self.online(clean=False)
        self.assertTrue(again.session_present)
        got = sorted((again.message().payload for _ in range(2)))
        self.assertEqual(got, [b"unacknowledged", b"while away"])
        self.await_completed(2)
        self.await_hub(self.cloud, METHODS)
        again.disconnect()
        fresh = self.online(clean=True)
        self.assertFalse(fresh.session_present)
        self.hub.send_to(self.device_id, b"not for now")
        self.assertIsNone(fresh.receive(0.5))

    def test_takeover_with_an_unacknowledged_message(self):
        self.start_gateway()
        for clean in (True, False):
            with self.subTest(clean=clean):
                precious = f"precious {clean}".encode()
                old = self.online([(self.cloud, 1)], clean=False)
                self.hub.send_to(self.device_id, precious)
                while old.message(acknowledge=False).payload != precious:
                    pass
                new = self.online(clean=clean)
                old.await_close()
                if clean:
                    new.subscribe([(self.cloud, 1)])
                self.assertEqual(len(self.hub.cloud_messages(self.device_id)["queue"]), 1)
                got = new.message(acknowledge=False)
                # A copy of the round before may come, when the hub sent it while its acknowledgement was on the way.
                while got.payload != precious:
                    new.acknowledge(got)
                    got = new.message(acknowledge=False)
                self.assertTrue(got.dup)
                new.acknowledge(got)
                wait_until(lambda: not self.hub.cloud_messages(self.device_id)["queue"], 10, "completed")
                new.disconnect()

    def test_the_hub_link_breaks_before_the_acknowledgement(self):
        self.start_gateway()
        device = self.online([(self.cloud, 1)])
        self.hub.send_to(self.device_id, b"precious")
        first = device.message(acknowledge=False)
        self.cut()
        device.acknowledge(first)  # of a connection that is gone: must not reach the hub as another message's
        self.hub.heal()
        got = device.message(timeout=60)
        self.assertEqual((got.payload, got.dup), (b"precious", True))
        self.await_completed(1)

    def test_fifty_large_messages(self):
        self.start_gateway()
        device = self.online([(self.cloud, 1)])
        for number in range(50):
            self.hub.send_to(self.device_id, number.to_bytes(2, "big") * 16000)
        got = [device.message(acknowledge=False) for _ in range(50)]
        self.assertEqual([one.payload[:2] for one in got], [number.to_bytes(2, "big") for number in range(50)])
        for one in got:
            device.acknowledge(one)
        self.await_completed(50)


class Methods(DownlinkTest):
    def call(self, name, payload=None, timeout=10):
        """Runs beside the test; join with `answer()`."""
        result = []
        thread = threading.Thread(target=lambda: result.append(self.hub.invoke(self.device_id, name, payload, timeout)))
        thread.start()

        def answer():
            thread.join(timeout + 30)
            return result[0]

        return answer

    def test_request_and_reply_are_passed_verbatim(self):
        self.start_gateway()
        device = self.online([(METHODS, 0)])
        answer = self.call("Re-boot_1", {"delay": [1, "é"]})
        got = device.message()
        self.assertRegex(got.topic, r"^\$iothub/methods/POST/Re-boot_1/\?\$rid=[^/&]+$")
        self.assertEqual((json.loads(got.payload), got.qos), ({"delay": [1, "é"]}, 0))
        device.request("$iothub/methods/res/-7/?" + got.topic.split("?")[1], b'{"done": true}')
        self.assertEqual(answer(), (200, {"status": -7, "payload": {"done": True}}))

    def test_calls_at_the_same_time_are_kept_apart(self):
        self.start_gateway()
        device = self.online([(METHODS, 1)])
        answers = [self.call(f"m{number}", number) for number in range(8)]
        calls = {got.topic.split("/")[3]: got.topic.split("?")[1] for got in (device.message() for _ in range(8))}
        for name in sorted(calls, reverse=True):
            device.request(f"$iothub/methods/res/200/?{calls[name]}", json.dumps(name).encode())
        self.assertEqual([answer() for answer in answers], [(200, {"status": 200, "payload": f"m{number}"}) for number in range(8)])

    def test_nothing_is_queued_for_who_is_not_there(self):
        self.start_gateway()
        device = self.online()
        self.assertEqual(self.hub.invoke(self.device_id, "m")[0], 404)
        device.subscribe([(METHODS, 0)])
        self.await_hub(METHODS)
        self.assertIsNone(device.receive(0.3))
        device.disconnect()
        wait_until(lambda: METHODS not in self.filters_at_hub(), 10, "unsubscribed at the hub")
        self.assertEqual(self.hub.invoke(self.device_id, "m")[0], 404)

    def test_a_device_that_leaves_in_the_middle_of_a_call(self):
        self.start_gateway()
        device = self.online([(METHODS, 0)])
        answer = self.call("m", timeout=5)
        rid = device.message().topic.split("?")[1]
        device.close()
        again = self.online([(METHODS, 0)])
        again.request(f"$iothub/methods/res/200/?{rid}", b"1")  # that call was another connection's
        self.await_metric(1, "downstream_undelivered_total")
        self.assertEqual(answer()[0], 504)
        again.request("$iothub/methods/res/200/?$rid=never-asked", b"1")
        again.ping()
        self.assertIsNone(again.receive(0.2))
        self.await_metric(2, "downstream_undelivered_total")


class Twin(DownlinkTest):
    def get(self, device, rid="1"):
        device.request(f"$iothub/twin/GET/?$rid={rid}", b" ")

    def report(self, device, patch, rid="7"):
        device.request(f"{REPORTED}?$rid={rid}", patch if isinstance(patch, bytes) else json.dumps(patch).encode())

    def test_all_filters_in_one_subscribe_and_free_request_ids(self):
        self.start_gateway()
        device = self.online()
        filters = [(self.cloud, 1), (TWIN_ANSWERS, 0), ("devices/another/messages/devicebound/#", 1), (DESIRED, 1), (METHODS, 2)]
        self.assertEqual(device.subscribe(filters), [1, 0, 0x80, 1, 1])
        self.await_hub(self.cloud, TWIN_ANSWERS, DESIRED, METHODS)
        self.hub.desire(self.device_id, {"speed": 3})
        pushed = device.message()
        self.assertRegex(pushed.topic, r"^\$iothub/twin/PATCH/properties/desired/\?\$version=\d+$")
        self.assertEqual(json.loads(pushed.payload)["speed"], 3)
        for rid in ("1", "0f8fad5b-d9cb-469f-a165-70867728950e", "free text é /x%20$y", "r" * 900, "spheregate-99"):
            self.get(device, rid)
            got = device.message()
            self.assertEqual((got.topic, got.qos), (f"$iothub/twin/res/200/?$rid={rid}", 0))
            self.assertEqual(json.loads(got.payload)["desired"]["speed"], 3)
            self.report(device, {"rid": len(rid)}, rid)
            got = device.message()
            self.assertRegex(got.topic, r"\?\$rid=.*&\$version=\d+$")
            self.assertTrue(got.topic.startswith(f"$iothub/twin/res/204/?$rid={rid}&"), got.topic)
            self.assertEqual(got.payload, b"")

    def test_a_hub_that_says_everything_at_qos_1(self):
        self.start_gateway()
        self.hub.rules(answer_qos_max=1)
        device = self.online([(TWIN_ANSWERS, 1), (DESIRED, 1), (METHODS, 0)])
        self.get(device)
        self.assertEqual(device.message().qos, 1)
        self.report(device, {"a": 1})
        self.assertEqual(device.message().qos, 1)
        self.hub.desire(self.device_id, {"b": 2})
        self.assertEqual(device.message().qos, 1)

        def owed():
            packets = self.hub.transcript(self.device_id)
            given = {one["packet_id"] for one in packets if one["from"] == "device" and one["type"] == "PUBACK"}
            return [one for one in packets if one["from"] == "hub" and one["type"] == "PUBLISH" and one["qos"] and
                    one["packet_id"] not in given]

        wait_until(lambda: not owed(), 10, lambda: f"acknowledged: {owed()}")
        device.disconnect()

    def test_a_get_waits_for_the_hub(self):
        self.start_gateway()
        device = self.online([(TWIN_ANSWERS, 0)])
        self.cut()
        self.get(device, "held")
        self.assertIsNone(device.receive(1))
        self.hub.heal()
        got = device.message(timeout=60)
        self.assertEqual(got.topic, "$iothub/twin/res/200/?$rid=held")
        self.assertEqual(set(json.loads(got.payload)), {"desired", "reported"})
        self.assertIsNone(device.receive(0.3))

    def test_bad_patches_are_answered_at_the_door(self):
        self.start_gateway()
        device = self.online([(TWIN_ANSWERS, 1)])
        bad = [b"", b"[1]", b"{", b'{"a.b":1}', b'{"a":[null]}', b'{"a":4503599627370496}', b"{\"a\":\"" + b"x" * 4097 + b'"}',
               b'{"a":' * 11 + b"1" + b"}" * 11, b"[" * 60000, json.dumps({f"k{n}": "x" * 4000 for n in range(9)}).encode(), b'{"a":"\xff"}']
        for number, patch in enumerate(bad):
            self.report(device, patch, f"bad{number}")
            got = device.message()
            self.assertEqual(got.topic, f"$iothub/twin/res/400/?$rid=bad{number}", patch[:40])
            self.assertEqual(json.loads(got.payload)["errorCode"], 400004)
        self.assertEqual(self.gateway.metric("twin_patches_refused_total"), len(bad))
        self.assertEqual(self.gateway.metric("twin_patches_accepted_total"), 0)
        # The gateway's own request id is longer than this one, so the topic would not fit.
        device.request(f"{REPORTED}?$rid=1&x=" + "y" * (65535 - len(REPORTED) - 10), b"{}")
        self.assertEqual(device.message().topic, "$iothub/twin/res/400/?$rid=1")
        self.report(device, {"fine": 1})
        self.assertTrue(device.message().topic.startswith("$iothub/twin/res/204/"))

    def test_a_patch_without_a_request_id_and_at_qos_1(self):
        self.start_gateway()
        device = self.online([(TWIN_ANSWERS, 0)])
        device.send(mqtt.publish(REPORTED, b'{"a":1}', 1, 9))
        self.assertEqual(device.expect(mqtt.PUBACK).packet_id, 9)
        wait_until(lambda: self.reported().get("a") == 1, 10, "the patch at the hub")
        self.assertIsNone(device.receive(0.2))

    def test_patches_and_telemetry_keep_their_order(self):
        self.start_gateway()
        device = self.online([(TWIN_ANSWERS, 0)])
        self.cut()
        device.publish("", b"1")
        self.report(device, {"step": 2, "a": 1}, "2")
        self.assertEqual(device.message().topic, "$iothub/twin/res/204/?$rid=2")
        device.publish("", b"3")
        self.report(device, {"step": 4, "a": None}, "4")
        self.assertEqual(device.message().topic, "$iothub/twin/res/204/?$rid=4")
        device.publish("", b"5")
        self.hub.reset()
        self.hub.heal()
        self.await_drained()
        seen = [(one["topic"], one["payload"]) for one in self.hub.transcript(self.device_id)
                if one["from"] == "device" and one["type"] == "PUBLISH" and "/twin/GET/" not in one["topic"]]
        self.assertEqual(["reported" if REPORTED in topic else "telemetry" for topic, _ in seen],
                         ["telemetry", "reported", "telemetry", "reported", "telemetry"])
        self.assertEqual(self.reported()["step"], 4)
        self.assertNotIn("a", self.reported())
        self.assertIsNone(device.receive(0.3))  # what was answered once is not answered again

    def test_a_patch_survives_kill_9_between_its_answer_and_the_hub(self):
        self.hub.faults(outage=True)
        self.start_gateway()
        device = self.gateway.connected(self.identity)
        self.addCleanup(device.close)
        device.subscribe([(TWIN_ANSWERS, 0)])
        for number in range(3):
            self.report(device, {"step": number, f"p{number}": "é"}, f"r{number}")
            self.assertEqual(device.message().topic, f"$iothub/twin/res/204/?$rid=r{number}")
        self.gateway.kill()
        self.gateway.start()
        self.await_metric(3, "queue_messages")
        self.hub.heal()  # the device stays away
        self.await_drained()
        reported = self.reported()
        self.assertEqual([reported[name] for name in ("step", "p0", "p1", "p2")], [2, "é", "é", "é"])

    def test_a_device_that_does_not_wait_for_the_answer(self):
        self.start_gateway()
        self.hub.faults(twin_delay_ms=500)
        device = self.online([(TWIN_ANSWERS, 0)])
        self.report(device, {"last": 1})
        wait_until(lambda: self.reported().get("last") == 1, 10, "the patch at the hub")
        device.disconnect()
        self.await_drained(timeout=10)  # much less than the patience with a hub that does not answer
        self.assertEqual(self.gateway.metric("upstream_stalls_total"), 0)

    def test_a_hub_that_throttles_is_asked_again(self):
        self.start_gateway()
        device = self.online([(TWIN_ANSWERS, 0)])
        for status in (429, 503):
            with self.subTest(status=status):
                self.hub.faults(twin_error_status=status)
                self.report(device, {"status": status}, "patient")
                wait_until(lambda: self.hub.stats().get("twin_errors", 0) > 0, 20, "an error of the hub")
                self.assertEqual(self.gateway.metric("queue_messages"), 1)
                self.hub.heal()
                self.assertTrue(device.message(timeout=60).topic.startswith("$iothub/twin/res/204/?$rid=patient"))
                self.await_drained()
                self.assertEqual(self.reported()["status"], status)
                self.hub.reset()
        self.assertEqual(self.gateway.metric("messages_dead_lettered_total", reason="refused"), 0)

    def test_a_refusal_goes_to_who_waits_or_to_the_dead_letters(self):
        self.start_gateway()
        device = self.online([(TWIN_ANSWERS, 0)])
        self.hub.faults(twin_error_status=400)
        self.report(device, {"a": 1}, "told")
        got = device.message()
        self.assertEqual(got.topic, "$iothub/twin/res/400/?$rid=told")
        self.assertIn("errorCode", json.loads(got.payload))
        self.await_drained()
        letters = self.directory / "queue" / "dead-letters"
        self.assertEqual([one for one in letters.glob("*")] if letters.exists() else [], [])
        self.cut()
        self.report(device, {"unwanted": 1}, "answered early")
        self.assertEqual(device.message().topic, "$iothub/twin/res/204/?$rid=answered early")
        self.hub.faults(outage=False)
        self.await_drained()
        found = [one.read_bytes() for one in letters.rglob("*") if one.is_file()]
        self.assertTrue(any(b"unwanted" in one for one in found), found)
        self.assertEqual(self.gateway.metric("messages_dead_lettered_total", reason="refused"), 1)
        self.assertIsNone(device.receive(0.3))


if __name__ == "__main__":
    unittest.main()
