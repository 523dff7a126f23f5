"""What the SDKs for C, C#, Python and embedded C send, byte for byte (reference 6.1), and what they insist on in what comes back.

Scripts over plain MQTT; the official SDK for Node is in test_sdk_parity.py.
"""

import json
import threading
import time
import unittest

import mqtt_packets as mqtt
from device import Closed, Refused
from harness import GatewayTest, wait_until

HUB = "contoso.azure-devices.net"
TWIN_ANSWERS = "$iothub/twin/res/#"
DESIRED = "$iothub/twin/PATCH/properties/desired/#"
METHODS = "$iothub/methods/POST/#"
GET = "$iothub/twin/GET/?$rid="
REPORTED = "$iothub/twin/PATCH/properties/reported/?$rid="
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


class DialectTest(GatewayTest):
    TAIL = "?api-version=2020-09-30"
    KEEP_ALIVE = 240
    HOST = HUB
    REQUEST_QOS = 0  # of what the device publishes besides telemetry
    DEVICES = 1

    def setUp(self):
        super().setUp()
        self.identity = self.pki.device()
        self.device_id = self.identity.device_id
        self.cloud = f"devices/{self.device_id}/messages/devicebound/#"

    def online(self, clean=False, **options):
        if not self.gateway:
            self.start_gateway()
        username = options.pop("username", f"{self.HOST}/{self.device_id}/{self.TAIL}")
        device = self.gateway.connected(self.identity, clean=clean, keep_alive=options.pop("keep_alive", self.KEEP_ALIVE), username=username,
                                        **options)
        self.addCleanup(device.close)
        return device

    def packets(self, sender, kind="PUBLISH"):
        return [one for one in self.hub.transcript(self.device_id) if one["from"] == sender and one["type"] == kind]

    def topics_at_hub(self, prefix):
        """(topic, payload in base64) of what reached the hub under these topics."""
        return [(one["topic"], one["payload"]) for one in self.packets("device") if one["topic"].startswith(prefix)]

    def followed(self, *filters):
        def missing():
            known = {name for one in self.packets("device", "SUBSCRIBE") for name, _ in one["filters"]}
            return set(filters) - known

        wait_until(lambda: not missing(), 20, lambda: f"at the hub: {missing()}")

    def link_up(self):
        self.await_metric(1, "upstream_sessions")

    def completed(self, count):
        wait_until(lambda: len(self.hub.completed(self.device_id)) >= count, 20,
                   lambda: f"{count} completed: {self.hub.cloud_messages(self.device_id)}")

    def ask(self, device, topic, payload=b""):
        """Publishes a request as the SDK does."""
        packet_id = device.take_id() if self.REQUEST_QOS else 0
        device.send(mqtt.publish(topic, payload, self.REQUEST_QOS, packet_id))
        return packet_id

    def asks(self, device, topic, payload, status):
        """Asks and gets the answer; its body. MQTT does not say whether a PUBACK comes before what it led to."""
        packet_id = self.ask(device, topic, payload)
        first = device.receive()
        if packet_id and first.kind == mqtt.PUBACK:
            self.assertEqual(first.packet_id, packet_id)
            first = device.receive()
        elif packet_id:
            self.assertEqual(device.expect(mqtt.PUBACK).packet_id, packet_id)
        got = mqtt.parse_publish(first)
        if got.qos:
            device.acknowledge(got)
        rid = topic.split("$rid=")[1]
        self.assertEqual(got.topic.split("&")[0], f"$iothub/twin/res/{status}/?$rid={rid}")
        self.assertEqual(rid_of(got.topic).split("&")[0], rid)
        return got.payload

    def method(self, device, name, payload, reply, status=200):
        """Calls a method; the device answers it with the topic that came, as every SDK does."""
        result = []
        caller = threading.Thread(target=lambda: result.append(self.hub.invoke(self.device_id, name, payload)))
        caller.start()
        got = device.message()
        rid = rid_of(got.topic)
        self.assertEqual(got.topic, f"$iothub/methods/POST/{name}/?$rid={rid}")
        self.assertNotRegex(rid, "[/&=]", "the SDK for C takes all that follows for the rid")
        self.assertEqual(json.loads(got.payload), payload)
        packet_id = self.ask(device, f"$iothub/methods/res/{status}/?$rid={rid}", reply)
        if packet_id:
            self.assertEqual(device.expect(mqtt.PUBACK).packet_id, packet_id)
        caller.join(30)
        self.assertEqual(result, [(200, {"status": status, "payload": json.loads(reply) if reply else None})])

    def sends(self, device, bags, properties):
        """Telemetry with these bags at QoS 1 arrives with the same topic, and the hub reads these properties from it."""
        for number, bag in enumerate(bags):
            device.publish(bag, b"%d" % number)
        found = self.hub.await_messages(self.device_id, len(bags))
        self.assertEqual([one["topic"] for one in found], [device.prefix + bag for bag in bags])
        self.assertEqual([one["payload"] for one in found], [b"%d" % number for number in range(len(bags))])
        self.assertEqual([dict(map(tuple, one["properties"])) for one in found], properties)

    def username_at_hub(self, tail):
        self.link_up()
        self.assertEqual(self.hub.call("GET", "/connections")[-1]["username"], f"localhost/{self.device_id}/{tail}")


