"""The server's key stays in a token: SoftHSM over PKCS#11, and a software TPM 2.0."""

import os
import shutil
import socket
import ssl
import subprocess
import unittest

from harness import Gateway, GatewayTest, as_yaml, program, wait_until
from soft_tpm import HANDLE, SoftTpm, tool

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "24680"


class TokenTest(GatewayTest):
    """Set-up and the devices that come, for both kinds of token."""

    def start_with(self, key, env, **tls):
        self.gateway = Gateway(self.directory, self.pki, self.hub.port, extra={"tls": {"private_key": key, **tls}})
        self.gateway.env = {**os.environ, **env}
        self.addCleanup(self.gateway.kill)
        self.gateway.start()
        self.assertTrue(self.gateway.log_lines("server key in a token"))

    def fault_of(self, key, env):
        gateway = Gateway(self.directory, self.pki, self.hub.port, extra={"tls": {"private_key": key}})
        ended = subprocess.run([program("spheregate"), "run", "--config", str(gateway.config)], capture_output=True, text=True,
                               timeout=60, check=False, env={**os.environ, **env})
        self.assertEqual(ended.returncode, 78, ended.stderr)
        return ended.stderr

    def devices_publish(self):
        for index, version in enumerate(("1.2", "1.3")):
            with self.subTest(openssl=version), self.gateway.connected(self.pki.device(index), tls=version) as device:
                device.publish_all([("", b"from the token")])
                self.assertEqual(device.pipe.tls.version(), f"TLSv{version}")
        who = self.pki.device(2)
        done = subprocess.run([program("spheregate_wolfssl_client"), "127.0.0.1", str(self.gateway.port), self.pki.gateway_root,
                               who.certificate, who.key, who.device_id, "10"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def stops_cleanly(self):
        # Libraries of tokens clean up at the end of the process, and some crash there.
        self.assertEqual(self.gateway.stop(), 0, self.gateway.tail())


class Pkcs11(TokenTest):
    def setUp(self):
        super().setUp()
        tokens = self.directory / "tokens"
        tokens.mkdir()
        settings = self.directory / "softhsm2.conf"
        settings.write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
        self.env = {"SOFTHSM2_CONF": str(settings)}
        self.pin_file = self.directory / "pin"
        self.pin_file.write_text(PIN + "\n")
        tool("softhsm2-util", "--init-token", "--free", "--label", "gateway", "--so-pin", "13579", "--pin", PIN, env=self.env)
        self.import_key(self.pki.path("gateway.key"), "server", "a1")

    def import_key(self, file, label, number):
        plain = self.directory / "plain.p8"
        tool("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", str(file), "-out", str(plain))
        tool("softhsm2-util", "--import", str(plain), "--token", "gateway", "--label", label, "--id", number, "--pin", PIN,
             env=self.env)
        plain.unlink()

    def uri(self, token="gateway", key="server", module=MODULE, pin=None):
        return f"pkcs11:token={token};object={key}?module-path={module}&pin-source=file:{pin or self.pin_file}"

    def test_devices_connect_and_publish(self):
        self.start_with(self.uri(), self.env)
        self.devices_publish()
        self.stops_cleanly()

    def test_an_rsa_key_serves_tls_1_2_and_1_3(self):
        key, certificate = self.directory / "rsa.key", self.directory / "rsa.pem"
        tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "10",
             "-subj", "/CN=gateway.plant.example", "-addext", "subjectAltName=DNS:gateway.plant.example")
        self.import_key(key, "rsa", "b2")
        self.start_with(self.uri(key="rsa"), self.env, certificate=str(certificate))
        for version in ("1.2", "1.3"):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.gateway.port}", f"-tls{version.replace('.', '_')}",
                                   "-CAfile", str(certificate), "-verify_return_error", "-cert", self.pki.device().certificate,
                                   "-key", self.pki.device().key], input="", capture_output=True, text=True, timeout=60, check=False)
            self.assertIn("Verify return code: 0", done.stdout, done.stderr)
        wait_until(lambda: self.gateway.metric("tls_handshakes_total", result="ok") == 2, 20, "two handshakes")

    def test_a_new_key_is_taken_while_it_runs(self):
        self.start_with(self.uri(), self.env)
        with self.gateway.connected(self.pki.device(0)) as device:
            key, certificate = self.directory / "next.key", self.directory / "next.pem"
            tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key),
                 "-out", str(certificate), "-days", "10", "-subj", "/CN=gateway.plant.example", "-addext",
                 "subjectAltName=DNS:gateway.plant.example")
            self.import_key(key, "next", "d4")
            # First without the key that belongs to it: nothing is taken.
            self.rewrite(certificate=str(certificate))
            wait_until(lambda: self.gateway.log_lines("configuration not reloaded"), 30, self.gateway.tail)
            self.assertNotEqual(self.certificate_shown(), certificate.read_text())
            self.rewrite(certificate=str(certificate), private_key=self.uri(key="next"))
            wait_until(lambda: self.certificate_shown() == certificate.read_text(), 30, self.gateway.tail)
            device.publish_all([("", b"still here")])
        self.stops_cleanly()

    def rewrite(self, **tls):
        self.gateway.settings["tls"].update(tls)
        self.gateway.config.write_text(as_yaml(self.gateway.settings))

    def certificate_shown(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(self.pki.device(1).certificate, self.pki.device(1).key)
        with socket.create_connection(("127.0.0.1", self.gateway.port), 20) as plain, context.wrap_socket(plain) as tls:
            return ssl.DER_cert_to_PEM_cert(tls.getpeercert(True))

    def test_what_is_wrong_is_named(self):
        wrong_pin = self.directory / "wrong-pin"
        wrong_pin.write_text("11111\n")
        for key, parts in (
            (self.uri(module="/nowhere/libtoken.so"), ("/nowhere/libtoken.so does not exist", "module-path")),
            (self.uri(module="/usr/lib/x86_64-linux-gnu/libz.so.1".replace("x86_64-linux-gnu", os.uname().machine + "-linux-gnu")),
             ("is no PKCS#11 module",)),
            (self.uri(token="another"), ("the token `another`", "is not there")),
            (self.uri(key="another"), ("the token `gateway`", "no private key `another`")),
            (self.uri(pin=wrong_pin), ("the token `gateway`", "refuses the PIN", str(wrong_pin))),
            (self.uri(pin=self.directory / "no-pin"), (str(self.directory / "no-pin"), "No such file")),
            (f"pkcs11:token=gateway;object=server?module-path={MODULE}", ("wants a PIN", "pin-source=file:")),
            (f"pkcs11:token=gateway;object=server?pin-value={PIN}", ("pin-source=file:",)),
        ):
            with self.subTest(key):
                said = self.fault_of(key, self.env)
                for part in parts:
                    self.assertIn(part, said)
                self.assertNotIn(PIN, said.replace(key, ""))

    def test_the_missing_package_is_named(self):
        empty = self.directory / "empty"
        empty.mkdir()
        self.assertIn("libengine-pkcs11-openssl", self.fault_of(self.uri(), {**self.env, "OPENSSL_ENGINES": str(empty)}))

    def test_another_key_of_the_token_does_not_fit(self):
        self.import_key(self.pki.path(self.pki.device().key), "device", "c3")
        self.assertIn("does not belong to the certificate", self.fault_of(self.uri(key="device"), self.env))


class Tpm(TokenTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("swtpm"):
            raise AssertionError("swtpm is missing; ./dev test installs it")
        self.tpm = SoftTpm(self.directory)
        self.addCleanup(self.tpm.kill)
        self.tpm.keep(self.pki.path("gateway.key"), HANDLE)
        self.env = {"TPM2OPENSSL_TCTI": self.tpm.tcti}

    def test_devices_connect_and_publish(self):
        self.start_with(HANDLE, self.env)
        self.devices_publish()
        self.stops_cleanly()

    def test_what_is_wrong_is_named(self):
        self.assertIn("no key at handle:0x81000009", self.fault_of("handle:0x81000009", self.env))
        self.assertIn("the TPM cannot be reached", self.fault_of(HANDLE, {"TPM2OPENSSL_TCTI": "device:/nowhere/tpm0"}))
        self.assertIn("tpm2-openssl", self.fault_of(HANDLE, {**self.env, "OPENSSL_MODULES": "/nowhere"}))
        self.assertIn("not a persistent handle", self.fault_of("handle:0x01000001", self.env))

    def test_a_tpm_that_is_lost_is_told_apart_from_a_bad_device(self):
        self.start_with(HANDLE, self.env)
        with self.gateway.connected(self.pki.device(0)) as device:
            self.tpm.kill()
            with self.assertRaises(Exception):
                self.gateway.connected(self.pki.device(1))
            line = wait_until(lambda: self.gateway.log_lines("device refused"), 20, "a line about it")[-1]
            self.assertEqual(line["result"], "server_key")
            device.publish_all([("", b"whoever is in stays in")])


if __name__ == "__main__":
    unittest.main()
