"""Clients written by others: wolfSSL as on Azure Sphere, and mosquitto_pub."""

import shutil
import subprocess
import unittest

from harness import GatewayTest, program


class Clients(GatewayTest):
    COUNT = 1000

    def test_wolfssl_over_tls_1_2_without_sni(self):
        self.start_gateway()
        who = self.pki.device()
        done = subprocess.run([program("spheregate_wolfssl_client"), "127.0.0.1", str(self.gateway.port), self.pki.gateway_root,
                               who.certificate, who.key, who.device_id, str(self.COUNT)],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("TLSv1.2", done.stdout)
        self.assertIn(f"acknowledged {self.COUNT}", done.stdout)
        self.await_drained()
        found = self.hub.messages(who.device_id)
        self.assertEqual([message["payload"].decode() for message in found],
                         [f'{{"number":{number}}}' for number in range(1, self.COUNT + 1)])
        self.assertEqual([message["properties"] for message in found],
                         [[["n", str(number)], ["$.ct", "application/json"]] for number in range(1, self.COUNT + 1)])
        username = self.hub.call("GET", "/connections")[-1]["username"]
        self.assertEqual(username, f"localhost/{who.device_id}/?api-version=2020-09-30&model-id=dtmi:e2e:sphere;1")

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
