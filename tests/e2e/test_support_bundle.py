"""`spheregate support-bundle`: what is in it, and that nothing secret is, wherever it was planted."""

import base64
import json
import os
import re
import stat
import subprocess
import tarfile
import unittest
import urllib.parse
from pathlib import Path

from harness import POLICY_KEY, GatewayTest, made_up_key, program
from schemas import assert_fits

ITEMS = {"versions.json", "config.yaml", "config-check.json", "status.json", "metrics.txt", "refusals.json", "log.json", "devices.json", "queue.json",
         "dead-letters.json", "audit.json", "certificates.txt", "files.txt", "system.txt", "service.txt", "journal.txt", "check.json"}
OF_THE_GATEWAY = {"status.json", "metrics.txt", "refusals.json", "log.json", "devices.json"}


def forms_of(secret):
    """How a secret may stand in other text."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), urllib.parse.quote(raw, safe="").encode(),
             urllib.parse.quote(raw, safe="").lower().encode() if b"%" in urllib.parse.quote(raw, safe="").encode() else raw}
    for before in (b"", b"x", b"xy"):
        piece = base64.b64encode(before + raw)
        # Without the characters that depend on what stands around it.
        found.add(piece[4 if before else 0:-4])
        found.add(piece[4 if before else 0:-4].replace(b"+", b"-").replace(b"/", b"_"))
    return {form for form in found if len(form) >= 6}


def secret_lines(key):
    """Of a P-256 key in PKCS#8. The last line has nothing but the end of the public key, which certificates have too."""
    lines = key.strip().splitlines()
    assert (lines[0], len(lines)) == ("-----BEGIN PRIVATE KEY-----", 5), lines[0]
    return lines[1:-2]


