#!/usr/bin/env python3
"""The Debian package as a user has it: installed, set up, started, killed, hung, reloaded, upgraded and downgraded under load, removed, purged.

In a booted Debian 12 (container.py); the simulated hub and the devices run outside, in the container's network.
"""

import argparse
import json
import os
import shutil
import sys

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/e2e"))

from container import CannotBoot, Container, base_root  # noqa: E402
from device import Device  # noqa: E402
from fleet import Fleet, allow_files, numbers_at  # noqa: E402
from harness import POLICY_KEY, Hubsim, Pki, http_request, parse_metrics, wait_until  # noqa: E402
from knocking import Knocker  # noqa: E402

SKIPPED = 77
FLEET = 200
KNOCKERS = 4
PORT = 8883
METRICS_PORT = 9464
SERVICE, SOCKET = "spheregate.service", "spheregate.socket"
CONFIGURATION = "/etc/spheregate/spheregate.yaml"
# What Debian policy lets a package leave: the system user that it made, and copies of the files that name users.
MAY_STAY = {f"/etc/{name}{copy}" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid") for copy in ("", "-", ".lock")} | {
    "/etc/.pwd.lock"}


def need(condition, what):
    if not condition:
        raise AssertionError(what() if callable(what) else what)


class Steps:
    """One line each; the first that fails is the last."""

    def __init__(self):
        self.done, self.notes = 0, []

    def note(self, text):
        self.notes.append(text)

    @contextmanager
    def step(self, what):
        began, self.notes = time.monotonic(), []
        print(f"  {what:<52}", end="", flush=True)
        try:
            yield
        except BaseException:
            print(" FAILED", flush=True)
            raise
        self.done += 1
        print(f" {time.monotonic() - began:4.0f} s  {'; '.join(self.notes)}", flush=True)