def rid_of(topic):
    """As the SDK for C reads it: in level 5, behind these very characters, to the end of the level."""
    level = topic.split("/")[4]
    if not level.startswith("?$rid="):
        raise AssertionError(f"no rid in {topic}")
    return level.removeprefix("?$rid=")


class SdkForC(DialectTest):
    """1.15, also Azure Sphere's: one SUBSCRIBE, requests at QoS 0, decimal rids, raw bags, late acknowledgements."""

    HOST = "gateway.plant.example"  # Azure Sphere takes the name that it dials for the hub's (reference 6.2)
    TAIL = ("?api-version=2020-09-30&DeviceClientType=iothubclient%2F1.15.0%20(native%3B%20Linux%3B%20x86_64)"
            "&model-id=dtmi%3Acom%3Aexample%3AThermostat%3B1")

    def test_the_order_of_its_state_machine(self):
        device = self.online()
        self.assertEqual(device.subscribe([(self.cloud, 1), (TWIN_ANSWERS, 0), (METHODS, 0)]), [1, 0, 0])
        self.username_at_hub(self.TAIL)
        self.assertEqual(set(json.loads(self.asks(device, GET + "2", b"", 200))), {"desired", "reported"})
        self.assertEqual(device.subscribe([(DESIRED, 0)]), [0])
        self.followed(DESIRED, METHODS)
        self.assertEqual(self.topics_at_hub("$iothub/twin/GET/"), [(GET + "2", "")])
        self.hub.desire(self.device_id, {"speed": 3})
        pushed = device.message()
        self.assertRegex(pushed.topic, r"^\$iothub/twin/PATCH/properties/desired/\?\$version=\d+$")
        self.assertEqual((json.loads(pushed.payload)["speed"], pushed.qos), (3, 0))
        self.asks(device, REPORTED + "4", b'{"speed":3}', 204)
        self.method(device, "blink", {"times": 2}, b'{"done":true}')
        self.method(device, "blink", None, b"", status=-1)

    def test_no_answer_to_subscribe_would_be_no_telemetry(self):
        self.hub.faults(outage=True)
        device = self.online()
        self.assertEqual(device.subscribe([(self.cloud, 1), (TWIN_ANSWERS, 0), (METHODS, 0)]), [1, 0, 0])
        device.publish("a=b", b"while the hub is away")

    def test_a_bag_that_it_does_not_encode(self):
        self.sends(self.online(), [
            "path=/plant/line 7/a:b;c$d&%24.mid=id/1&%24.cid=c:1 2&%24.ct=application/json;charset=utf-8&%24.ce=utf-8",
            "app=first&%24.ct=application%2Fjson&%24.ce=utf-8&%24.ctime=2026-01-02T03%3A04%3A05.678Z",
            "empty=&%24.mid=2/",
            "grüße=täglich, 5°",
        ], [
            {"path": "/plant/line 7/a:b;c$d", "$.mid": "id/1", "$.cid": "c:1 2", "$.ct": "application/json;charset=utf-8", "$.ce": "utf-8"},
            {"app": "first", "$.ct": "application/json", "$.ce": "utf-8", "$.ctime": "2026-01-02T03:04:05.678Z"},
            {"empty": "", "$.mid": "2"},
            {"grüße": "täglich, 5°"},
        ])

    def test_a_message_is_acknowledged_when_the_application_has_dealt_with_it(self):
        device = self.online()
        device.subscribe([(self.cloud, 1)])
        for number in range(3):
            self.hub.send_to(self.device_id, b"%d" % number, iothub_messageid=str(number), iothub_ack="full")
        got = [device.message(acknowledge=False) for _ in range(3)]
        device.publish("", b"meanwhile")  # nothing waits for the application
        time.sleep(0.3)
        self.assertEqual(self.hub.completed(self.device_id), [])
        for number in (1, 0, 2):
            device.acknowledge(got[number])
            wait_until(lambda: str(number) in {one["message_id"] for one in self.hub.completed(self.device_id)}, 10, f"{number} completed")

    def test_an_application_that_decides_after_a_reconnect(self):
        """It acknowledges the first copy, under its packet id, and must not thereby acknowledge another message."""
        self.start_gateway()
        for return_at_once in (False, True):
            with self.subTest(the_hub_takes_back_at_once=return_at_once):
                self.hub.rules(cloud_return_at_disconnect=return_at_once)
                device = self.online(clean=True)
                device.subscribe([(self.cloud, 1)])
                for text in (b"one", b"two", b"slow", b"late"):
                    self.hub.send_to(self.device_id, text, iothub_messageid=text.decode())
                got = {one.payload: one for one in (device.message(acknowledge=False) for _ in range(4))}
                device.acknowledge(got[b"one"])
                device.acknowledge(got[b"two"])
                wait_until(lambda: len(self.hub.cloud_messages(self.device_id)["queue"]) == 2, 10, "two completed")
                device.close()
                again = self.online()
                again.subscribe([(self.cloud, 1)])
                copies = {one.payload: one for one in (again.message(acknowledge=False) for _ in range(2))}
                self.assertEqual({text: (one.packet_id, one.dup) for text, one in copies.items()},
                                 {text: (got[text].packet_id, True) for text in (b"slow", b"late")})
                again.acknowledge(got[b"slow"])
                wait_until(lambda: [one["message_id"] for one in self.hub.cloud_messages(self.device_id)["queue"]] == ["late"], 10,
                           "the slow one completed, not the late one")
                again.acknowledge(copies[b"late"])
                wait_until(lambda: not self.hub.cloud_messages(self.device_id)["queue"], 10, "completed")
                again.disconnect()

    def test_unacknowledged_messages_are_sent_again_in_their_order(self):
        self.start_gateway(extra={"queue": {"commit_after": "1h"}})
        self.hub.faults(puback_delay_ms=60_000)
        device = self.online()
        packets = [mqtt.publish(device.prefix + "n=%d" % number, b"%d" % number, 1, 10 + number) for number in range(3)]
        again = [mqtt.publish(device.prefix + "n=%d" % number, b"%d" % number, 1, 10 + number, dup=True) for number in range(3)]
        device.send(b"".join(packets))
        self.hub.await_messages(self.device_id, 3)
        device.send(b"".join(again))  # after 60 s on the same connection: one copy is enough
        device.ping()
        self.assertEqual(len(self.hub.messages(self.device_id)), 3)
        device.close()
        self.hub.faults(puback_delay_ms=0)
        self.hub.drop(self.device_id)
        device = self.online()
        device.send(b"".join(again))
        self.assertEqual([device.expect(mqtt.PUBACK).packet_id for _ in range(3)], [10, 11, 12])
        texts = [one["payload"] for one in self.hub.messages(self.device_id)]
        self.assertEqual(list(dict.fromkeys(texts)), [b"0", b"1", b"2"])
        self.assertLessEqual(len(texts), 9)

    def test_it_pings_only_when_it_has_nothing_to_send(self):
        device = self.online(keep_alive=1)
        began = time.monotonic()
        while time.monotonic() - began < 2.5:
            time.sleep(0.7)
            device.publish("", b"instead of a ping")
        time.sleep(1)
        device.ping()
        with self.assertRaises(Closed):
            device.receive(3)
            device.receive(0.1)

    def test_every_connection_reads_the_twin_anew(self):
        self.start_gateway()
        for number in range(3):
            self.hub.desire(self.device_id, {"number": number})
            device = self.online()
            self.assertEqual(device.session_present, number > 0)
            device.subscribe([(self.cloud, 1), (TWIN_ANSWERS, 0), (METHODS, 0)])
            self.assertEqual(json.loads(self.asks(device, GET + "2", b"", 200))["desired"]["number"], number)
            device.close()

    def test_a_module_is_refused_in_a_way_that_it_understands(self):
        self.start_gateway()
        for client_id, name in ((f"{self.device_id}/thermostat", f"{self.device_id}/thermostat"),
                                (self.device_id, f"{self.device_id}/thermostat"), (f"{self.device_id}/$edgeHub", self.device_id)):
            with self.assertRaises(Refused) as refused:
                self.online(client_id=client_id, username=f"{self.HOST}/{name}/{self.TAIL}")
            self.assertEqual(refused.exception.code, 5, "2 and 4 stop the SDK for good (reference 1.2)")
        device = self.online()
        module = f"devices/{self.device_id}/modules/thermostat/#"
        self.assertEqual(device.subscribe([(self.cloud, 1), (module, 1)]), [1, 0x80], "which it takes for granted")
        device.publish("", b"works all the same")


