#!/usr/bin/env python3
"""Rounds of murder: devices publish numbered messages, the hub flaps, the gateway gets SIGKILL at random moments.

Afterwards every number a device saw acknowledged must be at the hub, first arrivals must be in order, and duplicates must fit in
one window for each reconnect. `--seed S` replays the schedule of one round; the interleaving is the machine's own.
"""

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from pathlib import Path

import mqtt_packets as mqtt
from device import Closed, Refused
from harness import SANITIZED, Gateway, Hubsim, Pki, wait_until

DEVICE_WINDOW = 10
GATEWAY_WINDOW = 32  # upstream.inflight_per_device, the default
MESSAGES_MAX = 4000  # of one device in one round, so that reading them back stays quick
HEAL_SECONDS = 180.0 if SANITIZED else 90.0


class Publisher(threading.Thread):
    """A device that sends 0, 1, 2 … as fast as its window allows, and after a lost connection again what was not acknowledged."""

    def __init__(self, gateway, identity, most=MESSAGES_MAX):
        super().__init__(daemon=True)
        self.gateway, self.identity, self.most = gateway, identity, most
        self.created = self.acknowledged = self.reconnects = 0
        self.finish, self.abandon = threading.Event(), threading.Event()
        self.unacknowledged, self.error = deque(), None  # (number, packet id), oldest first

    def run(self):
        try:
            while not self.abandon.is_set() and not self.finished():
                try:
                    self.converse()
                except (Closed, Refused, OSError):
                    self.reconnects += 1
                    time.sleep(0.02)
        except Exception as error:  # told by `check`, on the main thread
            self.error = error

    def finished(self):
        return self.finish.is_set() and not self.unacknowledged

    def converse(self):
        with self.gateway.connected(self.identity) as device:
            again, self.unacknowledged = [number for number, _ in self.unacknowledged], deque()
            self.offer(device, again, dup=True)
            while not self.abandon.is_set() and not self.finished():
                room = DEVICE_WINDOW - len(self.unacknowledged)
                if room and not self.finish.is_set() and self.created < self.most:
                    fresh = range(self.created, min(self.created + room, self.most))
                    self.created = fresh.stop
                    self.offer(device, fresh, dup=False)
                self.settle(device)
            device.disconnect()

    def offer(self, device, numbers, dup):
        batch = b""
        for number in numbers:
            packet_id = device.take_id()
            self.unacknowledged.append((number, packet_id))
            batch += mqtt.publish(f"{device.prefix}n={number}", str(number).encode(), 1, packet_id, dup)
        if batch:
            device.send(batch)

    def settle(self, device):
        answer = device.receive(0.2)
        while answer is not None:
            number, packet_id = self.unacknowledged.popleft()
            if answer.kind != mqtt.PUBACK or answer.packet_id != packet_id:
                raise AssertionError(f"{answer} instead of PUBACK {packet_id}")
            self.acknowledged = number + 1  # acknowledgements come in order, so a count says which
            answer = device.receive(0) if device.buffer else None


class Chaos:
    """What goes wrong in one round, drawn from its seed."""

    def __init__(self, rng, hub, gateway, identities):
        self.rng, self.hub, self.gateway, self.identities = rng, hub, gateway, identities
        self.kills = 0
        self.actions = [self.outage, self.outage, self.lose_pubacks, self.delay_pubacks, self.close_often, self.drop, self.calm,
                        self.kill, self.kill]

    def run(self, seconds):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            time.sleep(self.rng.uniform(0.02, 0.4))
            self.rng.choice(self.actions)()
        if not self.kills:
            self.kill()

    def outage(self):
        self.hub.faults(outage=True)
        time.sleep(self.rng.uniform(0.05, 0.5))
        self.hub.faults(outage=False)

    def lose_pubacks(self):
        self.hub.faults(puback_loss=self.rng.uniform(0.001, 0.05), seed=self.rng.randrange(1 << 31))

    def delay_pubacks(self):
        self.hub.faults(puback_delay_ms=self.rng.choice([0, 5, 20, 100, 400]))

    def close_often(self):
        self.hub.faults(close_every_messages=self.rng.choice([0, 40, 200, 1000]))

    def drop(self):
        self.hub.drop(self.rng.choice(self.identities).device_id)

    def calm(self):
        self.hub.heal()

    def kill(self):
        self.kills += 1
        self.gateway.kill()
        if self.rng.random() < 0.3:
            time.sleep(self.rng.uniform(0, 0.3))
        self.gateway.start()
        if self.rng.random() < 0.2:  # again, while it is still recovering and reconnecting
            time.sleep(self.rng.uniform(0, 0.05))
            self.gateway.kill()
            self.kills += 1
            self.gateway.start()


