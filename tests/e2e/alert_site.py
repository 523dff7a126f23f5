"""A gateway with a fault, as the run of the alerts sees it: what it does to the gateway, and which alerts it waits for."""

import os
import subprocess
import threading
import time
from typing import NamedTuple

import mqtt_packets as mqtt
from device import Closed, Refused
from harness import Hubsim, POLICY_KEY, made_up_key, wait_until
from sites import Site

# An alert may need a minute of data, and then as long again.
PATIENCE = 150.0
WINDOW = 20
SCRAPE_PASSWORD = "of the one gateway that wants one"
PLANT_KEY = made_up_key("the plant's gateway")


class Skipped(Exception):
    """The fault cannot be made in this place."""


class Told(NamedTuple):
    alert: str
    site: str
    fired: float    # seconds after the fault
    cleared: float  # seconds after it was mended


class Sender(threading.Thread):
    """A device that publishes until it is told to stop, and comes back when it is thrown out."""

    def __init__(self, site, identity, size, pause):
        super().__init__(daemon=True)
        self.site, self.identity, self.size, self.pause, self.over = site, identity, size, pause, threading.Event()
        self.suffix = ""

    def run(self):
        while not self.over.is_set():
            try:
                with self.site.gateway.connected(self.identity, patience=5) as device:
                    self.publish(device)
            except (Closed, Refused, OSError):
                self.over.wait(0.5)

    def publish(self, device):
        waiting = 0
        while not self.over.is_set():
            if waiting < WINDOW:
                device.send(mqtt.publish(device.prefix + self.suffix, bytes(self.size), 1, device.take_id()))
                waiting += 1
            if (answer := device.receive(self.pause)) is not None and answer.kind == mqtt.PUBACK:
                waiting -= 1
                self.over.wait(self.pause)


class AlertSite(Site):
    def __init__(self, directory, pki, hub, name, expected, ledger=None):
        super().__init__(directory, pki, hub.port, name)
        self.hub, self.name, self.expected, self.ledger = hub, name, {f"Spheregate{one}" for one in expected}, ledger
        self.target = self.gateway.settings["http"]["listen"]
        self.begun, self.senders = threading.Event(), []
        self.beside = []  # processes that the gateway needs, and that end after it
        self.changed = time.monotonic()
        self.gateway.settings["queue"]["max_bytes"] = "4GiB"
        self.write()

    @classmethod
    def with_hub(cls, directory, pki, deed, ledger):
        folder = directory.parent / f"{directory.name}-hub"
        folder.mkdir()
        settings = {"hub": "localhost", "policies": [{"name": "gateway", "key": POLICY_KEY}], "accept_unknown_devices": True,
                    "devices": [{"id": "plant", "key": PLANT_KEY}], **(deed.registry(pki) if deed.registry else {})}
        hub = Hubsim(folder, pki, registry=settings, record=False)
        return cls(directory, pki, hub, deed.__name__.replace("_", " "), deed.expected, ledger)

    def begin(self):
        """Starts the gateway, and waits until Prometheus has seen it."""
        self.start()
        self.begun.set()
        self.ledger.await_scrape(self)
        self.changed = time.monotonic()

    def namespace(self, script, zero):
        """What starts a program in a mount namespace of its own, after `script`, whose $0 is `zero`."""
        begin = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", script, zero]
        if subprocess.run([*begin, "true"], capture_output=True, check=False).returncode != 0:
            self.begun.set()
            raise Skipped("a mount namespace cannot be made here")
        return begin

    def restart(self):
        self.gateway.kill()
        self.start()

    def sends(self, index, size=100, pause=0.5):
        sender = Sender(self, self.pki.device(index), size, pause)
        self.senders.append(sender)
        sender.start()
        return sender

    def stop(self):
        for sender in self.senders:
            sender.over.set()
        super().stop()
        for process in self.beside:
            process.kill()

    def fires(self, *names):
        """All of them, each within its time since the last change."""
        for name in names:
            self.ledger.await_state(self, f"Spheregate{name}", True)
        self.changed = time.monotonic()

    def clears(self, *names):
        for name in names:
            self.ledger.await_state(self, f"Spheregate{name}", False)
        self.changed = time.monotonic()


class Ledger:
    """What fires where, as a thread of its own sees it twice a second."""

    def __init__(self):
        self.told, self.skipped, self.waiting = [], {}, {}
        self.changed, self.over = threading.Condition(), False
        self.server, self.sites, self.now, self.unexpected, self.history = None, {}, {}, {}, {}
        self.thread = None

    def watch(self, server, sites):
        with self.changed:
            self.server, self.sites = server, sites
            self.changed.notify_all()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not self.over:
            firing = self.server.firing()
            with self.changed:
                self.now = firing
                for (alert, target), description in firing.items():
                    site = self.sites.get(target)
                    if site is None or alert not in site.expected:
                        self.unexpected[(alert, site.name if site else target)] = description
                self.changed.notify_all()
            time.sleep(0.5)

    def stop(self):
        self.over = True
        if self.thread:
            self.thread.join(10)

    def give_up(self):
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def unfinished(self):
        return [f"{site} waits until {alert} {'fires' if state else 'clears'}" for (site, alert), state in self.waiting.items()]

    def await_scrape(self, site):
        with self.changed:
            if not self.changed.wait_for(lambda: self.server is not None, 180):
                raise AssertionError("Prometheus was not started")
        wait_until(lambda: site.target in self.server.targets_up(), 30, f"a scrape of {site.name}")

    def await_state(self, site, alert, state):
        if alert not in site.expected:
            raise ValueError(f"{site.name} does not say that it expects {alert}")
        key = (alert, site.target)
        with self.changed:
            self.waiting[site.name, alert] = state
            if not self.changed.wait_for(lambda: self.over or (key in self.now) == state, PATIENCE) or (key in self.now) != state:
                raise AssertionError(f"{alert} did not {'fire' if state else 'clear'}; there fire {sorted(self.now)}")
            del self.waiting[site.name, alert]
            took = time.monotonic() - site.changed
            print(f"  {alert} {'fires' if state else 'has cleared'}: {site.name}, after {took:.0f} s", flush=True)
            if state:
                self.history[key] = took
            else:
                self.told.append(Told(alert, site.name, self.history.pop(key), took))

    def left(self):
        """At the end nothing fires, nothing has fired where it should not, and whatever was expected has cleared."""
        with self.changed:
            self.changed.wait_for(lambda: not self.now, 60)
            still = [f"{alert} still fires at {self.sites[target].name}: {description}" for (alert, target), description in self.now.items()]
        return still + [f"{alert} fired at {site}, where it should not: {description}" for (alert, site), description in self.unexpected.items()]