class SdkForDotNet(DialectTest):
    """C#, the main line: one filter a packet, all at QoS 1, a slash behind the bag, requests at QoS 0."""

    TAIL = ("?api-version=2020-09-30&DeviceClientType=.NET%2F1.42.0%20%28.NET%206.0.36%3B%20Linux%205.15.0%3B%20X64%29"
            "&model-id=dtmi%3Acom%3Aexample%3AThermostat%3B1")
    KEEP_ALIVE = 300
    RIDS = ("17", "18")

    def test_its_conversation(self):
        self.start_gateway()
        self.hub.rules(answer_qos_max=1)
        device = self.online()
        for name in (TWIN_ANSWERS, self.cloud, METHODS, DESIRED):
            self.assertEqual(device.subscribe([(name, 1)]), [1])
        self.followed(TWIN_ANSWERS, self.cloud, METHODS, DESIRED)
        self.username_at_hub(self.TAIL)
        read, report = self.RIDS
        self.asks(device, GET + read, b"", 200)
        self.assertEqual(self.topics_at_hub("$iothub/twin/GET/"), [(GET + read, "")])
        self.assertEqual(self.asks(device, REPORTED + report, b'{"a":{"b":null}}', 204), b"")
        self.hub.desire(self.device_id, {"a": 1})
        self.assertEqual(json.loads(device.message().payload)["a"], 1)
        self.method(device, "Reboot", {"delay": 1}, b"{}", status=202)
        self.hub.send_to(self.device_id, b"after Complete", iothub_messageid="1")
        got = device.message(acknowledge=False)
        self.assertEqual((got.payload, got.qos), (b"after Complete", 1))
        device.ping()
        device.acknowledge(got)
        self.completed(1)

    def test_system_and_application_properties_mixed_and_a_slash_behind_them(self):
        self.sends(self.online(), [
            "%24.mid=1&level=high&%24.ct=application%2Fjson&%24.ctime=2026-01-02T03%3A04%3A05.0000000Z&a%20b=c%2Fd/",
            "%24.schema=s&%24.sub=thermostat1/",
            "/",
        ], [
            {"$.mid": "1", "level": "high", "$.ct": "application/json", "$.ctime": "2026-01-02T03:04:05.0000000Z", "a b": "c/d"},
            {"$.schema": "s", "$.sub": "thermostat1"},
            {},
        ])

    def test_a_kept_session_spares_it_the_subscription(self):
        device = self.online()
        device.subscribe([(self.cloud, 1)])
        self.followed(self.cloud)
        device.close()
        self.hub.send_to(self.device_id, b"while away")
        again = self.online()
        self.assertTrue(again.session_present)
        self.assertEqual(again.message().payload, b"while away")
        self.completed(1)

    def test_it_pings_though_it_has_sent(self):
        device = self.online(keep_alive=2)
        for number in range(4):
            device.publish("", b"%d" % number)
            device.ping()

    def test_a_will(self):
        device = self.online(will=mqtt.Will(f"devices/{self.device_id}/messages/events/", b"gone", qos=1))
        device.close()
        found = self.hub.await_messages(self.device_id, 1)[0]
        self.assertEqual((found["payload"], found["properties"]), (b"gone", [["iothub-MessageType", "Will"]]))