class SupportBundle(GatewayTest):
    DEVICES = 2

    def plant(self):
        """Every place that can hold a secret; {where: secret}."""
        secrets = self.directory / "secrets"
        secrets.mkdir(mode=0o700)
        authority = self.directory / "authority"
        authority.mkdir(mode=0o700)
        bin_directory = self.directory / "bin"
        bin_directory.mkdir()
        planted = {
            "key file": POLICY_KEY,
            "proxy password file": "Tr0ub4dor&3/\"quoted\"",
            "http.password_file": "dashboard-pass,word",
            "a file in secrets/": "correct horse battery staple",
            "a key in secrets/": made_up_key("planted"),
            "a connection string in secrets/": made_up_key("in a connection string"),
            "credentials of systemd": "opensesame-of-systemd",
            "environment": "a-secret-in-the-environment",
            "payload in the queue": "payload-that-is-nobodys-business",
            "payload of a dead letter": "payload-of-a-dead-letter-likewise",
            "a token in the journal": "AbCdEf0123456789%2BAbCdEf0123456789%3D",
            "a password in an address": "hunter2-in-an-address",
            "a web token in the journal": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkLXRva2VuIn0.dozjgNryP4J3jVmNHl0w5NXgL0n3I9PlFUP0THsR8U",
        }
        (secrets / "dashboard-password").write_text(planted["a file in secrets/"] + "\n")
        (secrets / "keys.csv").write_text("id,key\nsome-device," + planted["a key in secrets/"] + "\n")
        (secrets / "hub.txt").write_text(f"HostName=h.example;SharedAccessKeyName=p;SharedAccessKey={planted['a connection string in secrets/']}\n")
        private = self.pki.path("gateway.key").read_text()
        (authority / "root-1.key").write_text(self.pki.path("hub.key").read_text())
        (authority / "root-1.pem").write_text(self.pki.path("gateway-root.pem").read_text())
        for number, line in enumerate(secret_lines(private) + secret_lines(self.pki.path("hub.key").read_text())):
            planted[f"line {number} of a private key"] = line
        credentials = self.directory / "credentials"
        credentials.mkdir()
        (credentials / "something").write_text(planted["credentials of systemd"])
        journal = "\n".join([
            f"2026-05-01T12:00:00 host spheregate[1]: hub link down reason=\"SharedAccessSignature sr=h&sig={planted['a token in the journal']}&se=1\"",
            f"2026-05-01T12:00:01 host spheregate[1]: proxy=http://user:{planted['a password in an address']}@proxy:3128/",
            f"2026-05-01T12:00:02 host spheregate[1]: Authorization: Bearer {planted['a web token in the journal']}",
            f"2026-05-01T12:00:03 host spheregate[1]: base64 {base64.b64encode(('user:' + planted['proxy password file']).encode()).decode()}",
            f"2026-05-01T12:00:03 host spheregate[1]: hex {base64.b64decode(planted['a key in secrets/']).hex()}",
            f"2026-05-01T12:00:04 host spheregate[1]: url {urllib.parse.quote(planted['a file in secrets/'])}",
            f"2026-05-01T12:00:04 host spheregate[1]: http {base64.b64encode(('ops:' + planted['http.password_file']).encode()).decode()}",
            f"2026-05-01T12:00:05 host spheregate[1]: raw {planted['a connection string in secrets/']} {planted['credentials of systemd']} {planted['key file']}",
            *[f"2026-05-01T12:00:06 host spheregate[1]: {line}" for line in private.splitlines()],
            "2026-05-01T12:00:07 host spheregate[1]: an honest line at the end",
        ])
        for name, text in (("journalctl", journal), ("systemctl", f"ActiveState=active\nStatusText={planted['key file']}")):
            (self.directory / f"{name}.txt").write_text(text + "\n")
            (bin_directory / name).write_text(f"#!/bin/sh\necho \"$@\" > {self.directory}/{name}.asked\nenv > {self.directory}/{name}.env\ncat {self.directory}/{name}.txt\n")
            (bin_directory / name).chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{bin_directory}:{os.environ['PATH']}", "CREDENTIALS_DIRECTORY": str(credentials),
                            "SPHEREGATE_TEST_SECRET": planted["environment"]}
        return planted

    def bundle(self, name, *options, code=0):
        """{file in it: content} of a bundle made now."""
        file = self.directory / name
        done = subprocess.run([program("spheregate"), "support-bundle", str(file), "--offline", "--json", "--config", str(self.gateway.config), *options],
                              capture_output=True, text=True, timeout=60, check=False, env=self.environment)
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        self.report = assert_fits(self, "support-bundle", done.stdout)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        with tarfile.open(file, "r:gz") as archive:
            members = archive.getmembers()
            self.assertTrue(all(member.isfile() and member.mode == 0o600 for member in members))
            self.assertEqual({Path(member.name).parent.name for member in members}, {self.report["directory"]})
            return {Path(member.name).name: archive.extractfile(member).read() for member in members}

    def assert_nothing_of(self, planted, files):
        for where, secret in planted.items():
            for name, content in files.items():
                for form in forms_of(secret):
                    self.assertNotIn(form, content, f"{where}: {form!r} in {name}")

    def missing(self):
        return {item["name"] for item in self.report["items"] if "missing" in item}

    def test_holds_what_helps_and_nothing_secret(self):
        planted = self.plant()
        self.start_gateway()
        self.hub.faults(poison_property="poison")
        with self.gateway.connected(self.pki.device(0)) as device:
            device.publish("poison=1", planted["payload of a dead letter"].encode())
            for number in range(3):
                device.publish(f"n={number}", b"behind")
        self.await_drained()
        self.hub.faults(outage=True)
        self.hub.drop()
        with self.gateway.connected(self.pki.device(1)) as device:
            device.publish("a=b", planted["payload in the queue"].encode())
            # What takes effect at the next start is read by the bundle already.
            password = self.gateway.secret("proxy.password", planted["proxy password file"] + "\n")
            self.gateway.config.write_text(self.gateway.config.read_text().replace("upstream:\n", "upstream:\n  proxy: http://127.0.0.1:9\n  proxy_user: user\n"
                f"  proxy_password_file: {password}\n").replace("tls:\n", f"tls:\n  authority: {self.directory / 'authority'}\n").replace("http:\n",
                f"http:\n  user: ops\n  password_file: {self.gateway.secret('http.password', planted['http.password_file'])}\n"))
            files = self.bundle("running.tar.gz")
            self.assertEqual(set(files), ITEMS | {"README.txt"})
            self.assertEqual(self.missing(), set())
            self.assertEqual(json.loads(files["status.json"])["devices_connected"], 1)
        self.assert_nothing_of(planted, files)
        for schema, name in (("queue", "queue.json"), ("audit", "audit.json"), ("dead-letters", "dead-letters.json"), ("config-check", "config-check.json"),
                             ("check", "check.json"), ("log", "log.json")):
            assert_fits(self, schema, files[name].decode())
        self.assertEqual(json.loads(files["queue.json"])["messages"], 1)
        self.assertIn(b"spheregate_messages_dead_lettered_total", files["metrics.txt"])
        self.assertIn(b"proxy_password_file: \"" + str(self.directory).encode(), files["config.yaml"], "the path stays")
        self.assertRegex(files["files.txt"].decode(), r"- 0600 .*/proxy\.password\n")
        self.assertIn(b"-----BEGIN CERTIFICATE-----", files["certificates.txt"])
        self.assertIn(b"an honest line at the end", files["journal.txt"])
        self.assertIn(b"sig=[redacted]&se=1", files["journal.txt"])
        self.assertIn(b"/etc/os-release", files["system.txt"])
        self.assertIn("--lines=2000", (self.directory / "journalctl.asked").read_text())
        self.assertNotIn(planted["environment"], (self.directory / "journalctl.env").read_text(), "nobody is handed the environment")
        self.assertIn(b"no key, password, token", files["README.txt"])

        # Never over another, and with the gateway down.
        done = subprocess.run([program("spheregate"), "support-bundle", str(self.directory / "running.tar.gz"), "--config", str(self.gateway.config)],
                              capture_output=True, text=True, timeout=60, check=False, env=self.environment)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("nothing is overwritten", done.stderr)
        self.gateway.stop()
        files = self.bundle("stopped.tar.gz")
        self.assertEqual(self.missing(), OF_THE_GATEWAY)
        self.assertEqual(json.loads(files["audit.json"])["source"], "store")
        self.assertEqual(json.loads(files["dead-letters.json"])["total"], 1)
        self.assert_nothing_of(planted, files)

        # A configuration in which somebody has pasted what does not belong there.
        text = self.gateway.config.read_text().replace("  proxy: http://127.0.0.1:9\n", "")
        pasted = made_up_key("pasted")
        self.gateway.config.write_text(text.replace("upstream:", f"upstream:\n  proxy: \"http://user:{planted['a password in an address']}@proxy:3128\"\n"
                                                    f"  hub_key: \"{pasted}\"\n  connection: \"HostName=h;SharedAccessKey={pasted}\""))
        files = self.bundle("broken.tar.gz")
        self.assertIn("config.yaml", self.missing())
        self.assertEqual({one["key"] for one in json.loads(files["config-check.json"])["problems"]} & {"upstream.hub_key", "upstream.proxy"},
                         {"upstream.hub_key", "upstream.proxy"})
        self.assert_nothing_of({**planted, "pasted into the configuration": pasted}, files)
        self.gateway.config.write_text("[" + text)
        files = self.bundle("no-yaml.tar.gz")
        self.assertIn(b"this is not YAML", files["config-check.json"])
        self.assert_nothing_of(planted, files)
        self.gateway.config.unlink()
        files = self.bundle("none.tar.gz")
        self.assertIn(b"does not exist", files["config-check.json"])
        # Where this one is, only the configuration knew.
        self.assert_nothing_of({where: secret for where, secret in planted.items() if where not in ("proxy password file", "http.password_file")}, files)

    @unittest.skipIf(os.geteuid() != 0, "only root can become another user")
    def test_says_which_secrets_it_could_not_look_for(self):
        planted = self.plant()
        self.start_gateway()
        self.gateway.stop()
        reach = ["setpriv", "--reuid=65534", "--clear-groups", "test", "-r", str(self.gateway.config)]
        for place in (self.base, self.directory):
            place.chmod(0o755)
        if subprocess.run(reach, check=False).returncode != 0 or subprocess.run([*reach[:3], "test", "-x", program("spheregate")], check=False).returncode != 0:
            self.skipTest("another user does not get to the programs")
        place = self.directory / "open"
        place.mkdir()
        place.chmod(0o777)
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", program("spheregate"), "support-bundle", str(place / "b.tar.gz"), "--offline",
                               "--config", str(self.gateway.config)], capture_output=True, text=True, timeout=60, check=False, env=self.environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("You could not read all files with secrets", done.stdout)
        with tarfile.open(place / "b.tar.gz", "r:gz") as archive:
            files = {Path(member.name).name: archive.extractfile(member).read() for member in archive.getmembers()}
        self.assertIn(b"policy.key", files["README.txt"])
        self.assertTrue(re.search(rb"audit.json +MISSING", files["README.txt"]))
        # What looks like a secret is found all the same.
        for where in ("a token in the journal", "a password in an address", "a web token in the journal", "key file"):
            self.assert_nothing_of({where: planted[where]}, files)


if __name__ == "__main__":
    unittest.main()
