#!/usr/bin/env python3
"""The attack run: everything at once at the door, while devices publish and newcomers want in. `./dev attack [--seconds N]`.

10,000 connections that never finish the handshake, each from an address of its own; good certificates whose CONNECT comes a byte at a
time; 100 refused devices that knock once a second; chains of a hundred certificates; ClientHellos with 64 kB of extensions; random
TLS records. Ends with 1 when devices wait more than three times as long as in a quiet phase before, the memory is over the budget that
the gateway states, a newcomer does not get in, or the gateway dies.
"""

import argparse
import contextlib
import json
import math
import os
import random
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from device import Closed, Device, Identity, Refused
from harness import SANITIZED, Gateway, Hubsim, Pki, program

HERE = Path(__file__).resolve().parent
HONEST, NEWCOMERS, SLOW = 50, 10, 10
RATE = 4  # messages a second of each device
RATIO_MAX = 3.0
# Beside strangers' memory: what the allocator keeps, and the messages and links of the devices.
OTHER_BYTES_MAX = 24 << 20
NEWCOMER_SECONDS_MAX = 20.0
MILLISECOND = 1e-3
# Elsewhere attackers have machines of their own. Here they and whoever watches have one half of the processors, and the gateway, the devices
# and the hub the other half, in the quiet phase as well; beside each other, the waits of an unattacked gateway for a processor were already
# longer than all that is measured. The gateway runs as any program does; the hub and the devices whose time is measured never wait for it.
PROCESSORS = sorted(os.sched_getaffinity(0))
OURS, THEIRS = PROCESSORS[: (len(PROCESSORS) + 1) // 2], PROCESSORS[(len(PROCESSORS) + 1) // 2:]
# With a single processor, they run only while nobody else wants to.
BEHIND = ["taskset", "--cpu-list", ",".join(map(str, THEIRS))] if THEIRS else ["chrt", "--idle", "0"]
FRONT = ["taskset", "--cpu-list", ",".join(map(str, OURS))]


def step_aside():
    """The calling thread, and those that it starts."""
    if THEIRS:
        os.sched_setaffinity(0, THEIRS)
    else:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def go_ahead(process):
    """Says whether the system let it."""
    done = subprocess.run(["chrt", "--all-tasks", "--fifo", "--pid", "10", str(process.pid)], stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing).do_handshake()
    return outgoing.read()


def with_extension(hello, size):
    """The ClientHello with one more extension of so many bytes, in as many records as that takes."""
    body = hello[9:]
    at = 34
    at += 1 + body[at]
    at += 2 + int.from_bytes(body[at:at + 2], "big")
    at += 1 + body[at]
    extensions = body[at + 2:] + (0xFAFA).to_bytes(2, "big") + size.to_bytes(2, "big") + bytes(size)
    body = body[:at] + min(len(extensions), 65535).to_bytes(2, "big") + extensions[:65535]
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part
                    for part in (message[at:at + 16384] for at in range(0, len(message), 16384)))


def random_records(seed, count=40):
    made = random.Random(seed)
    return b"".join(bytes([made.choice((20, 21, 22, 22, 22, 23, 24))]) + b"\x03" + bytes([made.randrange(5)]) + size.to_bytes(2, "big") +
                    made.randbytes(size) for size in (made.randrange(1, 2000) for _ in range(count)))