class SdkForDotNetLts(SdkForDotNet):
    """C#, the line that edgeHub is built on: requests at QoS 1, GUIDs, auth-chain behind the rest (only gateways may send that)."""

    TAIL = "?api-version=2020-09-30&DeviceClientType=.NET%2F1.43.2-edgeLts%20%28.NET%208.0.11%3B%20Linux%3B%20X64%29"
    REQUEST_QOS = 1
    RIDS = (GUID, GUID.upper())

    def test_an_auth_chain_is_for_gateways(self):
        with self.assertRaises(Refused) as refused:
            self.online(username=f"{HUB}/{self.device_id}/{self.TAIL}&auth-chain={self.device_id}%3Bedge1")
        self.assertEqual(refused.exception.code, 5)


class SdkForPython(DialectTest):
    """2.14 on paho: one filter a packet, everything at QoS 1, a space for the body of a twin read, UUIDs."""

    TAIL = "?api-version=2019-10-01&DeviceClientType=azure-iot-device-iothub-py%2F2.14.0%283.11.7%3BLinux%3Bx86_64%29"
    KEEP_ALIVE = 60
    REQUEST_QOS = 1

    def test_its_conversation(self):
        self.start_gateway()
        self.hub.rules(answer_qos_max=1)
        device = self.online()
        for name in (self.cloud, METHODS, TWIN_ANSWERS, DESIRED):
            self.assertEqual(device.subscribe([(name, 1)]), [1])
        self.followed(self.cloud, METHODS, TWIN_ANSWERS, DESIRED)
        self.username_at_hub(self.TAIL)
        self.asks(device, GET + GUID, b" ", 200)
        self.assertEqual(self.topics_at_hub("$iothub/twin/GET/"), [(GET + GUID, "IA==")])
        self.asks(device, REPORTED + GUID, b'{"temperature": 21.5}', 204)
        self.method(device, "restart", {}, b"null")
        # The library acknowledges before the application sees anything.
        self.hub.send_to(self.device_id, b"hello", iothub_app_k="v")
        self.assertEqual(device.message().payload, b"hello")
        self.completed(1)

    def test_system_properties_first_and_the_others_sorted(self):
        self.sends(self.online(), [
            "%24.mid=a%2Fb&%24.cid=c&%24.uid=u&%24.ct=application%2Fjson&%24.ce=utf-8&%24.exp=2031-01-01T00%3A00%3A00Z&a=1&b=%C3%BC%20~_-.",
            "%24.ifid=urn%3Aazureiot%3ASecurity%3ASecurityAgent%3A1&%24.sub=thermostat1",
        ], [
            {"$.mid": "a/b", "$.cid": "c", "$.uid": "u", "$.ct": "application/json", "$.ce": "utf-8", "$.exp": "2031-01-01T00:00:00Z", "a": "1",
             "b": "ü ~_-."},
            {"$.ifid": "urn:azureiot:Security:SecurityAgent:1", "$.sub": "thermostat1"},
        ])

    def test_paho_sends_again_what_was_on_its_way(self):
        self.hub.faults(outage=True)
        self.start_gateway(extra={"queue": {"commit_after": "1h"}})
        device = self.online()
        device.publish("n=1", b"1")  # the hub is away, so it was written at once
        device.send(mqtt.publish(device.prefix + "n=2", b"2", 1, 2))
        device.close()
        device = self.online()
        device.send(mqtt.publish(device.prefix + "n=2", b"2", 1, 2, dup=True))
        self.assertEqual(device.expect(mqtt.PUBACK).packet_id, 2)
        self.hub.heal()
        self.await_drained()
        texts = [one["payload"] for one in self.hub.messages(self.device_id)]
        self.assertEqual(list(dict.fromkeys(texts)), [b"1", b"2"])

    def test_plug_and_play_changes_its_user_name(self):
        tail = self.TAIL.replace("2019-10-01", "2020-09-30") + "&model-id=dtmi%3Acom%3Aexample%3AThermostat%3B1"
        self.online(username=f"{HUB}/{self.device_id}/{tail}")
        self.username_at_hub(tail)
        self.assertEqual(self.hub.call("GET", "/connections")[-1]["model_id"], "dtmi:com:example:Thermostat;1")


