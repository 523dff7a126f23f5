"""What changes while the gateway runs: every kind of file under a connected device, good and broken, by itself and with SIGHUP."""

import os
import shutil
import signal
import socket
import ssl
import time
import unittest
from pathlib import Path

from device import Closed, Device
from harness import PROGRAMS, SANITIZED, Gateway, GatewayTest, as_yaml, wait_until
from own_ca import Material, replace

SETTLED = 10.0  # seconds; the promise is one, and a busy machine may take longer
ENDED = 5.0     # within which a device that is not welcome any more has gone


class Reload(GatewayTest):
    def setUp(self):
        super().setUp()
        self.material = Material(self.directory, self.pki)

    def start(self, **devices):
        self.start_gateway(extra=self.material.extra(**devices))

    def device(self, identity):
        device = Device(identity, self.gateway.port, str(self.material.own.root))
        self.addCleanup(device.close)
        return device.connect()

    def shown(self):
        """What a new handshake is shown."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(str(self.material.own.root))
        identity = self.pki.device(0)
        context.load_cert_chain(identity.certificate, identity.key)
        with socket.create_connection(("127.0.0.1", self.gateway.port), 10) as plain:
            with context.wrap_socket(plain, server_hostname="gateway.plant.example") as tls:
                return tls.getpeercert(True)

    def reloads(self, result="ok"):
        return self.gateway.metric("config_reloads_total", result=result)

    def reloaded(self, change, result="ok"):
        """Makes a change and waits until it has been taken, or refused."""
        before = self.reloads(result)
        change()
        wait_until(lambda: self.reloads(result) > before, SETTLED, f"a reload that ends with {result}")

    def settings(self, section, **values):
        self.gateway.settings[section] = {**self.gateway.settings.get(section, {}), **values}
        replace(self.gateway.config, as_yaml(self.gateway.settings))

    def closes(self, device, within=ENDED):
        began = time.monotonic()
        device.await_close(within)
        return time.monotonic() - began

    def test_a_new_server_certificate_is_for_new_handshakes(self):
        self.start()
        with self.device(self.pki.device(0)) as device:
            before = self.shown()
            certificate, key = self.material.own.server()
            # The certificate first, and its key a good second later: what does not fit meanwhile is no error.
            replace(self.material.certificate, certificate)
            time.sleep(1.0)
            self.assertEqual(self.shown(), before)
            self.reloaded(lambda: replace(self.material.key, key))
            self.assertEqual(self.shown(), ssl.PEM_cert_to_DER_cert(certificate.decode().split("-----END")[0] + "-----END CERTIFICATE-----\n"))
            self.assertEqual(self.reloads("error"), 0)
            device.publish("", b"still here")
        line = self.gateway.log_lines("configuration reloaded")[-1]
        self.assertIn(str(self.material.certificate), line["changed"])
        self.assertIn(str(self.material.key), line["changed"])

    def test_a_linked_directory_that_is_swapped(self):
        """As Kubernetes and certbot have it."""
        versions = [self.directory / f"version-{number}" for number in (1, 2)]
        for folder in versions:
            folder.mkdir()
            certificate, key = self.material.own.server()
            (folder / "server.pem").write_bytes(certificate)
            (folder / "server.key").write_bytes(key)
            (folder / "server.key").chmod(0o600)
        live = self.directory / "live"
        live.symlink_to(versions[0].name)
        self.material.certificate, self.material.key = live / "server.pem", live / "server.key"
        self.start()
        before = self.shown()

        def swap():
            (self.directory / "live.new").symlink_to(versions[1].name)
            os.replace(self.directory / "live.new", live)
        self.reloaded(swap)
        self.assertNotEqual(self.shown(), before)

    def test_a_broken_file_leaves_all_as_it_was(self):
        self.start()
        with self.device(self.pki.device(0)) as device:
            shown = self.shown()
            good = self.gateway.config.read_text()
            breakages = [
                (self.material.certificate, b"-----BEGIN CERTIFICATE-----\nnonsense\n", str(self.material.certificate)),
                (self.material.key, self.material.own.server()[1], "does not belong to the certificate"),
                (self.material.cas / "old.pem", b"<html>Sign in</html>", str(self.material.cas / "old.pem")),
                (self.material.deny, b"not a device id\n", f"{self.material.deny}:1"),
                (self.gateway.config, good.replace("log:\n", "log:\n  colour: red\n").encode(), f"{self.gateway.config}:"),
            ]
            for file, text, said in breakages:
                with self.subTest(file=file.name):
                    kept = file.read_bytes()
                    logged = len(self.gateway.log_lines("configuration not reloaded"))
                    self.reloaded(lambda: replace(file, text), "error")
                    self.assertEqual(self.gateway.metric("config_last_reload_successful"), 0)
                    lines = self.gateway.log_lines("configuration not reloaded")[logged:]
                    self.assertEqual(len(lines), 1, lines)
                    self.assertIn(said, lines[0]["problem"])
                    self.assertIn(said, self.gateway.status()["configuration"]["problem"])
                    self.assertEqual(self.shown(), shown)
                    self.device(self.pki.device(1)).disconnect()
                    self.reloaded(lambda: replace(file, kept))
                    self.assertEqual(self.gateway.metric("config_last_reload_successful"), 1)
            device.publish("", b"still here")

    def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(self):
        self.start()
        with self.device(self.pki.device(0)) as device:
            for file in (self.material.certificate, self.material.key, self.material.deny):
                with self.subTest(file=file.name):
                    kept = file.read_bytes()

                    def pipe(file=file):
                        file.unlink()
                        os.mkfifo(file)
                    self.reloaded(pipe, "error")
                    self.assertIn("is a pipe", self.gateway.status()["configuration"]["problem"])
                    device.publish("", b"not held up")
                    self.reloaded(lambda file=file, kept=kept: replace(file, kept))

    def test_what_changes_while_the_gateway_starts(self):
        """Between the reading of a file and the watching of it."""
        stopped = self.stopped_at_start()
        replace(self.material.deny, self.pki.ids[0] + "\n")
        stopped.send_signal(signal.SIGCONT)
        wait_until(lambda: self.gateway.log_lines("listening"), 20.0, "the start")
        self.gateway.port = int(self.gateway.log_lines("listening")[-1]["port"])
        self.gateway.http_port = int(self.gateway.log_lines("http listening")[-1]["port"])
        wait_until(lambda: self.reloads() > 0, SETTLED, "a reload")
        with self.assertRaises(Closed):
            self.device(self.pki.device(0))

    def stopped_at_start(self):
        """A gateway that has read its files and does not watch them yet. Two milliseconds are between the two lines, so not every attempt hits."""
        self.start_gateway(wait=False, extra=self.material.extra())
        for _ in range(20):
            while b" http listening " not in self.gateway.log.read_bytes():
                self.assertTrue(self.gateway.running, self.gateway.tail())
            self.gateway.process.send_signal(signal.SIGSTOP)
            if b"info  listening " not in self.gateway.log.read_bytes():
                return self.gateway.process
            self.gateway.kill()
            self.gateway.log.unlink()
            self.gateway.start(wait=False)
        self.skipTest("it was too quick to be stopped half way")

    def test_all_or_nothing(self):
        """A deny list that is good is not taken with a CA that is broken."""
        self.start()
        with self.device(self.pki.device(0)) as device:
            def both():
                replace(self.material.deny, self.pki.ids[0] + "\n")
                replace(self.material.cas / "old.pem", b"broken")
            self.reloaded(both, "error")
            device.publish("", b"still here")
            self.reloaded(lambda: shutil.copy(self.pki.path("tenant-ca.d/tenant-a.pem"), self.material.cas / "old.pem"))
            self.closes(device)

    def test_a_denied_device_goes_and_the_others_stay(self):
        self.start()
        denied, stays = self.device(self.pki.device(0)), self.device(self.pki.device(1))
        began = time.monotonic()
        replace(self.material.deny, self.pki.ids[0] + "\n")
        denied.await_close(ENDED)
        self.assertLess(time.monotonic() - began, ENDED)
        stays.publish("", b"still here")
        with self.assertRaises(Closed):
            self.device(self.pki.device(0))
        self.assertEqual(self.gateway.metric("device_sessions_revoked_total", result="denied"), 1)
        line = self.gateway.log_lines("sessions ended")[0]
        self.assertEqual((line["sessions"], line["results"]), ("1", "denied 1"))
        self.assertTrue(line["reason"] and line["fix"])
        self.reloaded(lambda: replace(self.material.deny, ""))
        self.device(self.pki.device(0)).publish("", b"back")

    def test_a_device_taken_off_the_allow_list_goes(self):
        self.material.allow.write_text("\n".join(self.pki.ids) + "\n")
        self.start(allow_file=str(self.material.allow))
        out, stays = self.device(self.pki.device(0)), self.device(self.pki.device(1))
        replace(self.material.allow, "\n".join(self.pki.ids[1:]) + "\n")
        self.closes(out)
        stays.publish("", b"still here")

    def test_a_revoked_certificate_goes(self):
        shutil.copy(self.pki.path("crls/nobody.crl"), self.material.lists / "a.crl")
        self.start(crl=str(self.material.lists), crl_policy="require")
        revoked, stays = self.device(self.pki.device(0)), self.device(self.pki.device(1))
        replace(self.material.lists / "a.crl", self.pki.path("crls/first.crl").read_bytes())
        self.closes(revoked)
        stays.publish("", b"still here")
        self.assertEqual(self.gateway.metric("device_sessions_revoked_total", result="revoked"), 1)

    def test_a_tenant_ca_comes_and_another_goes(self):
        self.start()
        old = self.device(self.pki.device(0))
        with self.assertRaises(Closed):
            self.device(self.pki.new_device(1))
        self.reloaded(self.material.trust_new)
        added = self.gateway.log_lines("tenant CA added")[0]
        self.assertTrue(added["sha256"] and added["tenant_id"] and added["not_after"] and added["file"], added)
        new = self.device(self.pki.new_device(1))
        cas = {ca["sha256"]: ca for ca in self.gateway.status()["tenant_cas"]}
        self.assertEqual(len(cas), 2)
        newer = cas.pop(added["sha256"])
        older = next(iter(cas.values()))
        for ca in (newer, older):
            self.assertEqual((ca["devices_seen"], ca["connected"]), (1, 1), ca)
            self.assertEqual(self.gateway.metric("devices_seen_by_ca", ca=ca["sha256"]), 1)
        dates = {labels for name, labels in self.gateway.metrics() if name == "certificate_expiry_timestamp_seconds"}
        self.assertIn(frozenset({("certificate", older["sha256"])}), dates)
        (self.material.cas / "old.pem").unlink()
        self.closes(old)
        new.publish("", b"still here")
        self.assertEqual(self.gateway.log_lines("tenant CA removed")[0]["sha256"], older["sha256"])
        dates = {labels for name, labels in self.gateway.metrics() if name == "certificate_expiry_timestamp_seconds"}
        self.assertNotIn(frozenset({("certificate", older["sha256"])}), dates)
        self.assertIn(frozenset({("certificate", newer["sha256"])}), dates)

    def test_the_configuration_itself(self):
        self.start()
        with self.device(self.pki.device(0)) as device:
            self.reloaded(lambda: self.settings("log", level="debug"))
            self.assertIn("log.level", self.gateway.log_lines("configuration reloaded")[-1]["changed"])
            self.assertEqual(self.gateway.status()["configuration"]["restart_needed"], [])
            # A file that the configuration did not name before is watched from then on.
            listed = self.directory / "elsewhere" / "deny.txt"
            listed.parent.mkdir()
            listed.write_text("# nobody\n")
            self.reloaded(lambda: self.settings("devices", deny_file=str(listed)))
            self.reloaded(lambda: self.settings("queue", max_bytes="2GiB"))
            line = self.gateway.log_lines("restart needed")[0]
            self.assertEqual(line["keys"], "queue.max_bytes")
            self.assertEqual(self.gateway.status()["configuration"]["restart_needed"], ["queue.max_bytes"])
            device.publish("", b"still here")
            replace(listed, self.pki.ids[0] + "\n")
            self.closes(device)

    def test_what_is_read_only_at_the_start_waits_for_a_restart(self):
        self.start()
        key = self.directory / "policy.key"
        before = key.read_text()
        self.gateway.settings["upstream"]["port"] += 1
        self.reloaded(lambda: replace(self.gateway.config, as_yaml(self.gateway.settings)))
        waits = (0, "taken; not in effect before a restart: upstream.port\n", "")
        self.assertEqual(self.gateway.command("reload"), waits)
        # A file that is written again with the same content is no other.
        self.reloaded(lambda: replace(key, before))
        self.assertEqual(self.gateway.command("reload"), waits)
        self.reloaded(lambda: replace(key, "bm90IHRoZSBrZXkgb2YgdGhlIHN0YXJ0\n"))
        keys = ["upstream.port", "upstream.auth.key_file"]
        self.assertEqual(self.gateway.status()["configuration"]["restart_needed"], keys)
        self.assertEqual(self.gateway.metric("config_restart_needed"), 2)
        line = self.gateway.log_lines("restart needed")[-1]
        self.assertEqual(line["keys"], ", ".join(keys))
        self.assertNotIn(str(key), "".join(entry["changed"] for entry in self.gateway.log_lines("configuration reloaded")))
        self.assertEqual(self.gateway.command("reload")[1], "taken; not in effect before a restart: upstream.port, upstream.auth.key_file\n")
        # With this a restart would be the end of it.
        self.reloaded(lambda: replace(key, ""), "error")
        code, _, told = self.gateway.command("reload")
        self.assertEqual(code, 1)
        self.assertIn(f"{key}: the shared access key is empty; write it there", told)
        self.assertIn("the shared access key is empty", self.gateway.command("status")[1])
        # As it was.
        self.reloaded(lambda: replace(key, before))
        self.gateway.settings["upstream"]["port"] -= 1
        self.reloaded(lambda: replace(self.gateway.config, as_yaml(self.gateway.settings)))
        self.assertEqual(self.gateway.command("reload"), (0, "what the files say is in force\n", ""))

    def test_sighup_reloads_and_says_at_once_what_is_wrong(self):
        self.start()
        with self.device(self.pki.device(0)) as device:
            self.reloaded(lambda: self.gateway.process.send_signal(signal.SIGHUP))
            self.assertEqual(self.gateway.log_lines("configuration reloaded")[-1]["changed"], "nothing")
            replace(self.material.key, "broken")
            began = time.monotonic()
            self.reloaded(lambda: self.gateway.process.send_signal(signal.SIGHUP), "error")
            self.assertLess(time.monotonic() - began, 2.0)
            device.publish("", b"still here")
        self.assertTrue(self.gateway.running)
        self.assertEqual(self.gateway.stop(), 0)

    def held_start(self, **devices):
        """Starts, and waits at the allow list, which is read after the deny list. What is returned lets the start go on."""
        if SANITIZED:
            self.skipTest("a sanitizer's runtime wants to be loaded first")
        allowed = self.directory / "allow.txt"
        allowed.write_text("\n".join(self.pki.ids) + "\n")
        hold, reached = Path(f"{allowed}.hold"), Path(f"{allowed}.reached")
        hold.touch()
        self.gateway = Gateway(self.directory, self.pki, self.hub.port, extra=self.material.extra(allow_file=str(allowed), **devices))
        self.gateway.env = {**os.environ, "LD_PRELOAD": str(PROGRAMS / "libspheregate_slow_file.so")}
        self.addCleanup(self.gateway.kill)
        self.gateway.start(wait=False)
        wait_until(reached.exists, SETTLED, "the reading of the allow list")

        def go_on():
            hold.unlink()
            wait_until(lambda: self.gateway.log_lines("listening") or not self.gateway.running, SETTLED, "the start")
            self.gateway.port = int(self.gateway.log_lines("listening")[0]["port"])
            self.gateway.http_port = int(self.gateway.log_lines("http listening")[0]["port"])
        return go_on

    def test_what_changes_while_the_gateway_starts_is_noticed(self):
        denied = self.directory / "deny.txt"
        denied.write_text("# nobody\n")
        go_on = self.held_start(deny_file=str(denied))
        replace(denied, self.pki.ids[0] + "\n")
        go_on()
        wait_until(lambda: self.reloads() > 0, SETTLED, "a reload")
        with self.assertRaises((Closed, OSError)):
            self.device(self.pki.device(0))
        self.device(self.pki.device(1))

    def test_sighup_during_the_start_is_not_the_end(self):
        go_on = self.held_start()
        self.gateway.process.send_signal(signal.SIGHUP)
        go_on()
        self.assertTrue(self.gateway.running)
        self.assertEqual(self.gateway.stop(), 0)

    def test_a_key_in_a_directory_that_may_only_be_passed_through(self):
        if os.geteuid() == 0:
            self.skipTest("root may read every directory")
        private = self.directory / "private"
        private.mkdir()
        shutil.copy(self.material.key, private / "server.key")
        self.material.key = private / "server.key"
        private.chmod(0o311)
        self.addCleanup(private.chmod, 0o700)
        self.start()
        before = self.shown()
        certificate, key = self.material.own.server()
        replace(self.material.certificate, certificate)
        self.reloaded(lambda: replace(self.material.key, key))
        self.assertNotEqual(self.shown(), before)


if __name__ == "__main__":
    unittest.main()