def shouting(share):
    """The groups of `spheregate-attackers`: (name, connections, new ones a second, ms between bytes, bytes)."""
    hello = client_hello()
    return [("silent", int(4000 * share), 800, 0, b""),
            ("half a ClientHello", int(3000 * share), 600, 0, hello[:len(hello) // 2]),
            ("a ClientHello, then nothing", int(2000 * share), 200, 0, hello),
            ("a ClientHello byte by byte", int(400 * share), 100, 250, hello),
            ("64 kB of extensions", int(300 * share), 30, 0, with_extension(hello, 64000)),
            ("random TLS records", int(300 * share), 30, 0, random_records(1))]


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else math.inf


class Actor:
    """A process of attack_roles.py."""

    def __init__(self, role, settings, hostile=True):
        self.process = subprocess.Popen([*(BEHIND if hostile else FRONT), sys.executable, str(HERE / "attack_roles.py"), role, json.dumps(settings)],
                                        stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise AssertionError(f"{role} did not start")

    def finish(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=60)[0]


class Watch(threading.Thread):
    """The peak of the gateway's memory, and newcomers who want in, each from an address that was never seen."""

    def __init__(self, gateway, identities):
        super().__init__(daemon=True)
        self.gateway, self.identities = gateway, identities
        self.pki = gateway.pki
        self.peak, self.waits, self.failures, self.tries, self.over = 0, [], [], 0, threading.Event()

    def resident(self):
        lines = Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        return int(next(line for line in lines.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024

    def run(self):
        sampler = threading.Thread(target=self.sample, daemon=True)
        sampler.start()
        number = 0
        while not self.over.wait(0.5):
            identity, source = self.identities[number % len(self.identities)], f"127.4.{number // 250}.{number % 250 + 1}"
            began = time.monotonic()
            came_in = self.come_in(identity, source)
            while not came_in and not self.over.wait(1) and time.monotonic() - began < NEWCOMER_SECONDS_MAX:
                self.tries += 1
                came_in = self.come_in(identity, source)
            if came_in:
                self.waits.append(time.monotonic() - began)
            elif not self.over.is_set():
                self.failures.append(source)
            number += 1

    # As an app does that tries again after a second.
    def come_in(self, identity, source):
        try:
            with Device(identity, self.gateway.port, self.pki.gateway_root, source=source, patience=5) as device:
                device.connect()
            return True
        except (Closed, Refused, OSError):
            return False

    def sample(self):
        while not self.over.wait(0.1) and self.gateway.running:
            self.peak = max(self.peak, self.resident())

    def stop(self):
        self.over.set()
        self.join(60)


class Attack:
    def __init__(self, directory, seconds, quiet=30.0, share=1.0):
        self.directory, self.seconds, self.quiet, self.share = Path(directory), seconds, quiet, share

    def run(self):
        self.pki = Pki(self.directory / "pki", HONEST + NEWCOMERS + SLOW)
        os.sched_setaffinity(0, OURS)
        self.hub = Hubsim(self.directory, self.pki, record=False)
        self.gateway = Gateway(self.directory, self.pki, self.hub.port, connect_rate=1000, extra={"devices": {"connect_rate_per_source": 5}})
        try:
            self.gateway.start()
            step_aside()
            return self.measure()
        finally:
            self.gateway.kill()
            self.hub.kill()
            os.sched_setaffinity(0, PROCESSORS)

    def settings(self, **more):
        return {"port": self.gateway.port, "ca": self.pki.gateway_root, **more}

    def devices(self, begin, count):
        return [list(self.pki.device(begin + number)) for number in range(count)]

    def long_chain(self):
        """A device with a hundred certificates."""
        own = self.pki.device()
        others = [Path(self.pki.device(1 + number % 40).certificate).read_text() for number in range(99)]
        file = self.directory / "chain.pem"
        file.write_text(Path(own.certificate).read_text() + "".join(others))
        return list(Identity(own.device_id, str(file), own.key))

    def measure(self):
        # The devices' links to the hub are up before the clock runs.
        honest = Actor("honest", self.settings(identities=self.devices(0, HONEST), rate=RATE), hostile=False)
        if not all(go_ahead(process) for process in (self.hub.process, honest.process)):
            print("no leave for real-time priority: times include the waits of hub and devices for a processor")
        time.sleep(3)
        watch = Watch(self.gateway, [Identity(*one) for one in self.devices(HONEST, NEWCOMERS)])
        quiet = (time.monotonic(), time.monotonic() + self.quiet)
        time.sleep(self.quiet)
        resting, budget = watch.resident(), self.gateway.metric("unauthenticated_memory_max_bytes")
        before, cpu = self.gateway.metrics(), self.cpu()
        watch.start()
        actors = [Actor("rejected", self.settings(identity=list(self.pki.variant("tenant_b")), devices=100)),
                  Actor("crumbs", self.settings(identities=self.devices(HONEST + NEWCOMERS, SLOW))),
                  Actor("chains", self.settings(identity=self.long_chain()))]
        shouters, groups = self.shout()
        began = time.monotonic()
        loud = (began + 1, began + self.seconds)
        crowd = 0
        while time.monotonic() < loud[1] and self.gateway.running:
            time.sleep(1)
            crowd = max(crowd, self.gateway.metric("connections_unauthenticated"))
        cpu = (self.cpu() - cpu) / (time.monotonic() - began) if self.gateway.running else math.nan
        watch.stop()
        for actor in actors:
            actor.finish()
        shouters.send_signal(signal.SIGTERM)
        made = json.loads(shouters.communicate(timeout=30)[0])
        heard = json.loads(honest.finish())
        if not self.gateway.running:
            print(self.gateway.tail())
            return [f"the gateway ended with {self.gateway.process.returncode}"]
        return self.report({"quiet": quiet, "attack": loud}, heard, watch, resting, budget, crowd, cpu, dict(zip(groups, made)), before)

    def cpu(self):
        fields = Path(f"/proc/{self.gateway.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def shout(self):
        words, names = [], []
        for number, (name, count, rate, pause, data) in enumerate(shouting(self.share)):
            file = self.directory / f"bytes-{number}"
            file.write_bytes(data)
            words.append(f"{count}:{rate}:{pause}:{file}")
            names.append(name)
        return subprocess.Popen([*BEHIND, program("spheregate-attackers"), str(self.gateway.port), *words],
                                stdout=subprocess.PIPE, text=True), names

    def report(self, phases, heard, watch, resting, budget, crowd, cpu, made, before):
        faults = []
        times = {name: [waited for sent, waited in heard["measured"] if begin <= sent <= end] for name, (begin, end) in phases.items()}
        print(f"{'publish to PUBACK':<32}{'messages':>10}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}")
        for name, waits in times.items():
            print(f"  {name:<30}{len(waits):>10}" + "".join(f"{value / MILLISECOND:>10.1f}" for value in
                                                            (percentile(waits, 0.5), percentile(waits, 0.99), max(waits, default=math.inf))))
        ratio = percentile(times["attack"], 0.99) / percentile(times["quiet"], 0.99)
        late = [sent for sent in heard["unanswered"] if sent < phases["attack"][1] - 5]
        growth = watch.peak - resting
        print(f"{'p99, attack to quiet':<50}{ratio:>10.2f}   at most {RATIO_MAX:g}")
        print(f"{'memory above quiet, MiB':<50}{growth / 2**20:>10.1f}   at most {(budget + OTHER_BYTES_MAX) / 2**20:.1f}, "
              f"{budget / 2**20:.0f} of it for who is not authenticated")
        print(f"{'not authenticated at once':<50}{crowd:>10.0f}")
        print(f"{'CPU of the gateway, cores':<50}{cpu:>10.2f}")
        print(f"{'newcomers let in':<50}{len(watch.waits):>10}   of {len(watch.waits) + len(watch.failures)}, p50 "
              f"{percentile(watch.waits, 0.5):.2f} s, longest {max(watch.waits, default=math.inf):.2f} s, {watch.tries} tried again")
        for name, counts in made.items():
            print(f"  {name:<30}{counts['made']:>10} made{counts['closed']:>10} closed")
        print("handshakes")
        for (name, labels), value in sorted(self.gateway.metrics().items(), key=str):
            count = value - before.get((name, labels), 0)
            if name == "tls_handshakes_total" and count:
                print(f"  {dict(labels)['result']:<30}{count:>10.0f}")
        if not SANITIZED and ratio > RATIO_MAX:
            faults.append(f"p99 is {ratio:.2f} times the quiet one")
        if not SANITIZED and growth > budget + OTHER_BYTES_MAX:
            faults.append(f"memory grew by {growth >> 20} MiB")
        if late:
            faults.append(f"{len(late)} messages had no PUBACK")
        if not watch.waits or watch.failures:
            faults.append(f"newcomers did not get in: {watch.failures[:5]}")
        elif max(watch.waits) > NEWCOMER_SECONDS_MAX:
            faults.append(f"a newcomer waited {max(watch.waits):.1f} s")
        return faults


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--seconds", type=float, default=600, help="of the attack")
    arguments.add_argument("--quiet", type=float, default=30, help="seconds of the quiet phase before")
    arguments.add_argument("--keep", action="store_true", help="keep the directory with the log")
    options = arguments.parse_args()
    directory = tempfile.mkdtemp(prefix="spheregate-attack-")
    faults = Attack(directory, options.seconds, options.quiet).run()
    if options.keep or faults:
        print(f"kept: {directory}")
    else:
        subprocess.run(["rm", "-rf", directory], check=True)
    for fault in faults:
        print(f"FAULT: {fault}")
    print("the gateway held" if not faults else "the gateway did not hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