class SdkForEmbeddedC(DialectTest):
    """The application is the MQTT client: telemetry at QoS 0, a clean session, any rid, no more in the user name than needed."""

    def test_its_conversation(self):
        device = self.online(clean=True)
        self.username_at_hub(self.TAIL)
        self.assertEqual(device.subscribe([(METHODS, 1)]), [1])
        self.assertEqual(device.subscribe([(TWIN_ANSWERS, 0)]), [0])
        self.assertEqual(device.subscribe([(DESIRED, 0)]), [0])
        self.followed(METHODS, TWIN_ANSWERS, DESIRED)
        for rid in ("get_twin", "r", "1.5-x_y~z"):
            self.asks(device, GET + rid, b"", 200)
            self.asks(device, REPORTED + rid, b'{"rid":"%b"}' % rid.encode(), 204)
        self.method(device, "ping", "x", b'"pong"', status=0)

    def test_telemetry_at_qos_0(self):
        device = self.online(clean=True)
        for number in range(5):
            device.publish(f"%24.ct=application%2Fjson&n=%25{number}", b"0", qos=0)
        found = self.hub.await_messages(self.device_id, 5)
        self.assertEqual([dict(map(tuple, one["properties"]))["n"] for one in found], [f"%{number}" for number in range(5)])


class Mistakes(DialectTest):
    """What applications get wrong, and IoT Hub and edgeHub pass over (reference 1.7, 5.2)."""

    def test_an_answer_to_a_method_whose_status_is_no_number(self):
        device = self.online()
        device.subscribe([(METHODS, 0)])
        self.followed(METHODS)
        result = []
        caller = threading.Thread(target=lambda: result.append(self.hub.invoke(self.device_id, "m", 1, timeout=5)))
        caller.start()
        rid = rid_of(device.message().topic)
        for status in ("ok", "", "200x", "99999999999"):
            device.send(mqtt.publish(f"$iothub/methods/res/{status}/?$rid={rid}", b"1", 1, 7))
            self.assertEqual(device.expect(mqtt.PUBACK).packet_id, 7)
        self.assertEqual(self.gateway.metric("downstream_undelivered_total"), 4)
        self.ask(device, f"$iothub/methods/res/200/?$rid={rid}", b"2")
        caller.join(30)
        self.assertEqual(result, [(200, {"status": 200, "payload": 2})])

    def test_requests_of_a_device_that_does_not_listen_to_answers(self):
        device = self.online()
        self.link_up()
        self.ask(device, REPORTED + "1", b'{"a":1}')
        self.ask(device, GET + "2")
        self.ask(device, "$iothub/twin/GET/")
        wait_until(lambda: self.hub.twin(self.device_id)["properties"]["reported"].get("a") == 1, 10, "the patch at the hub")
        self.await_metric(2, "downstream_undelivered_total")
        device.subscribe([(TWIN_ANSWERS, 0)])
        self.assertEqual(json.loads(self.asks(device, GET + "3", b"", 200))["reported"]["a"], 1)


