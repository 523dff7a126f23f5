"""`spheregate check` for people, for other users, and as a device."""

import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from device import Refused
from harness import PROGRAMS, Hubsim, Pki, program, wait_until
from sites import Site, has

NOBODY = 65534


def as_another_user(test):
    """Only root can become one, and the checkout may be where nobody else gets to."""
    @functools.wraps(test)
    def run(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become another user")
        PROGRAMS.chmod(0o755)
        reach = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", "test", "-x", program("spheregate")]
        if subprocess.run(reach, check=False).returncode != 0:
            self.skipTest("another user does not get to the programs")
        test(self)
    return run


class CheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = Path(tempfile.mkdtemp(prefix="e2e-check-", dir=PROGRAMS))
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.pki = Pki(cls.base / "pki", 2)
        cls.hub = Hubsim(cls.base, cls.pki)
        cls.addClassCleanup(cls.hub.kill)

    def setUp(self):
        self.site = Site(self.base / self._testMethodName, self.pki, self.hub.port, self._testMethodName)
        self.addCleanup(self.site.stop)

    def text(self, *options, **how):
        return subprocess.run([program("spheregate"), "check", "--config", str(self.site.gateway.config), *options], capture_output=True,
                              text=True, timeout=60, check=False, env=self.site.environment(), **how)

    def verdicts(self, *options):
        return [(one["item"], one["verdict"]) for one in self.site.check(*options)]


class ForPeople(CheckTest):
    def test_a_table_that_ends_with_the_totals(self):
        done = self.text()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertRegex(lines[-1], r"^\d+ passed, 0 warnings, 0 failed, \d+ skipped$")
        self.assertNotIn("\033", done.stdout)
        starts = {line.index(line.split(maxsplit=2)[2].split()[0]) for line in lines[:-1] if re.match(r"[✓!✗-] (pass|warn|fail|skip)  \w", line)}
        self.assertEqual(starts, {8})

    def test_every_mistake_of_the_configuration_at_its_place(self):
        self.site.gateway.config.write_text("hostname: gateway\nlisten: {port: 99999}\nqueue: {paht: /x}\n")
        found = [one for one in self.site.check() if one["item"] == "configuration"]
        for line, words in ((1, ("dot",)), (2, ("listen.port",)), (3, ("did you mean `path`",))):
            self.assertTrue(any(f"spheregate.yaml:{line}:" in one["where"] and has(one["what"] + one["fix"], words) for one in found), found)

    @as_another_user
    def test_credentials_that_may_not_be_looked_for_are_none(self):
        alone = ["unshare", "--mount", "sh", "-ec"]
        if subprocess.run([*alone, "mount -t tmpfs none /run"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no mounts here")
        script = (f"mount -t tmpfs none /run; mkdir -m 700 /run/credentials; "
                  f"setpriv --reuid {NOBODY} --clear-groups {program('spheregate')} check --offline --config /does/not/exist.yaml")
        done = subprocess.run([*alone, script], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.stderr, "")
        self.assertIn("/does/not/exist.yaml", done.stdout)

    def test_no_network_and_no_daemon(self):
        done = subprocess.run([program("spheregate"), "check", "--config", "/does/not/exist.yaml"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/does/not/exist.yaml", done.stdout)
        self.site.set("upstream", hub="hub.invalid")
        self.assertEqual([one for one in self.verdicts("--offline") if one[1] in ("warn", "fail")], [])

    @as_another_user
    def test_another_user_is_told_what_it_may_not_see(self):
        for folder in (self.base, self.site.directory):
            folder.chmod(0o755)
        store = self.site.directory / "lib/queue"
        store.mkdir(parents=True)
        store.parent.chmod(0o700)
        self.site.set("queue", path=str(store))
        done = self.text("--offline", user=NOBODY, group=NOBODY, extra_groups=[])
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"fail  files +.*gateway\.key.*has no permission")
        said = " ".join(done.stdout.split())
        self.assertIn(f"skip store {store}: cannot be looked into as the user nobody: Permission denied fix: run the check as root or as the daemon's user", said)


class WithTheDaemon(CheckTest):
    def test_the_daemon_is_asked_and_its_place_at_the_hub_left_alone(self):
        self.site.start()
        with self.site.gateway.connected(self.pki.device()) as device:
            device.publish("", b"hello")
            before = self.hub.stats()["connects_accepted"]
            found = {one["item"]: one for one in self.site.check()}
            named = [one for one in self.site.check("--login-as", self.pki.ids[0]) if one["item"] == "hub login"]
            self.assertEqual([one["verdict"] for one in named], ["pass", "skip"], named)
            self.assertIn("not tried as", named[1]["what"])
            self.assertEqual(self.hub.stats()["connects_accepted"], before)
            device.publish("", b"still here")
        self.assertEqual((found["daemon"]["verdict"], found["port"]["verdict"], found["hub login"]["verdict"]), ("pass", "pass", "pass"))
        self.assertIn("held by the running daemon", found["port"]["what"])
        self.assertIn("the daemon has 1 link that stands", found["hub login"]["what"])

    def test_what_the_hub_says_to_the_devices_is_passed_on(self):
        self.hub.faults(refuse_connack=5)
        self.addCleanup(self.hub.heal)
        self.site.start()
        with self.site.gateway.connected(self.pki.device()):
            wait_until(lambda: (self.site.gateway.link(self.pki.ids[0]) or {}).get("last_error"), 20, "a refused login")
            self.site.must_say("hub login", "refused", "policy")
            found = next(one for one in self.site.check() if one["item"] == "hub login")
            self.assertTrue(found["what"].endswith("with code 5 (not authorized)"), found)
            self.assertTrue(found["fix"].startswith("check that the device exists"), found)
            self.assertTrue(found["fix"].endswith("then restart the gateway"), found)

    def test_the_files_that_count_are_the_daemons(self):
        self.site.gateway.wrapper = ["prlimit", "--nofile=250:250"]
        self.site.start()
        self.site.must_say("limits", "the running daemon may have 250", "fewer devices", "lower devices.max_connections", verdict="warn")

    def test_whom_it_refused_and_why_until_they_get_in(self):
        self.site.start()
        self.site.check("--as-device")  # which is refused too, and no news
        own = self.pki.device()
        with self.assertRaises(Refused), self.site.gateway.device(own) as device:
            device.connect(client_id=own.device_id.upper())
        self.site.must_say("refusals", f"device {own.device_id[:8]}\u2026{own.device_id[-4:]} ", "once client_id_case", "letter case", verdict="warn")
        self.site.gateway.connected(own).disconnect()
        # Nothing is hidden: anybody may write that name into a certificate.
        self.site.must_say("refusals", "nobody was refused lately but spheregate-check", "3 times", verdict="pass")
        lists = subprocess.run([program("spheregate"), "status", "--config", str(self.site.gateway.config)], capture_output=True, text=True,
                               timeout=30, check=True).stdout
        self.assertRegex(lists, r"spheregate-check +.*unknown_ca")

    def test_without_the_admin_socket_it_is_asked_by_http(self):
        self.site.set("admin", socket="")
        self.site.start()
        self.assertIn(("daemon", "pass"), self.verdicts())

    def test_a_daemon_that_hangs(self):
        self.site.start()
        self.site.gateway.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.site.gateway.process.send_signal, signal.SIGCONT)
        self.site.must_say("daemon", "did not answer", "restart", options=("--offline",))

    @as_another_user
    def test_files_are_seen_as_the_user_of_the_daemon(self):
        self.base.chmod(0o777)  # the admin socket comes here
        auth = self.site.gateway.settings["upstream"]["auth"]
        key = Path(auth["key_file"])
        for path in (self.site.directory, key, self.site.gateway.config):
            os.chown(path, NOBODY, NOBODY)
        server = self.site.server()
        for path in (server.key, server.certificate, self.site.directory / "server.pem"):
            os.chown(path, NOBODY, NOBODY)
        for path in (self.site.directory / "made", server.key.parent):
            path.chmod(0o755)
        self.site.gateway.wrapper = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        self.site.start()
        self.assertIn(("files", "pass"), self.verdicts())
        os.chown(key, 0, 0)
        self.site.must_say("files", str(key), "has no permission to read it", "chown")
        # What is public is better where everybody gets to.
        secluded = self.site.directory / "secluded"
        secluded.mkdir(mode=0o700)
        self.site.set("upstream", ca=str(shutil.copy(self.pki.path("hub-root.pem"), secluded)))
        self.site.must_say("files", "secluded", "copy it to /etc/spheregate", "upstream.ca")

    def test_what_was_set_aside(self):
        for folder in ("quarantine", "dead-letters", "state"):
            (self.site.directory / "queue" / folder).mkdir(parents=True)
        for name in ("quarantine/journal-1.seg", "dead-letters/letter-1", "dead-letters/letter-2", "state/state.db.damaged-1"):
            (self.site.directory / "queue" / name).write_text("x")
        for words in (("1 damaged segments", "quarantine"), ("2 messages", "dead letters"), ("state.db was set aside",)):
            self.site.must_say("store", *words, verdict="warn")


class AsDevice(CheckTest):
    def test_the_door_is_open_and_keeps_strangers_out(self):
        self.site.start()
        found = self.site.check("--as-device")
        self.assertEqual({one["verdict"] for one in found}, {"pass"}, found)
        self.assertEqual([one["item"] for one in found if one["item"].startswith("device")], ["device", "device, with sni", "device, tls 1.3"])
        self.assertTrue(any("TLSv1.2" in one["what"] and "refused as it must be" in one["what"] for one in found), found)
        self.assertTrue(any("TLSv1.3" in one["what"] for one in found), found)
        self.assertEqual(self.site.gateway.metric("tls_handshakes_total", result="unknown_ca"), 3)
        self.assertEqual(self.site.gateway.metric("tls_handshakes_total", result="ok"), 0)

    def test_without_a_daemon_the_port_is_closed(self):
        self.site.must_say("device", "Connection refused", "firewall", options=("--as-device",))

    def test_a_name_without_an_address(self):
        self.site.must_say("device", "`gateway.invalid` is not known to DNS here", "devices ask their name server for it too",
                           options=("--as-device", "--host", "gateway.invalid"))

    def test_another_root_than_the_one_of_the_devices(self):
        self.site.start()
        self.site.must_say("shown certificate", "a device would end the handshake", "-188",
                           options=("--as-device", "--root", str(self.pki.path("hub-root.pem"))))

    def test_another_name_than_the_certificate_has(self):
        self.site.hosts["edge.plant.example"] = "127.0.0.1"
        self.site.start()
        self.site.must_say("shown certificate", "edge.plant.example", "-322", options=("--as-device", "--host", "edge.plant.example"))

    def test_a_chain_without_its_intermediate(self):
        root = self.site.workshop.make("Plant Root", ca=True)
        between = self.site.workshop.make("Plant Issuer", issuer=root, ca=True)
        leaf = self.site.workshop.make("gateway.plant.example", issuer=between, san="DNS:gateway.plant.example", usage="serverAuth")
        self.site.set("tls", certificate=self.site.file("server.pem", leaf.pem()), private_key=str(leaf.key))
        self.site.start()
        self.site.must_say("shown certificate", "unable to get", options=("--as-device", "--root", str(root.certificate)))

    def test_a_certificate_that_the_daemon_could_not_take(self):
        self.site.server()
        self.site.start()
        other = self.site.workshop.make("gateway.plant.example", san="DNS:gateway.plant.example")
        self.site.file("server.pem", other.pem())  # without its key
        self.site.must_say("shown certificate", "shows another certificate than the file", options=("--as-device",))

    def test_something_else_at_the_port(self):
        self.site.set("listen", port=self.hub.http_port)
        self.site.must_say("device", "no TLS", "something else listens", options=("--as-device",))


if __name__ == "__main__":
    unittest.main()
