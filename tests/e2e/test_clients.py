"""A client written by others: mosquitto_pub. wolfSSL, as on Azure Sphere, is in test_sphere_acceptance.py."""

import shutil
import subprocess
import unittest

from harness import GatewayTest


class Clients(GatewayTest):
    COUNT = 1000

    def test_mosquitto_pub(self):
        self.assertTrue(shutil.which("mosquitto_pub"), "mosquitto_pub is missing; ./dev test installs it")
        self.start_gateway()
        who = self.pki.device()
        lines = [f"line {number}" for number in range(self.COUNT)]
        done = subprocess.run(["mosquitto_pub", "-V", "mqttv311", "-h", "localhost", "-p", str(self.gateway.port),
                               "--cafile", self.pki.gateway_root, "--cert", who.certificate, "--key", who.key,
                               "-i", who.device_id, "-u", f"gateway.plant.example/{who.device_id}/?api-version=2021-04-12",
                               "-t", f"devices/{who.device_id}/messages/events/site=north%20hall&unit=%C2%B0C", "-q", "1", "-l"],
                              input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.await_drained()
        found = self.hub.messages(who.device_id)
        self.assertEqual([message["payload"].decode() for message in found], lines)
        self.assertEqual({tuple(map(tuple, message["properties"])) for message in found}, {(("site", "north hall"), ("unit", "°C"))})


if __name__ == "__main__":
    unittest.main()
