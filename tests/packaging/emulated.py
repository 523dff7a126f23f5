"""The programs of another architecture, run by an emulator: ./dev package-arm64. SPHEREGATE_PROGRAMS has a command for each."""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from harness import Gateway, GatewayTest, program  # noqa: E402


def run(*arguments):
    return subprocess.run(list(arguments), capture_output=True, text=True, timeout=120)


class Programs(unittest.TestCase):
    def test_are_of_the_other_architecture(self):
        """Or all of this would show nothing."""
        command = Path(program("spheregate")).read_text(encoding="utf-8")
        binary = Path(re.findall(r'"(/[^"]+/usr/bin/spheregate)"', command)[0])
        self.assertIn("Machine:                           AArch64", run("readelf", "-h", str(binary)).stdout)

    def test_version(self):
        version = re.search(r"^project\(spheregate VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE)[1]
        done = run(program("spheregate"), "--version")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, f"spheregate {version}\n", ""))


class Loopback(GatewayTest):
    DEVICES = 1

    def test_a_configuration_is_checked(self):
        gateway = Gateway(self.directory, self.pki, self.hub.port)
        done = run(program("spheregate"), "config", "check", str(gateway.config))
        self.assertEqual((done.returncode, done.stdout), (0, f"{gateway.config}: good\n"), done.stderr)
        gateway.config.write_text(gateway.config.read_text().replace("hostname:", "hostnam:"))
        done = run(program("spheregate"), "config", "check", str(gateway.config))
        self.assertEqual(done.returncode, 78)
        self.assertIn(f"{gateway.config}:1:1", done.stderr)

    def test_what_a_device_publishes_is_at_the_hub(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            for number in range(20):
                device.publish(f"number={number}", os.urandom(1000) + bytes([number]))
        found = self.hub.await_messages(self.pki.ids[0], 20, timeout=60)
        self.assertEqual([message["payload"][-1] for message in found], list(range(20)))
        self.assertEqual(self.gateway.metric("messages_accepted_total", qos="1"), 20)
        self.await_drained()

    def test_what_waits_for_the_hub_survives_a_kill(self):
        """The disk's side: the journal that was written is read again."""
        self.start_gateway()
        self.hub.faults(outage=True)
        with self.gateway.connected(self.pki.device()) as device:
            for number in range(5):
                device.publish("", bytes([number]))
        self.gateway.kill()
        self.hub.heal()
        self.gateway.start()
        self.assertEqual([message["payload"] for message in self.hub.await_messages(self.pki.ids[0], 5, timeout=60)], [bytes([one]) for one in range(5)])
        self.assertEqual(self.gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
