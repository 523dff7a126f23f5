"""A gateway's set-up that is healthy until a test spoils it, and what `spheregate check` says of it."""

import json
import os
import random
import socket
import subprocess
import zlib

from certificates import Workshop
from device import Closed, Device, GATEWAY_NAME
from harness import PROGRAMS, Gateway, as_yaml, program, wait_until

MACHINE = PROGRAMS / "libspheregate_made_up_machine.so"
WRONG_CLOCK = PROGRAMS / "libspheregate_wrong_clock.so"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """Nothing runs until `start`. `random` is the test's own, so that a failure is met again."""

    def __init__(self, directory, pki, hub_port, seed):
        directory.mkdir()
        self.directory, self.pki, self.random = directory, pki, random.Random(seed)
        self.workshop = Workshop(directory / "made")
        self.hosts = {GATEWAY_NAME: "127.0.0.1"}
        self.env = {}
        self.port = free_port()
        self.gateway = Gateway(directory, pki, hub_port, extra={
            "listen": {"address": "127.0.0.1", "port": self.port},
            "http": {"listen": f"127.0.0.1:{free_port()}"},
            # Not every machine has files for the usual ten thousand.
            "devices": {"max_connections": 100},
            # The path of a socket is short.
            "admin": {"socket": str(directory.parent / f"{zlib.crc32(directory.name.encode()):08x}.sock")},
            "queue": {"path": str(directory / "queue"), "max_bytes": "16MiB"}})

    def set(self, section, **values):
        """None takes a key out."""
        if isinstance(self.gateway.settings.get(section), dict) or section not in self.gateway.settings:
            values = {**self.gateway.settings.get(section, {}), **values}
            self.gateway.settings[section] = {key: value for key, value in values.items() if value is not None}
        self.write()

    def write(self):
        self.gateway.config.write_text(as_yaml(self.gateway.settings))

    def name(self, hostname):
        self.gateway.settings["hostname"] = hostname
        self.write()

    def file(self, name, text, mode=0o644):
        path = self.directory / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return str(path)

    def server(self, san="DNS:gateway.plant.example,IP:127.0.0.1", chain=None, **made):
        """Another server certificate, of an authority of its own; `chain` says what the file holds."""
        root = self.workshop.make("Plant Root", ca=True, key=made.pop("root_key", "ec"))
        leaf = self.workshop.make(GATEWAY_NAME, issuer=root, san=san, **{"usage": "serverAuth", **made})
        file = self.file("server.pem", chain(leaf, root) if chain else leaf.pem() + root.pem())
        self.set("tls", certificate=file, private_key=str(leaf.key))
        self.root = str(root.certificate)
        return leaf

    def environment(self):
        hosts = ",".join(f"{name}={address}" for name, address in self.hosts.items())
        preload = f"{MACHINE}:{WRONG_CLOCK}" if "WRONG_CLOCK_SECONDS" in self.env else str(MACHINE)
        return {**os.environ, "LD_PRELOAD": preload, "MADE_UP_HOSTS": hosts, "MADE_UP_CALM": "1", **self.env}

    def check(self, *options):
        done = subprocess.run([program("spheregate"), "check", "--json", "--config", str(self.gateway.config), *options],
                              capture_output=True, text=True, timeout=120, check=False, env=self.environment())
        try:
            report = json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"check ended with {done.returncode}: {done.stdout}{done.stderr}") from None
        if done.returncode != (1 if report["failed"] else 0):
            raise AssertionError(f"exit code {done.returncode} with {report['failed']} failed")
        return report["findings"]

    def must_say(self, item, *words, verdict="fail", options=()):
        findings = self.check(*options)
        named = [one for one in findings if one["item"] == item and one["verdict"] == verdict]
        if not any(has(f"{one['where']} {one['what']} {one['fix']}", words) for one in named):
            bad = [one for one in findings if one["verdict"] in ("fail", "warn")]
            raise AssertionError(f"no {verdict} at `{item}` with {words}; there is {json.dumps(bad, indent=1)}")

    # With the daemon.
    def start(self):
        self.gateway.env = self.environment()
        self.gateway.start()
        return self

    def stop(self):
        self.gateway.kill()

    def must_log(self, *words, event="device refused"):
        """One line that names the fault and what to do."""
        def told():
            return any(has(" ".join(line.values()), words) and line.get("fix") for line in self.gateway.log_lines(event))
        wait_until(told, 10, lambda: f"`{event}` with {words}; there is {self.gateway.log_lines(event)}")

    def refused(self, identity, **options):
        try:
            with Device(identity, self.gateway.port, self.gateway.pki.gateway_root, tls=options.pop("tls", None)) as device:
                device.connect(**options)
        except Closed:
            return
        raise AssertionError("it was let in")


def has(text, words):
    return all(word.lower() in text.lower() for word in words)
