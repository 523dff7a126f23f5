"""Revocation lists: who is on one stays out, and what a missing, stale or damaged list does."""

import shutil
import unittest

from device import Closed
from harness import GatewayTest


class Crl(GatewayTest):
    def start_with(self, *lists, policy):
        folder = self.directory / "crls"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in lists:
            shutil.copy(self.pki.path(f"crls/{name}"), folder)
        if self.gateway:
            self.gateway.kill()
        return self.start_gateway(extra={"devices": {"crl": str(folder), "crl_policy": policy}})

    def refused(self, result):
        with self.assertRaises(Closed) as caught, self.gateway.device(self.pki.device(0), tls="1.2") as device:
            device.connect()
        self.assertEqual(self.gateway.metric("tls_handshakes_total", result=result), 1)
        return str(caught.exception)

    def test_a_revoked_certificate_is_refused_and_the_device_told(self):
        self.start_with("nobody.crl", policy="require")
        self.gateway.connected(self.pki.device(0)).disconnect()
        # The newer of the two lists counts.
        self.start_with("nobody.crl", "first.crl", policy="require")
        self.assertIn("REVOKED", self.refused("revoked"))
        self.gateway.connected(self.pki.device(1)).disconnect()
        lists = self.gateway.status()["crls"]
        self.assertEqual([(one["entries"], one["stale"]) for one in lists], [(1, False)])
        self.assertEqual(self.gateway.metric("certificate_expiry_timestamp_seconds", certificate="crl " + lists[0]["ca_sha256"]),
                         lists[0]["next_update"])

    def test_a_stale_or_missing_list_by_policy(self):
        self.start_with("stale.crl", policy="require")
        self.refused("crl_stale")
        self.start_with("stale.crl", policy="prefer")
        self.gateway.connected(self.pki.device(0)).disconnect()
        self.assertEqual(len(self.gateway.log_lines("revocation list stale")), 2)
        self.start_with(policy="require")
        self.refused("crl_missing")

    def test_a_damaged_list_is_a_bad_configuration(self):
        self.start_with("nobody.crl", policy="prefer")
        self.gateway.kill()
        (self.directory / "crls" / "nobody.crl").write_text("damaged")
        self.gateway.start(wait=False)
        self.gateway.process.wait(20)
        self.assertEqual(self.gateway.process.returncode, 78)
        self.assertIn("nobody.crl: is not a revocation list", self.gateway.tail())


if __name__ == "__main__":
    unittest.main()
