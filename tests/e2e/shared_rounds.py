#!/usr/bin/env python3
"""Many devices over the gateway's one connection, and the gateway gets SIGKILL while they publish.

Afterwards every number a device saw acknowledged must be at the hub under the device's name, first arrivals of each device in order,
and duplicates within one window for each life of a connection.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from custody_rounds import HEAL_SECONDS, Publisher, check
from harness import Gateway, Hubsim, Pki, made_up_key, wait_until

GATEWAY_KEY = made_up_key("the plant's gateway")
ORIGIN = "spheregate-device"


def shared(gateway):
    return {"upstream": {"mode": "shared", "ack_timeout": "5s", "auth": {
        "type": "gateway_sas", "device_id": "plant", "key_file": gateway.secret("gateway.key", GATEWAY_KEY)}}}


def by_origin(hub):
    """What arrived, by the device named in it; the hub knows only the gateway."""
    found = {}
    for message in hub.messages("plant"):
        names = [value for key, value in message["properties"] if key == ORIGIN]
        if len(names) != 1:
            raise AssertionError(f"{message} has not one origin")
        found.setdefault(names[0], []).append(message)
    return found


def run_round(seed, devices, messages, kills):
    rng = random.Random(seed)
    base = Path(tempfile.mkdtemp(prefix="spheregate-shared-"))
    pki = Pki(base / "pki", devices)
    hub = Hubsim(base, pki, registry={"hub": "localhost", "devices": [{"id": "plant", "key": GATEWAY_KEY}]})
    gateway = Gateway(base, pki, hub.port, extra=shared)
    publishers = [Publisher(gateway, pki.device(index), messages // devices) for index in range(devices)]
    began = time.monotonic()
    try:
        gateway.start()
        for publisher in publishers:
            publisher.start()
        for number in range(kills):
            due = messages * (number + 1) // (kills + 1) * rng.uniform(0.8, 1)
            wait_until(lambda: sum(one.acknowledged for one in publishers) >= due, HEAL_SECONDS * 4, "progress")
            gateway.kill()
            time.sleep(rng.uniform(0, 0.3))
            gateway.start()
        for publisher in publishers:
            wait_until(lambda: publisher.created >= messages // devices, HEAL_SECONDS * 4, "all sent")
            publisher.finish.set()
        for publisher in publishers:
            publisher.join(HEAL_SECONDS)
            if publisher.is_alive():
                raise AssertionError(f"{len(publisher.unacknowledged)} messages were not acknowledged in time")
        wait_until(lambda: gateway.metric("queue_messages") == 0, HEAL_SECONDS, lambda: f"queue_messages is {gateway.metric('queue_messages'):g}")
        took = time.monotonic() - began
        found = by_origin(hub)
        results = [check(publisher, found.get(publisher.identity.device_id, []), kills) for publisher in publishers]
        acknowledged = sum(publisher.acknowledged for publisher in publishers)
        if acknowledged != messages // devices * devices:
            raise AssertionError(f"{acknowledged} acknowledged of {messages}")
        print(f"seed {seed}: {devices} devices, {acknowledged} acknowledged, 0 lost, kills {kills}, "
              f"duplicates {sum(result['duplicates'] for result in results)}, {acknowledged / took:.0f} messages/s", flush=True)
    except BaseException:
        print(f"\nkept: {base}", flush=True)
        raise
    finally:
        for publisher in publishers:
            publisher.abandon.set()
        gateway.kill()
        for publisher in publishers:
            publisher.join(30)
        hub.kill()
    shutil.rmtree(base)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--devices", type=int, default=50)
    arguments.add_argument("--messages", type=int, default=100_000, help="of all devices together")
    arguments.add_argument("--kills", type=int, default=5)
    chosen = arguments.parse_args()
    try:
        run_round(chosen.seed, chosen.devices, chosen.messages, chosen.kills)
    except AssertionError as error:
        sys.exit(f"FAILED: {error}")


if __name__ == "__main__":
    main()
