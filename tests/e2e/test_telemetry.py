"""What a device says arrives at the hub byte for byte, and the server side of MQTT 3.1.1 is right."""

import os
import time
import unittest

import mqtt_packets as mqtt
from device import Closed
from harness import GatewayTest

BAGS = [
    "",
    "a=b",
    "a=b&c=d/",
    "%24.mid=17&%24.ct=application%2Fjson%3Bcharset%3Dutf-8&%24.ce=utf-8",
    "$.cid=raw dollar and space&key",
    "t=gr\u00fc\u00df \u2603 \U0001f321",
    "path=/a/b//c&x=%2B%23",
    "e=&f&g==%3D",
    "upper=%C3%BC&lower=%c3%bc",
]


class Telemetry(GatewayTest):
    def at_hub(self, count, device=0):
        return self.hub.await_messages(self.pki.ids[device], count)

    def test_topic_suffix_and_payload_arrive_byte_for_byte(self):
        self.start_gateway()
        payloads = [b"", b"\0", b'{"t":21.5}', bytes(range(256)), os.urandom(200 * 1024)]
        sent = [(bag, payloads[index % len(payloads)]) for index, bag in enumerate(BAGS)]
        with self.gateway.connected(self.pki.device()) as device:
            for bag, payload in sent:
                device.publish(bag, payload)
            prefix = device.prefix
        found = self.at_hub(len(sent))
        self.assertEqual([(message["topic"], message["payload"]) for message in found],
                         [(prefix + bag, payload) for bag, payload in sent])
        self.assertEqual({message["qos"] for message in found}, {1})
        self.assertEqual(found[3]["properties"][0], ["$.mid", "17"])

    def test_topic_without_its_last_slash(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            device.prefix = device.prefix.rstrip("/")
            device.publish("", b"bare")
            self.assertEqual([message["topic"] for message in self.at_hub(1)], [device.prefix])

    def test_qos_0_arrives_and_is_not_acknowledged(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            device.publish("q=0", b"no promise", qos=0)
            device.ping()  # what comes next is the PINGRESP: no PUBACK before it
            self.assertEqual([message["payload"] for message in self.at_hub(1)], [b"no promise"])
        self.assertEqual(self.gateway.metric("messages_accepted_total", qos="0"), 1)

    def test_retain_reaches_the_hub_as_the_device_set_it(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            device.publish("r=1", b"kept?", retain=True)
            device.publish("r=0", b"plain")
            self.assertEqual([message["retain"] for message in self.at_hub(2)], [True, False])

    def test_will_is_published_only_when_the_device_did_not_say_goodbye(self):
        self.start_gateway()
        for index, goodbye in ((0, False), (1, True)):
            identity = self.pki.device(index)
            will = mqtt.Will(f"devices/{identity.device_id}/messages/events/last=1", b"gone", qos=1)
            device = self.gateway.connected(identity, will=will)
            device.publish("", b"here")
            device.disconnect() if goodbye else device.close()
        found = self.at_hub(2, device=0)
        self.assertEqual([message["payload"] for message in found], [b"here", b"gone"])
        self.assertEqual(found[1]["properties"], [["last", "1"], ["iothub-MessageType", "Will"]])
        self.await_drained()
        self.assertEqual([message["payload"] for message in self.at_hub(1, device=1)], [b"here"])

    def test_will_is_published_when_the_keep_alive_runs_out(self):
        self.start_gateway()
        identity = self.pki.device()
        will = mqtt.Will(f"devices/{identity.device_id}/messages/events/", b"silent", qos=1)
        with self.gateway.connected(identity, keep_alive=1, will=will) as device:
            begun = time.monotonic()
            self.assertEqual(device.await_close(10), [])
            self.assertGreaterEqual(time.monotonic() - begun, 1.4)
        self.assertEqual([message["payload"] for message in self.at_hub(1)], [b"silent"])

    def test_pings_keep_a_connection_open(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device(), keep_alive=1) as device:
            for _ in range(5):
                time.sleep(0.6)
                device.ping()

    def test_takeover_closes_the_older_connection(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as older, self.gateway.connected(self.pki.device()) as newer:
            self.assertEqual(older.await_close(10), [])
            newer.publish("", b"the newer speaks")
            self.assertEqual(len(self.at_hub(1)), 1)
        self.await_metric(0, "devices_connected")

    def test_session_present_after_a_persistent_session(self):
        self.start_gateway()
        identity = self.pki.device()
        filters = [(f"devices/{identity.device_id}/messages/devicebound/#", 1)]
        with self.gateway.connected(identity, clean=False) as device:
            self.assertFalse(device.session_present)
            device.subscribe(filters)
            device.disconnect()
        with self.gateway.connected(identity, clean=False) as device:
            self.assertTrue(device.session_present)
            device.disconnect()
        with self.gateway.connected(identity, clean=True) as device:
            self.assertFalse(device.session_present)


class Protocol(GatewayTest):
    def test_subscribe_with_several_filters_answers_each_in_order(self):
        self.start_gateway()
        own, other = self.pki.ids[0], self.pki.ids[1]
        with self.gateway.connected(self.pki.device()) as device:
            codes = device.subscribe([(f"devices/{own}/messages/devicebound/#", 1), ("$iothub/twin/res/#", 0),
                                      ("$iothub/methods/POST/#", 2), (f"devices/{other}/messages/devicebound/#", 1),
                                      ("$iothub/twin/PATCH/properties/desired/#", 1)])
            self.assertEqual(codes, [1, 0, 1, 0x80, 1])
            device.send(mqtt.unsubscribe(9, ["$iothub/twin/res/#", "never/subscribed"]))
            self.assertEqual(device.expect(mqtt.UNSUBACK).packet_id, 9)

    def closes_after(self, data):
        with self.gateway.connected(self.pki.device()) as device:
            device.send(data)
            self.assertEqual(device.await_close(10), [])

    def test_violations_close_the_connection(self):
        self.start_gateway()
        own = self.pki.ids[0]
        topic = f"devices/{own}/messages/events/"
        for name, data in {
            "second CONNECT": mqtt.connect(own),
            "QoS 2": mqtt.publish(topic, b"x", qos=2),
            "QoS 3": mqtt.publish(topic, b"x", qos=3),
            "packet id 0": mqtt.publish(topic, b"x", packet_id=0),
            "wildcard in a topic": mqtt.publish(topic + "#", b"x"),
            "unknown topic": mqtt.publish("sensors/1", b"x"),
            "reserved packet type": mqtt.packet(15),
            "SUBSCRIBE with wrong flags": mqtt.packet(mqtt.SUBSCRIBE, b"\0\1" + mqtt.text("$iothub/twin/res/#") + b"\0"),
            "endless remaining length": b"\x30\xff\xff\xff\xff\x7f",
            "more than 256 KiB": mqtt.publish(topic, bytes(300 * 1024)),
            "topic that is not UTF-8": mqtt.publish(topic.encode() + b"\xc3\x28", b"x"),
        }.items():
            with self.subTest(name):
                self.closes_after(data)
        self.assertEqual(self.hub.messages(own), [])

    def test_first_packet_must_be_connect(self):
        self.start_gateway()
        with self.gateway.device(self.pki.device()) as device:
            device.pipe.handshake()
            device.send(mqtt.packet(mqtt.PINGREQ))
            self.assertEqual(device.await_close(10), [])

    def test_connect_split_byte_by_byte(self):
        self.start_gateway()
        identity = self.pki.device()
        for version in ("1.2", "1.3"):
            with self.subTest(version), self.gateway.device(identity, tls=version) as device:
                device.pipe.handshake()
                for byte in mqtt.connect(identity.device_id, f"hub/{identity.device_id}/?api-version=2021-04-12"):
                    device.send(bytes([byte]))
                device.await_connack()
                for byte in mqtt.publish(device.prefix + "a=b", b"slowly", 1, 7):
                    device.send(bytes([byte]))
                self.assertEqual(device.expect(mqtt.PUBACK).packet_id, 7)

    def test_connect_in_the_last_flight_of_the_handshake(self):
        self.start_gateway()
        with self.gateway.device(self.pki.device(), tls="1.3") as device:
            device.connect(last_flight=True)
            device.publish("", b"at once")

    def test_several_packets_in_one_record(self):
        self.start_gateway()
        identity = self.pki.device()
        with self.gateway.device(identity) as device:
            device.pipe.handshake()
            topic = device.prefix
            device.send(mqtt.connect(identity.device_id, f"hub/{identity.device_id}/?api-version=2021-04-12")
                        + b"".join(mqtt.publish(topic, str(number).encode(), 1, number) for number in range(1, 21))
                        + mqtt.packet(mqtt.PINGREQ))
            device.await_connack()
            answers = [device.receive() for _ in range(21)]
        self.assertEqual([answer.packet_id for answer in answers if answer.kind == mqtt.PUBACK], list(range(1, 21)))
        found = self.hub.await_messages(identity.device_id, 20)
        self.assertEqual([int(message["payload"]) for message in found], list(range(1, 21)))

    def test_silence_before_connect_is_ended(self):
        self.start_gateway()
        with self.gateway.device(self.pki.device()) as device:
            device.pipe.handshake()
            with self.assertRaises(Closed):
                device.expect(mqtt.CONNACK, timeout=30)


if __name__ == "__main__":
    unittest.main()
