"""Who is at the door and not in yet: bounded in number, time, memory and work, while those who are in do not notice."""

import os
import resource
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import attack
import mqtt_packets as mqtt
from device import API, GATEWAY_NAME, Closed, Identity
from harness import SANITIZED, GatewayTest, wait_until

DEADLINE_SECONDS = 10  # of the handshake, and then of CONNECT
RECORD = b"\x16\x03\x03"


def handshake_record(message):
    return RECORD + len(message).to_bytes(2, "big") + message


class Door(GatewayTest):
    def cpu_seconds(self):
        return attack.Attack.cpu(self)

    def handshakes(self, result):
        return self.gateway.metric("tls_handshakes_total", result=result)

    def resident(self):
        return self.gateway.metric("process_resident_memory_bytes")

    def raw(self, data=b"", source=None):
        peer = socket.create_connection(("127.0.0.1", self.gateway.port), 20, (source, 0) if source else None)
        self.addCleanup(peer.close)
        if data:
            peer.sendall(data)
        return peer

    def seconds_to_end(self, peer, data, pause):
        """Sends a byte at a time until the gateway has had enough."""
        began = time.monotonic()
        try:
            for byte in data:
                peer.send(bytes([byte]))
                time.sleep(pause)
        except (OSError, Closed):
            pass
        return time.monotonic() - began

    def test_nothing_that_a_peer_sends_is_worth_more_than_its_deadline(self):
        self.start_gateway()
        began, ends = time.monotonic(), {}
        device = self.gateway.device(self.pki.device())
        self.addCleanup(device.close)
        device.pipe.handshake()
        greeting = mqtt.connect(self.pki.ids[0], f"{GATEWAY_NAME}/{self.pki.ids[0]}{API}", 60, True)[:-1]

        def silent():
            peer = self.raw()
            peer.settimeout(60)
            peer.recv(1)
            ends["nothing"] = time.monotonic() - began

        def crumbs():
            ends["hello"] = self.seconds_to_end(self.raw(), attack.client_hello()[:-1], 0.2)

        def connect():
            try:
                for byte in greeting:
                    device.send(bytes([byte]))
                    time.sleep(0.1)
                device.await_close(30)
            except (OSError, Closed):
                pass
            ends["connect"] = time.monotonic() - began

        threads = [threading.Thread(target=work) for work in (silent, crumbs, connect)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)
        self.assertEqual(set(ends), {"nothing", "hello", "connect"})
        for what, seconds in ends.items():
            self.assertGreater(seconds, DEADLINE_SECONDS - 2, what)
            self.assertLess(seconds, DEADLINE_SECONDS + 15, what)
        self.assertEqual(self.handshakes("timeout"), 2)
        self.await_metric(1, "device_connections_total", result="connect_timeout")

    def test_what_is_no_handshake_is_refused_by_its_label(self):
        self.start_gateway()
        hello = attack.client_hello()
        cases = {"64 kB of extensions": attack.with_extension(hello, 64000), "random records": attack.random_records(7),
                 "a ClientHello that announces 128 kB": handshake_record(b"\x01\x01\xf4\x00" + b"\x03\x03"),
                 "a certificate first": handshake_record(b"\x0b\x00\x10\x00" + bytes(100)),
                 "HTTP": b"GET / HTTP/1.1\r\n\r\n", "SSL 2": b"\x80\x2e\x01\x00\x02" + bytes(43),
                 "empty records": handshake_record(b"") * 100, "alerts": b"\x15\x03\x03\x00\x02\x01\x5a" * 100}
        for number, (what, data) in enumerate(cases.items(), 1):
            with self.subTest(what):
                peer = self.raw()
                try:
                    peer.sendall(data)
                except ConnectionError:
                    pass
                await_end(peer)
                self.await_metric(number, "tls_handshakes_total", result="protocol")
        self.gateway.connected(self.pki.device()).disconnect()

    def test_a_hundred_certificates_are_too_many(self):
        self.start_gateway()
        chain = self.directory / "chain.pem"
        own = self.pki.device()
        chain.write_text("".join(Path(self.pki.device(number % 4).certificate).read_text() for number in range(100)))
        for version in ("1.2", "1.3"):
            with self.subTest(version), self.assertRaises((Closed, OSError)):
                self.gateway.connected(Identity(own.device_id, str(chain), own.key), tls=version)
        self.await_metric(2, "tls_handshakes_total", result="protocol")

    def test_old_versions_renegotiation_and_compression_are_off(self):
        self.start_gateway()
        for number, version in enumerate((ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1), 1):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with self.assertRaises((ssl.SSLError, OSError)), socket.create_connection(("127.0.0.1", self.gateway.port), 20) as raw:
                context.wrap_socket(raw)
            self.await_metric(number, "tls_handshakes_total", result="protocol")
        device = self.pki.device()
        client = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.gateway.port}", "-tls1_2", "-cert", device.certificate, "-key", device.key],
            input="R\n" * 5, capture_output=True, text=True, timeout=60, check=False)
        self.assertIn("Compression: NONE", client.stdout)
        self.assertRegex(client.stdout + client.stderr, "no renegotiation|NO_RENEGOTIATION")
        self.gateway.connected(self.pki.device(1)).disconnect()

    def test_what_comes_before_the_connack_is_held_within_bounds(self):
        self.start_gateway()
        with self.gateway.device(self.pki.device()) as device:
            device.pipe.handshake()
            with self.assertRaises((Closed, OSError)):
                for _ in range(50):
                    device.send(mqtt.publish(device.prefix, b"x" * 60_000, 0))
                device.await_close()
                raise Closed("with a goodbye")
        self.await_metric(1, "device_connections_total", result="protocol_error")

    def test_refused_devices_that_knock_cost_little_and_are_back_when_mended(self):
        gateway = self.start_gateway(extra={"devices": {"connect_rate_per_source": 5}})
        stranger, source = self.pki.variant("tenant_b"), "127.9.0.1"

        def knock(identity=stranger):
            try:
                gateway.connected(identity, source=source, patience=5).disconnect()
                return True
            except (Closed, OSError):
                return False

        def shut_out():
            time.sleep(0.25)
            return not knock() and self.handshakes("backed_off") >= 3

        wait_until(shut_out, 30, "a knocker who is shut out")
        self.assertLess(self.handshakes("unknown_ca"), 12)
        self.assertEqual(len([line for line in gateway.log_lines("device refused") if line["result"] == "backed_off"]), 1)
        gateway.connected(self.pki.device(1), source="127.9.0.2").disconnect()
        began = time.monotonic()
        wait_until(lambda: knock(self.pki.device()) or time.sleep(0.5), 31, "the mended device")
        self.assertLess(time.monotonic() - began, 31)
        refused = self.handshakes("unknown_ca")
        for _ in range(8):
            self.assertFalse(knock())
            time.sleep(0.3)
        self.assertEqual(self.handshakes("unknown_ca"), refused + 8, "its neighbour got in a moment ago")

    def test_a_crowd_of_strangers_costs_the_memory_that_is_stated(self):
        cap = 200
        self.start_gateway(extra={"devices": {"max_unauthenticated": cap}})
        device = self.gateway.connected(self.pki.device())
        self.addCleanup(device.close)
        before, budget = self.resident(), self.gateway.metric("unauthenticated_memory_max_bytes")
        body = bytes(16_000)
        hello = handshake_record(b"\x01" + (16_300).to_bytes(3, "big") + body)
        crowd = [self.raw(hello + RECORD + b"\x40\x00" + body) for _ in range(2 * cap)]
        wait_until(lambda: self.gateway.metric("unauthenticated_dropped_total") >= cap, 30, "room made for the second half")
        self.assertLessEqual(self.gateway.metric("connections_unauthenticated"), cap)
        if not SANITIZED:
            self.assertLess(self.resident() - before, budget + (4 << 20))
        device.publish("", b"still in")
        self.gateway.connected(self.pki.device(1)).disconnect()
        self.assertEqual(len(crowd), 2 * cap)

    def test_without_descriptors_who_is_in_is_served(self):
        gateway = self.start_gateway()
        pid = gateway.process.pid
        device = gateway.connected(self.pki.device())
        self.addCleanup(device.close)
        device.publish("", b"before")
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + 8, limits[1]))
        waiting = [self.raw() for _ in range(40)]
        time.sleep(1)
        cpu, began = self.cpu_seconds(), time.monotonic()
        for number in range(20):
            device.publish("", b"%d" % number)
            time.sleep(0.1)
        self.assertLess((self.cpu_seconds() - cpu) / (time.monotonic() - began), 0.5)
        self.assertEqual(len(gateway.log_lines("cannot accept connections")), 1)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        self.assertGreater(gateway.metric("accept_failures_total"), 0)
        self.assertLess(gateway.metric("accept_failures_total"), 200)
        for peer in waiting:
            peer.close()
        gateway.connected(self.pki.device(1)).disconnect()


class Attack(unittest.TestCase):
    """The attack run, short and small; `./dev attack` has all of it. Times are not judged here: other tests run beside it."""

    def test_devices_go_on_and_newcomers_get_in(self):
        with tempfile.TemporaryDirectory(prefix="spheregate-attack-") as directory:
            run = attack.Attack(directory, 12, quiet=3, share=0.2)
            self.assertEqual([fault for fault in run.run() if not fault.startswith("p99")], [])


def await_end(peer):
    """Reads until the gateway closes or resets."""
    peer.settimeout(20)
    try:
        while peer.recv(65536):
            pass
    except ConnectionError:
        pass


if __name__ == "__main__":
    unittest.main()