def check(publisher, found, kills):
    """The counts of one device; raises AssertionError when a promise was broken."""
    if publisher.error:
        raise publisher.error
    numbers = [int(message["payload"]) for message in found]
    seen = Counter(numbers)
    lost = [number for number in range(publisher.acknowledged) if number not in seen]
    if lost:
        raise AssertionError(f"{len(lost)} acknowledged messages lost: {lost[:20]}")
    first_arrivals = list(seen)  # a dictionary keeps the order of first insertion
    if first_arrivals != sorted(first_arrivals):
        at = next(i for i in range(1, len(first_arrivals)) if first_arrivals[i] < first_arrivals[i - 1])
        raise AssertionError(f"out of order: {first_arrivals[max(0, at - 3):at + 3]}")
    invented = [number for number in seen if number >= publisher.created]
    if invented:
        raise AssertionError(f"never sent: {invented[:20]}")

    duplicates = len(numbers) - len(seen)
    hub_connections = len({message["connection"] for message in found})
    bound = (kills + hub_connections + publisher.reconnects) * (GATEWAY_WINDOW + DEVICE_WINDOW)
    if duplicates > bound:
        raise AssertionError(f"{duplicates} duplicates, at most {bound} are explained")
    known, repeated = set(), Counter()
    for message, number in zip(found, numbers):
        repeated[message["connection"]] += number in known
        known.add(number)
    # One window that the gateway sends again on a new connection, and what the device sent again itself.
    most = max(repeated.values(), default=0)
    window = GATEWAY_WINDOW + DEVICE_WINDOW * (1 + publisher.reconnects)
    if most > window:
        raise AssertionError(f"{most} duplicates on one hub connection, at most {window} are explained")
    return {"messages": len(seen), "duplicates": duplicates, "most_in_one_connection": most,
            "hub_connections": hub_connections}


def run_round(seed, pki, hub, directory, devices, seconds):
    rng = random.Random(seed)
    identities = [pki.device(index) for index in range(devices)]
    hub.heal()
    hub.reset()
    gateway = Gateway(directory, pki, hub.port, log_level="info", extra={
        "upstream": {"ack_timeout": "1s"}, "queue": {"commit_after": rng.choice(["10ms", "50ms", "250ms"]), "path": str(directory / "queue")}})
    publishers = [Publisher(gateway, identity) for identity in identities]
    try:
        gateway.start()
        for publisher in publishers:
            publisher.start()
        chaos = Chaos(rng, hub, gateway, identities)
        chaos.run(rng.uniform(0.7, 1.3) * seconds)
        hub.heal()
        for publisher in publishers:
            publisher.finish.set()
        deadline = time.monotonic() + HEAL_SECONDS
        for publisher in publishers:
            publisher.join(max(0.1, deadline - time.monotonic()))
            if publisher.is_alive():
                raise AssertionError(f"{len(publisher.unacknowledged)} messages were not acknowledged {HEAL_SECONDS:g} s after the end")
        wait_until(lambda: gateway.metric("queue_messages") == 0, HEAL_SECONDS,
                   lambda: f"queue_messages is {gateway.metric('queue_messages'):g}")
        results = [check(publisher, hub.messages(publisher.identity.device_id), chaos.kills) for publisher in publishers]
        return {"kills": chaos.kills, "acknowledged": sum(publisher.acknowledged for publisher in publishers),
                "messages": sum(result["messages"] for result in results),
                "duplicates": sum(result["duplicates"] for result in results),
                "most": max(result["most_in_one_connection"] for result in results),
                "reconnects": sum(publisher.reconnects for publisher in publishers)}
    finally:
        for publisher in publishers:
            publisher.abandon.set()
        gateway.kill()
        for publisher in publishers:
            publisher.join(30)


def run_rounds(rounds, seed, devices=5, seconds=2.0):
    base = Path(tempfile.mkdtemp(prefix="spheregate-custody-"))
    pki = Pki(base / "pki", devices)
    hub = Hubsim(base, pki)
    total, most, kills = 0, 0, 0
    try:
        for number in range(rounds):
            directory = base / f"round-{seed + number}"
            directory.mkdir()
            print(f"round {number + 1}/{rounds} seed {seed + number}", end=" ", flush=True)
            result = run_round(seed + number, pki, hub, directory, devices, seconds)
            shutil.rmtree(directory)
            total, most, kills = total + result["acknowledged"], max(most, result["most"]), kills + result["kills"]
            print(f"acknowledged {result['acknowledged']}, lost 0, kills {result['kills']}, device reconnects {result['reconnects']}, "
                  f"duplicates {result['duplicates']}, at most {result['most']} on one hub connection", flush=True)
        print(f"{rounds} rounds, {kills} kills, {total} acknowledged, 0 lost, at most {most} duplicates on one hub connection")
    except BaseException:
        print(f"\nkept: {base}", flush=True)
        raise
    finally:
        hub.kill()
    shutil.rmtree(base)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=8)
    arguments.add_argument("--seed", type=int, default=1, help="of the first round; the next ones follow")
    arguments.add_argument("--devices", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=2.0, help="of chaos in each round, about")
    chosen = arguments.parse_args()
    try:
        run_rounds(chosen.rounds, chosen.seed, chosen.devices, chosen.seconds)
    except AssertionError as error:
        sys.exit(f"FAILED: {error}")


if __name__ == "__main__":
    main()
