"""A device on wolfSSL, as Azure Sphere is, refuses the gateway; the gateway's log says why."""

import subprocess
import unittest

from harness import GatewayTest, program, wait_until

NAMES = "subjectAltName=DNS:gateway.plant.example,IP:127.0.0.1"


class RefusedGateway(GatewayTest):
    def refused(self, ca=None, name="gateway.plant.example"):
        """The log line about a device that trusts `ca` and dials `name`."""
        who = self.pki.device()
        done = subprocess.run([program("spheregate_wolfssl_client"), "127.0.0.1", str(self.gateway.port), str(ca or self.pki.gateway_root),
                               who.certificate, who.key, who.device_id, "1", name],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        line = wait_until(lambda: self.gateway.log_lines("device refused"), 20, self.gateway.tail)[-1]
        self.assertEqual(line["result"], "client_alert")
        return line

    def own_certificate(self, start, end):
        """A server certificate that is valid between the two, as openssl ca wants times, under `root.pem`."""
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        (self.directory / "index.txt").write_text("")
        (self.directory / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\n"
                                               "default_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n")
        for command in (["req", "-x509", *new_key, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Own Root", "-days", "3650"],
                        ["req", "-new", *new_key, "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=gateway.plant.example",
                         "-addext", NAMES],
                        ["ca", "-batch", "-config", "ca.cnf", "-cert", "root.pem", "-keyfile", "root.key", "-in", "own.csr",
                         "-out", "own.pem", "-startdate", start, "-enddate", end, "-notext"]):
            done = subprocess.run(["openssl", *command], cwd=self.directory, capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        return {"tls": {"certificate": str(self.directory / "own.pem"), "private_key": str(self.directory / "own.key")}}

    def test_it_trusts_another_root(self):
        self.start_gateway()
        line = self.refused(ca=self.pki.path("hub-root.pem"))
        self.assertIn("does not know who issued the gateway's certificate", line["reason"])
        self.assertIn("give the device the root", line["fix"])

    def test_it_dials_another_name(self):
        self.start_gateway()
        line = self.refused(name="other.plant.example")
        self.assertIn("devices on wolfSSL, as Azure Sphere, say so when the name that they dialled is not in it", line["reason"])
        self.assertIn("`gateway.plant.example`", line["reason"])

    def test_the_gateways_certificate_has_expired(self):
        self.start_gateway(extra=self.own_certificate("20200101000000Z", "20210101000000Z"))
        line = self.refused(ca=self.directory / "root.pem")
        self.assertIn("that the gateway shows expired", line["reason"])
        self.assertIn("2021-01-01T00:00:00Z", line["reason"])
        self.assertIn("renew it in tls.certificate", line["fix"])

    def test_the_gateways_certificate_is_not_valid_yet(self):
        self.start_gateway(extra=self.own_certificate("20480101000000Z", "20490101000000Z"))
        self.assertIn("is not valid before 2048-01-01T00:00:00Z", self.refused(ca=self.directory / "root.pem")["reason"])


if __name__ == "__main__":
    unittest.main()
