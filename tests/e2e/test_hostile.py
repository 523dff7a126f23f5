"""What a device with a good certificate, or a stranger, may try: the gateway goes on serving the others."""

import json
import os
import socket
import subprocess
import time
import unittest

import mqtt_packets as mqtt
from device import Refused
from harness import SANITIZED, GatewayTest, http_request, program, short_id, wait_until

READ = "$iothub/twin/GET/?$rid="
PATCH = "$iothub/twin/PATCH/properties/reported/?$rid="
WILL_PROPERTY = "iothub-MessageType=Will"


class Hostile(GatewayTest):
    def await_refusals(self, count, result):
        self.await_metric(count, "device_connections_total", result=result)

    def test_a_will_at_the_limit_of_a_topic_ends_nothing(self):
        self.start_gateway()
        device = self.pki.device()
        base = f"devices/{device.device_id}/messages/events/"
        largest = 65535 - len("&" + WILL_PROPERTY)
        for refused, size in enumerate((65535, 65512, largest + 1), 1):
            with self.subTest(topic_bytes=size), self.assertRaises(Refused) as caught:
                self.gateway.connected(device, will=mqtt.Will(base.ljust(size, "a"), b"w"))
            self.assertEqual(caught.exception.code, 5)
            self.await_refusals(refused, "bad_will")
        self.gateway.connected(device, will=mqtt.Will(base.ljust(largest, "a"), b"w")).close()
        arrived = self.hub.await_messages(device.device_id, 1)
        self.assertEqual(arrived[0]["payload"], b"w")
        self.assertTrue(self.gateway.running)

    def test_an_auth_chain_in_disguise_does_not_reach_the_hub(self):
        self.start_gateway()
        own, other = self.pki.ids[0], self.pki.ids[1]
        queries = {f"auth-chain={other};{own}": "auth_chain", f"Auth-Chain={other}": "auth_chain", f"auth%2dchain={other}": "auth_chain",
                   f"auth-chain={other}%": "bad_username", f"auth-chain={other}%zz": "bad_username", "x=\r\n\x1b[31m": "bad_username",
                   "x=\u009b31m": "bad_username", "auth%00-chain=x": "bad_username", "x=a b": "bad_username"}
        for query, result in queries.items():
            before = self.gateway.metric("device_connections_total", result=result)
            with self.subTest(query), self.assertRaises(Refused) as caught:
                self.gateway.connected(self.pki.device(), username=f"gateway/{own}/?api-version=2021-04-12&{query}")
            self.assertEqual(caught.exception.code, 5)
            self.await_refusals(before + 1, result)
        self.assertEqual(self.hub.stats()["connects_accepted"], 0)
        with self.gateway.connected(self.pki.device(), username=f"gateway/{own}/?api-version=2021-04-12&model-id=dtmi:com:x:y;1"
                                    "&DeviceClientType=azure-iot-device%2F1.18.3%20(node%20v18)") as device:
            device.publish("", b"in")

    def test_one_device_has_few_connections_that_say_nothing(self):
        self.start_gateway()
        silent = []
        for _ in range(5):
            silent.append(self.gateway.device(self.pki.device()))
            self.addCleanup(silent[-1].close)
            silent[-1].pipe.handshake()
        self.await_refusals(1, "too_many_unfinished")
        lines = self.gateway.log_lines("device refused")
        self.assertEqual([(line["cn"], line["result"]) for line in lines], [(short_id(self.pki.ids[0]), "too_many_unfinished")])
        self.gateway.connected(self.pki.device(1)).disconnect()
        silent[0].close()
        wait_until(lambda: self.gateway.metric("device_disconnections_total", reason="lost") == 1, 10, "the end of a silent connection")
        with self.gateway.connected(self.pki.device()) as device:
            device.publish("", b"in")

    def test_an_unfinished_connect_may_not_grow(self):
        self.start_gateway()
        with self.gateway.device(self.pki.device()) as device:
            device.pipe.handshake()
            device.send(b"\x10\x80\x80\x05")  # 80 KiB will follow
            self.assertEqual(device.await_close(5), [])

    def test_strangers_cannot_take_the_last_descriptors(self):
        gateway = self.start_gateway(wait=False)
        gateway.kill()
        gateway.wrapper = ["prlimit", "--nofile=150:150"]
        gateway.start()
        warning = gateway.log_lines("too few files for devices.max_connections")[-1]
        self.assertEqual(warning["connections_max"], "25")
        with gateway.connected(self.pki.device()) as device:
            self.hub.faults(outage=True)
            strangers = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(200)]
            self.addCleanup(lambda: [stranger.close() for stranger in strangers])
            wait_until(lambda: gateway.metric("tls_handshakes_total", result="too_many_unauthenticated") >= 150, 40, "strangers turned away")
            for number in range(10):
                device.publish("", b"%d" % number)
        self.assertEqual(gateway.metric("accept_failures_total"), 0)
        self.assertEqual(gateway.metric("queue_open"), 1)

    def test_idle_clients_do_not_keep_operators_out(self):
        self.start_gateway()
        idle = [socket.create_connection(("127.0.0.1", self.gateway.http_port)) for _ in range(200)]
        self.addCleanup(lambda: [client.close() for client in idle])
        begin = time.monotonic()
        self.assertEqual(http_request(self.gateway.http_port, "GET", "/healthz")[0], 200)
        self.assertLess(time.monotonic() - begin, 5)

    def test_a_device_that_comes_and_goes_does_not_fill_the_log(self):
        self.start_gateway()
        for _ in range(20):
            with self.assertRaises(Refused):
                self.gateway.connected(self.pki.device(), client_id="x\u202e\u009b" * 100)
            self.gateway.connected(self.pki.device()).disconnect()
        self.await_metric(20, "device_disconnections_total", reason="disconnected")
        visits = self.gateway.log_lines("device connected") + self.gateway.log_lines("device disconnected")
        self.assertEqual((len(visits), len(self.gateway.log_lines("device refused"))), (10, 1))
        log = self.gateway.log.read_bytes().decode()  # UTF-8 throughout
        self.assertFalse(set(log) & {"\u202e", "\u009b"})

    def reading_offline(self):
        """A device whose twin the gateway knows, and no hub."""
        self.hub.register(self.pki.ids[0])
        self.start_gateway()
        device = self.gateway.connected(self.pki.device())
        self.addCleanup(device.close)
        device.subscribe([("$iothub/twin/res/#", 0)])
        device.request(READ + "known")
        self.assertEqual(device.message().topic, "$iothub/twin/res/200/?$rid=known")
        self.hub.faults(outage=True)
        self.await_metric(0, "upstream_connected")
        return device

    def test_a_request_id_beyond_measure_gets_no_answer(self):
        device = self.reading_offline()
        for size in (1020, 60_000, 65_508, 65_509, 65_535 - len(READ)):
            device.request(READ + "r" * size)
        device.request(READ + "after")
        self.assertEqual(device.message().topic, "$iothub/twin/res/200/?$rid=after")
        self.assertEqual(self.gateway.metric("twin_reads_refused_total"), 5)

    def test_reads_that_wait_hold_little(self):
        device = self.reading_offline()
        before = self.gateway.metric("process_resident_memory_bytes")
        for index in range(1, 4):
            waiting = self.gateway.connected(self.pki.device(index))
            self.addCleanup(waiting.close)
            for number in range(16):
                waiting.request(f"{READ}{number}-" + "r" * 1000, b"p" * 190_000)
            waiting.ping()
        if not SANITIZED:
            self.assertLess(self.gateway.metric("process_resident_memory_bytes") - before, 4 << 20)
        device.ping()

    def test_a_device_that_does_not_read_misses_no_change_unawares(self):
        own = self.pki.ids[0]
        self.hub.register(own)
        self.start_gateway()
        device = self.gateway.connected(self.pki.device(), keep_alive=600)
        self.addCleanup(device.close)
        device.subscribe([("$iothub/twin/res/#", 0), ("$iothub/twin/PATCH/properties/desired/#", 0)])
        device.request(READ + "1")
        version = json.loads(device.message().payload)["desired"]["$version"]
        for number in range(700):
            self.hub.desire(own, {f"k{number % 300}": number, **{f"pad{one}": f"{number}".ljust(4000, "x") for one in range(6)}})
        self.await_metric(1, "device_disconnections_total", reason="too_slow")
        told = [json.loads(mqtt.parse_publish(packet).payload)["$version"] for packet in device.await_close()]
        self.assertEqual(told, list(range(version + 1, version + 1 + len(told))))

    def test_patches_faster_than_the_store_do_not_pile_up_in_memory(self):
        device = self.reading_offline()
        before = self.gateway.metric("process_resident_memory_bytes")
        large = mqtt.publish(PATCH, json.dumps({f"k{number}": "x" * 4000 for number in range(7)}).encode(), 0)
        peak = 0
        for _ in range(80):
            device.send(large * 50)
            peak = max(peak, self.gateway.metric("process_resident_memory_bytes"))
        if not SANITIZED:  # a sanitizer keeps what was freed
            self.assertLess(peak - before, 60 << 20)
        self.assertEqual(self.gateway.metric("state_changes_total", result="refused"), 0)
        self.await_metric(4000, "twin_patches_accepted_total", 60)

    def test_refused_patches_do_not_fill_the_log(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            for _ in range(100):
                device.request(PATCH + "1", b"[")
            device.ping()
        self.assertEqual(self.gateway.metric("twin_patches_refused_total"), 100)
        self.assertEqual(len(self.gateway.log_lines("twin patch refused")), 1)

    def test_config_check_does_not_wait_for_a_pipe(self):
        pipe = self.directory / "pipe.yaml"
        os.mkfifo(pipe)
        for file in (pipe, "/dev/zero"):
            ended = subprocess.run([program("spheregate"), "config", "check", str(file)], capture_output=True, text=True, timeout=10,
                                   check=False)
            self.assertEqual(ended.returncode, 78)
            self.assertIn("name a regular file", ended.stderr)


if __name__ == "__main__":
    unittest.main()