class Site:
    def __init__(self, container, old, new, steps):
        self.container, self.old, self.new, self.steps = container, old, new, steps
        self.directory = container.directory
        self.pki = Pki(self.directory / "pki", FLEET + KNOCKERS)
        self.hub = Hubsim(self.directory, self.pki)
        self.root = self.directory / "gateway-root.pem"

    # What is asked of the gateway.
    def active(self):
        return self.container.call("systemctl", "is-active", SERVICE)[1].strip()

    def main_pid(self):
        return int(self.container.show(SERVICE, "MainPID")["MainPID"])

    def restarts(self):
        return int(self.container.show(SERVICE, "NRestarts")["NRestarts"])

    def status(self):
        return json.loads(self.container.do("spheregate", "status", "--json"))

    def device(self, index):
        return Device(self.pki.device(index), PORT, str(self.root))

    def await_active(self, timeout=30):
        wait_until(lambda: self.active() == "active", timeout, lambda: f"active; it is {self.active()}:\n{self.container.journal(SERVICE)[-2000:]}")

    def drained(self):
        wait_until(lambda: self.status()["queue"]["queued"] == 0, 60, lambda: f"the queue is empty: {self.status()['queue']}")

    def edit(self, unit, text):
        folder = self.container.root / f"etc/systemd/system/{unit}.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "override.conf").write_text(text)
        self.container.do("systemctl", "daemon-reload")

    # The steps.
    def install(self):
        self.container.do("apt-get", "install", "--yes", "/root/old.deb")
        need(self.container.call("id", "spheregate")[0] == 0, "there is no user spheregate")
        code, out, _ = self.container.call("systemctl", "status", SERVICE)
        need(self.active() == "inactive" and code == 3, f"it runs, or failed, without a configuration:\n{out}")
        need("ConditionPathExists=/etc/spheregate/spheregate.yaml" in out, f"systemctl status does not say why it does not run:\n{out}")
        need(self.container.call("systemctl", "is-active", SOCKET)[1].strip() == "inactive", "the socket is open without a configuration")

    def set_up(self):
        self.container.put(self.pki.path("hub-root.pem"), "/etc/spheregate/hub-root.pem")
        self.container.do("chmod", "644", "/etc/spheregate/hub-root.pem")
        self.container.put(self.pki.path("tenant-ca.d/tenant-a.pem"), "/root/tenant.pem")
        secret = f"HostName=localhost;SharedAccessKeyName=gateway;SharedAccessKey={POLICY_KEY}"
        self.container.do("spheregate", "init", "--hostname", "gateway.plant.example", "--connection-string-file", "-", "--set",
                          f"upstream.port={self.hub.port}", "--set", "upstream.ca=/etc/spheregate/hub-root.pem", "--set",
                          "devices.connect_rate_per_source=0", stdin=secret)
        self.container.do("spheregate", "tenant", "add", "/root/tenant.pem")
        self.container.do("spheregate", "config", "check")
        self.root.write_text(self.container.do("spheregate", "export-root"))

    def credential(self):
        """As docs/operations.md has it: the key is root's alone."""
        self.container.do("mv", "/etc/spheregate/secrets/hub.key", "/etc/spheregate/hub-policy.key")
        self.container.do("chown", "root:root", "/etc/spheregate/hub-policy.key")
        file = self.container.root / CONFIGURATION.lstrip("/")
        text = file.read_text()
        changed = text.replace("/etc/spheregate/secrets/hub.key", "${CREDENTIALS_DIRECTORY}/hub-policy.key")
        need(changed != text, f"the configuration does not name the key:\n{text}")
        file.write_text(changed)
        self.edit(SERVICE, "[Service]\nLoadCredential=hub-policy.key:/etc/spheregate/hub-policy.key\n")

    def start(self):
        self.container.do("systemctl", "enable", "--now", SERVICE)
        need(self.active() == "active", "systemctl start returned before it was active")
        user = self.container.do("ps", "-o", "user=", "-p", self.main_pid()).strip()
        need(user == "spheregate", f"it runs as {user}")
        with self.device(0) as device:
            device.connect().publish("first=1", b"first")
        self.hub.await_messages(self.pki.ids[0], 1)
        need("port=8883" in self.container.do("journalctl", "SPHEREGATE_EVENT=listening", "--output=cat"), "the journal does not have the fields of a line")
        # The unit hides most of /proc, and what the metrics need is still there.
        facts = parse_metrics(http_request(METRICS_PORT, "GET", "/metrics")[1].decode())
        started = facts[("process_start_time_seconds", frozenset())]
        need(abs(time.time() - started) < 600, f"process_start_time_seconds is {started}")
        need(facts[("process_open_fds", frozenset())] > 10, "process_open_fds is not known")
        self.steps.note(f"uplink {self.status()['uplink']['condition']}")

    def check(self):
        _, out, _ = self.container.call("spheregate", "check", "--offline")
        need(", 0 failed" in out, f"`spheregate check` fails:\n{out}")
        self.steps.note(out.strip().splitlines()[-1])

    def kill(self):
        self.hub.faults(outage=True)
        with self.device(1) as device:
            device.connect().publish_all((f"n={number}", str(number).encode()) for number in range(500))
        before, restarts = self.main_pid(), self.restarts()
        began = time.monotonic()
        os.kill(self.outside(before), 9)
        wait_until(lambda: self.restarts() > restarts and self.active() == "active", 30, "it is back by itself")
        self.steps.note(f"back after {time.monotonic() - began:.1f} s")
        self.hub.heal()
        found = [int(one["payload"]) for one in self.hub.await_messages(self.pki.ids[1], 500, timeout=60)]
        need(sorted(set(found)) == list(range(500)), "acknowledged messages are missing")
        self.steps.note("500 acknowledged, 0 lost")

    def outside(self, pid):
        """The number that a process of the container has here."""
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                numbers = next(line.split()[1:] for line in status.read_text().splitlines() if line.startswith("NSpid:"))
            except (OSError, StopIteration):
                continue
            if len(numbers) > 1 and numbers[-1] == str(pid) and os.readlink(f"{status.parent}/ns/pid") == os.readlink(f"/proc/{self.container.leader}/ns/pid"):
                return int(status.parent.name)
        raise AssertionError(f"there is no process {pid} in the container")

    def hang(self):
        """The unit's own time would be a minute."""
        self.edit(SERVICE, "[Service]\nLoadCredential=hub-policy.key:/etc/spheregate/hub-policy.key\nWatchdogSec=5s\n")
        self.container.do("systemctl", "restart", SERVICE)
        restarts = self.restarts()
        began = time.monotonic()
        os.kill(self.outside(self.main_pid()), 19)
        wait_until(lambda: self.restarts() > restarts and self.active() == "active", 60, "the watchdog restarts it")
        need("Watchdog timeout" in self.container.journal(SERVICE), "it was not the watchdog")
        self.steps.note(f"back after {time.monotonic() - began:.1f} s with WatchdogSec=5s")
        self.edit(SERVICE, "[Service]\nLoadCredential=hub-policy.key:/etc/spheregate/hub-policy.key\n")

    def fleet(self):
        fleet = Fleet(PORT, self.root, pause=0.5)
        for index in range(FLEET):
            fleet.add(self.pki.device(index))
        return fleet

    def reload(self):
        fleet = self.fleet()
        try:
            fleet.run(1)
            file = self.container.root / CONFIGURATION.lstrip("/")
            good = file.read_text()
            self.reloading(fleet, good + "\nlog: { level: debug }\n" if "\nlog:" not in good else good, True)
            self.reloading(fleet, good + "\nlistne: {}\n", False)
            journal = self.container.journal(SERVICE)
            need(f"{CONFIGURATION}:" in journal and "listne" in journal, "the journal does not say what is wrong")
            user = self.container.do("id", "--user", "spheregate").strip()
            need(f"reload asked for uid={user}" in journal, "the gateway does not see who asks")
            self.reloading(fleet, good, True)
            fleet.run(1)
            fleet.settle()
            need(not fleet.lost(), lambda: f"{len(fleet.lost())} devices were disconnected, the first: {fleet.lost()[0].lost}")
            self.steps.note(f"{len(fleet.members)} devices, 0 dropped; a broken file fails `systemctl reload`")
        finally:
            fleet.close()

    def reloading(self, fleet, text, good):
        file = self.container.root / CONFIGURATION.lstrip("/")
        before = self.main_pid()
        file.write_text(text)
        code, _, err = self.container.call("systemctl", "reload", SERVICE)
        need((code == 0) == good, f"systemctl reload ended with {code}: {err}\n{self.container.journal(SERVICE)[-1500:]}")
        need(self.main_pid() == before and self.active() == "active", "it is another process")
        fleet.run(0.5)

    def versions(self):
        return self.container.do("dpkg-query", "--show", "--showformat=${Version}", "spheregate"), self.status()["version"]

    def under_load(self, package):
        """Installs it while devices publish and others come and go; nobody is refused, nothing acknowledged is lost."""
        self.hub.reset()
        before = self.main_pid()
        fleet = self.fleet()
        knockers = [Knocker(self.pki.device(FLEET + index), PORT, self.root) for index in range(KNOCKERS)]
        try:
            fleet.run(2)
            with ThreadPoolExecutor(1) as beside:
                installed = beside.submit(self.container.do, "apt-get", "install", "--yes", "--allow-downgrades", package)
                fleet.run_until(installed.done, 120, "the installation has ended")
            installed.result()
            self.await_active()
            need(self.main_pid() != before, "it was not restarted")
            entered = [knocker.entered for knocker in knockers]
            wait_until(lambda: all(one.entered > count for one, count in zip(knockers, entered)), 60, "devices come in")
            fleet.run(2)
        finally:
            for knocker in knockers:
                knocker.finish()
            fleet.close()
        self.drained()
        refused, entered = sum(one.refused for one in knockers), sum(one.entered for one in knockers)
        need(refused == 0, f"{refused} connections were refused")
        lost = 0
        for knocker in knockers:
            found = {int(one["payload"]) for one in self.hub.messages(knocker.identity.device_id)}
            lost += len(set(knocker.published) - found)
        acknowledged = sum(len(one.published) for one in knockers)
        for member in fleet.members:
            lost += len(set(range(1, member.acknowledged + 1)) - set(numbers_at(self.hub, member.identity.device_id)))
            acknowledged += member.acknowledged
        need(lost == 0, f"{lost} acknowledged messages are missing")
        self.steps.note(f"{self.versions()[0]}; {entered} connections, {refused} refused; {acknowledged} acknowledged, {lost} lost")

    def upgrade(self):
        self.under_load("/root/new.deb")

    def by_socket(self):
        self.container.do("systemctl", "stop", SERVICE)
        try:
            self.device(2).close()
            need(False, "somebody still listens, although the service is stopped")
        except ConnectionRefusedError:
            pass
        self.container.do("systemctl", "enable", "--now", SOCKET)
        # The first device starts it.
        with self.device(2) as device:
            device.connect().publish("", b"woke it")
        need(self.active() == "active", "a device did not start it")
        self.check()

    def downgrade(self):
        self.under_load("/root/old.deb")

    def broken(self):
        file = self.container.root / CONFIGURATION.lstrip("/")
        good = file.read_text()
        file.write_text(good + "\nlistne: {}\n")
        self.container.call("systemctl", "restart", SERVICE)
        time.sleep(3)
        shown = self.container.show(SERVICE, "ActiveState", "ExecMainStatus", "NRestarts")
        need(shown == {"ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"}, f"{shown}")
        # Devices that knock have systemd try it again, a few times.
        knocker = Knocker(self.pki.device(3), PORT, self.root)
        time.sleep(5)
        starts = self.container.journal(SERVICE).count("status=78")
        time.sleep(3)
        need(self.container.journal(SERVICE).count("status=78") == starts <= 10, f"started {starts} times and more")
        file.write_text(good)
        # Not earlier than the limit of starts allows.
        time.sleep(5)
        self.container.do("systemctl", "restart", SERVICE)
        entered = knocker.entered
        wait_until(lambda: knocker.entered > entered, 30, "devices come in again")
        knocker.finish()
        self.steps.note(f"exit code 78, restarted 0 times; knocked at, started {starts - 1} times and then no more; mended by `systemctl restart`")

    def remove(self):
        self.container.do("apt-get", "remove", "--yes", "spheregate")
        need(self.container.call("systemctl", "is-active", SOCKET)[1].strip() != "active", "the socket is still open")
        files = self.container.files()
        for gone in ("/usr/bin/spheregate", f"/usr/lib/systemd/system/{SERVICE}", f"/lib/systemd/system/{SERVICE}"):
            need(gone not in files, f"{gone} is still there")
        for kept in (CONFIGURATION, "/var/lib/spheregate/queue"):
            need(kept in files, f"{kept} is gone, although the package was only removed")

    def purge(self, before):
        folder = self.container.root / f"etc/systemd/system/{SERVICE}.d"
        shutil.rmtree(folder)  # the administrator's, and so not the package's
        self.container.do("apt-get", "purge", "--yes", "spheregate")
        left = sorted(self.container.files() - before - MAY_STAY)
        need(not left, f"left behind: {left}")
        missing = sorted(before - self.container.files())
        need(not missing, f"taken away: {missing}")
        self.steps.note("nothing is left but the system user")