class OlderClients(DialectTest):
    def test_the_user_name_of_2016_and_topics_without_their_last_slash(self):
        device = self.online(username=f"{HUB}/{self.device_id}/api-version=2016-11-14")
        self.username_at_hub("?api-version=2016-11-14")
        device.prefix = f"devices/{self.device_id}/messages/events"
        for suffix in ("", "/", "/?a=b", "/a=b/"):
            device.publish(suffix, b"x")
        found = self.hub.await_messages(self.device_id, 4)
        self.assertEqual([one["topic"].removeprefix(device.prefix) for one in found], ["", "/", "/?a=b", "/a=b/"])
        self.assertEqual([one["properties"] for one in found], [[], [], [["a", "b"]], [["a", "b"]]])

    def test_another_version_of_mqtt(self):
        self.start_gateway()
        for level in (3, 5):
            with self.gateway.device(self.identity) as device:
                device.pipe.handshake()
                device.send(mqtt.connect(self.device_id, f"{HUB}/{self.device_id}/{self.TAIL}", level=level))
                answers = device.await_close()
                self.assertEqual([(one.kind, one.body) for one in answers], [(mqtt.CONNACK, b"\0\1")], level)

    def test_the_name_of_mqtt_3_1(self):
        self.start_gateway()
        with self.gateway.device(self.identity) as device:
            device.pipe.handshake()
            body = mqtt.text("MQIsdp") + b"\3\2\0\x3c" + mqtt.text(self.device_id)
            device.send(mqtt.packet(mqtt.CONNECT, body))
            self.assertEqual([one.body for one in device.await_close()], [b"\0\1"])


if __name__ == "__main__":
    unittest.main()
