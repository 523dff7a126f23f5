"""The tools of the other tests read what the programs say the way the programs mean it."""

import subprocess
import unittest

import mqtt_packets as mqtt
from harness import GatewayTest, as_yaml, parse_log_line, parse_metrics, program


class Readers(unittest.TestCase):
    def test_log_line(self):
        line = parse_log_line(r'2026-01-02T03:04:05.678Z warn  device refused peer=127.0.0.1:5 cn="a \"b\" \\ c" reason="x = y" empty=""')
        self.assertEqual(line, {"time": "2026-01-02T03:04:05.678Z", "level": "warn", "event": "device refused",
                                "peer": "127.0.0.1:5", "cn": 'a "b" \\ c', "reason": "x = y", "empty": ""})
        self.assertEqual(parse_log_line("2026-01-02T03:04:05.678Z info  stopped")["event"], "stopped")
        self.assertIsNone(parse_log_line("==17==ERROR: AddressSanitizer"))

    def test_metrics(self):
        found = parse_metrics('# HELP spheregate_x y\n# TYPE spheregate_x counter\nspheregate_x{b="2",a="1"} 3\nspheregate_y 1e+06\n'
                              'process_open_fds 7\n')
        self.assertEqual(found, {("x", frozenset({("a", "1"), ("b", "2")})): 3.0, ("y", frozenset()): 1e6,
                                 ("process_open_fds", frozenset()): 7.0})

    def test_yaml(self):
        self.assertEqual(as_yaml({"a": "b: c", "d": {"e": 1, "f": {"g": True}}}), 'a: "b: c"\nd:\n  e: 1\n  f: {"g": true}\n')

    def test_packets(self):
        for size in (0, 1, 127, 128, 16383, 16384, 300000):
            buffer = bytearray(mqtt.publish("t", bytes(size), 1, 7) + b"\x40")
            found = mqtt.take(buffer)
            self.assertEqual((found.kind, found.flags, len(found.body)), (mqtt.PUBLISH, 2, size + 5))
            self.assertEqual(buffer, b"\x40")
            self.assertIsNone(mqtt.take(buffer))
        partial = bytearray(mqtt.packet(mqtt.PUBACK, b"\0\1")[:-1])
        self.assertIsNone(mqtt.take(partial))


class SimulatedHub(GatewayTest):
    def test_a_port_in_use_is_said_in_words(self):
        for option, port in (("--port", self.hub.port), ("--http-port", self.hub.http_port), ("--ws-port", self.hub.ws_port)):
            second = subprocess.run([program("spheregate-hubsim"), "--certificate", self.pki.path("hub.pem"), "--key", self.pki.path("hub.key"),
                                     "--registry", self.directory / "registry.yaml", option, str(port)], capture_output=True, text=True,
                                    timeout=30, check=False)
            self.assertEqual((second.returncode, second.stderr),
                             (1, f"spheregate-hubsim: port {port} is in use; choose another with {option}\n"))


if __name__ == "__main__":
    unittest.main()