def play(old, new, place, steps):
    archive = None
    with steps.step("a Debian 12 with systemd"):
        archive = base_root(place, old)
        container = Container(archive, place)
    try:
        with steps.step("booting it"):
            container.boot()
            container.put(old, "/root/old.deb")
            container.put(new, "/root/new.deb")
            container.enter_network()
        site = Site(container, old, new, steps)
        try:
            before = container.files()
            for what, deed in (("install: waits for its configuration", site.install), ("init, tenant add", site.set_up),
                               ("LoadCredential=", site.credential), ("start: active, a device publishes", site.start),
                               ("spheregate check", site.check), ("kill -9: back by itself, nothing lost", site.kill),
                               ("SIGSTOP: the watchdog restarts it", site.hang), (f"reload with {FLEET} devices", site.reload),
                               ("upgrade under load", site.upgrade), ("spheregate.socket: a device starts it", site.by_socket),
                               ("downgrade under load, with spheregate.socket", site.downgrade),
                               ("a broken configuration", site.broken), ("remove", site.remove), ("purge", lambda: site.purge(before))):
                with steps.step(what):
                    deed()
        except BaseException:
            print(container.call("journalctl", "--no-pager", "--lines=60", "--output=short-monotonic")[1])
            raise
        finally:
            site.hub.kill()
    finally:
        container.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="the .deb to begin with")
    parser.add_argument("new", type=Path, help="the .deb of a later version, to upgrade to")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("test_package.py needs root: it boots a container")
    place = ROOT / "build/container"
    place.mkdir(parents=True, exist_ok=True)
    allow_files(4096)
    steps = Steps()
    try:
        play(options.old, options.new, place, steps)
    except CannotBoot as why:
        print(f"\nskipped: no system can be booted here: {why}")
        sys.exit(SKIPPED)
    except AssertionError as fault:
        print(f"\n{fault}\n\n{steps.done} steps passed, 1 failed")
        sys.exit(1)
    print(f"\n{steps.done} steps passed, 0 failed")


if __name__ == "__main__":
    main()
