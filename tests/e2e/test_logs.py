"""The log: its level at run time, floods, the fields that systemd's journal gets, and that no secret is ever in it."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

from harness import POLICY_KEY, GatewayTest, made_up_key, wait_until
from schemas import assert_fits


class Levels(GatewayTest):
    DEVICES = 2

    def log(self, *command):
        code, out, err = self.gateway.command("log", *command, "--json")
        self.assertEqual((code, err), (0, ""))
        return assert_fits(self, "log", out)

    def knock(self):
        """Leaves a line of level debug."""
        socket.create_connection(("127.0.0.1", self.gateway.port)).close()

    def debug_lines(self):
        return [line for line in self.gateway.log_lines() if line["level"] == "debug"]

    def test_is_changed_at_run_time_and_comes_back_by_itself(self):
        self.start_gateway()
        self.knock()
        self.assertEqual(self.debug_lines(), [])
        chosen = self.log("level", "debug", "--for", "2s")
        self.assertEqual((chosen["level"], chosen["configured"], chosen["chosen"]), ("debug", "info", True))
        self.assertIn("until", chosen)
        self.knock()
        wait_until(self.debug_lines, 10, "a line of level debug")
        wait_until(lambda: not self.log()["chosen"], 10, "the end of its time")
        self.assertEqual(self.log()["level"], "info")
        self.assertEqual(self.gateway.log_lines("log level as configured")[-1]["because"], "its time is over")
        before = len(self.debug_lines())
        self.knock()
        time.sleep(0.3)
        self.assertEqual(len(self.debug_lines()), before)

        # An operator ends it.
        self.log("level", "debug")
        self.log("level", "configured")
        self.assertEqual(self.gateway.log_lines("log level as configured")[-1]["because"], "an operator ended it")

        # A reload resets it, however it is asked for; a file that changes by itself does not.
        self.assertNotIn("until", self.log("level", "error"))
        self.assertEqual(self.gateway.log_lines("log level chosen")[-1]["uid"], str(os.getuid()))
        self.gateway.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.log()["level"] == "info", 10, "the configured level")
        self.log("level", "debug")
        self.gateway.config.write_text(self.gateway.config.read_text().replace('"info"', '"warn"'))
        wait_until(lambda: self.log()["level"] == "warn", 10, "the level that the configuration has now")
        self.assertEqual(self.log("level", "configured")["chosen"], False)
        self.assertRegex(self.gateway.command("log")[1], r"level +warn\n")
        for target, status in (("/log/loud", 400), ("/log/debug?for=x", 400), ("/log/debug?for=8d", 400), ("/log/debug?for=0", 400), ("/log/", 400)):
            found, body = self.gateway.ask("POST", target)
            self.assertEqual(found, status, target)
            assert_fits(self, "error", body)
        self.assertEqual(self.gateway.ask("GET", "/log/debug")[0], 404)

    def test_a_flood_is_cut_and_counted(self):
        self.start_gateway(log_level="debug")
        for _ in range(600):
            self.knock()
        said = wait_until(lambda: self.gateway.log_lines("log lines left out"), 20, "a line about it")
        self.assertEqual(said[0]["of"], "handshake left")
        written = len(self.gateway.log_lines("handshake left"))
        left_out = sum(int(line["lines"]) for line in self.gateway.log_lines("log lines left out"))
        self.assertGreater(written, 99)
        self.assertEqual(self.gateway.metric("log_lines_left_out_total"), left_out)
        self.assertGreater(self.gateway.metric("log_lines_total", level="debug"), written - 1)
        self.assertLessEqual(written + left_out, 600)


class Secrets(GatewayTest):
    DEVICES = 2

    def test_are_never_in_it(self):
        """Level debug, with everything going wrong that would quote something: logins, payloads, bad packets, a bad configuration."""
        password, payload, twin = "pass-word-of-the-proxy", b"payload-of-a-device", b'{"wifi":"secret-of-a-twin"}'
        self.start_gateway(log_level="debug")
        self.hub.faults(poison_property="poison")
        with self.gateway.connected(self.pki.device(0)) as device:
            device.publish("poison=1", payload)
            for number in range(3):
                device.publish(f"n={number}", payload)
            device.request("$iothub/twin/PATCH/properties/reported/?$rid=1", twin)
            device.send(b"\xf0" + payload)
            device.await_close(10)
        self.await_drained()
        self.hub.faults(outage=True)
        self.hub.drop()
        with self.gateway.connected(self.pki.device(1), username=f"gateway.plant.example/{self.pki.ids[1]}/?api-version=2021-04-12") as device:
            device.publish("a=b", payload)
        self.gateway.config.write_text(self.gateway.config.read_text().replace("upstream:", f'upstream:\n  proxy: "http://user:{password}@proxy:3128"'))
        wait_until(lambda: self.gateway.log_lines("configuration not reloaded"), 10, "a refusal of the configuration")
        self.gateway.stop()
        log = self.gateway.log.read_text(errors="replace")
        self.assertGreater(log.count(" debug "), 0)
        key = base64.b64decode(POLICY_KEY)
        server_key = [line for line in self.pki.path("gateway.key").read_text().splitlines() if not line.startswith("-----")]
        for secret in [POLICY_KEY, key.hex(), key.hex().upper(), "SharedAccessSignature", "sig=", password, payload.decode(), "secret-of-a-twin",
                       base64.b64encode(payload).decode(), *server_key]:
            self.assertNotIn(secret, log)


class Journal(GatewayTest):
    DEVICES = 1

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "only root can give a program another /run")
    def test_gets_each_field_by_itself(self):
        entries = self.directory / "journal.jsonl"
        if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/run"], check=False, capture_output=True).returncode != 0:
            self.skipTest("no mount namespace can be made here")
        own = self.pki.ids[0]

        def under_systemd(gateway):
            gateway.wrapper = [*("unshare", "--mount"), sys.executable, str(Path(__file__).with_name("fake_journal.py")), str(entries)]
            return {"devices": {"aliases": {own: "pump-3"}}, "http": {"listen": "127.0.0.1:0"}}

        self.start_gateway(wait=False, extra=under_systemd)

        def found(event):
            lines = entries.read_text().splitlines() if entries.exists() else []
            return [one for one in map(json.loads, lines) if one.get("SPHEREGATE_EVENT") == event]

        listening = wait_until(lambda: found("listening"), 20, "the start in the journal")[0]
        self.assertEqual((listening["PRIORITY"], listening["SYSLOG_IDENTIFIER"]), ("6", "spheregate"))
        self.gateway.port = int(listening["SPHEREGATE_PORT"])
        with self.gateway.connected(self.pki.device(0)):
            entry = wait_until(lambda: found("device connected"), 10, "the device in the journal")[0]
        self.assertEqual((entry["SPHEREGATE_DEVICE"], entry["SPHEREGATE_ALIAS"]), (own, "pump-3"))
        self.assertRegex(entry["MESSAGE"], r"^device connected .*device=pump-3")
        self.assertEqual(self.gateway.log_lines("device connected"), [], "no line twice")
        self.gateway.stop()
        self.assertTrue(found("stopped"))


if __name__ == "__main__":
    unittest.main()
