#!/usr/bin/env python3
"""5,000 devices after an outage, against a hub with the limits of S1: nothing is throttled, and all are back as soon as the limit allows.

    python3 tests/e2e/outage_5000.py [--devices 5000] [--outage 30]
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from crowd import Crowd
from harness import Gateway, Hubsim, Pki, wait_until

LIMIT = 100  # new connections a second of S1
SHARE = 1.2  # of the time that the limit takes at least
RATE = 20    # messages a second, all devices together


def throttled(hub):
    return sum(hub.stats()["throttled"].values())


def attempts(gateway):
    return sum(value for (name, _), value in gateway.metrics().items() if name == "upstream_connects_total")


def measure(directory, devices, outage):
    pki = Pki(directory / "pki", devices)
    hub = Hubsim(directory, pki, record=False)
    gateway, crowd = None, None
    try:
        hub.rules(tier="S1")
        gateway = Gateway(directory, pki, hub.port, connect_rate=None,
                          extra={"upstream": {"tier": "S1"}, "devices": {"max_connections": devices + 10}}).start()
        least = devices / LIMIT
        crowd = Crowd(gateway, pki, devices, RATE, outage + 3 * least + 60)
        up = lambda: gateway.metric("upstream_sessions") == devices
        begun = time.monotonic()
        wait_until(up, 2 * least + 30, lambda: f"{gateway.metric('upstream_sessions')} of {devices} at the hub")
        print(f"warm-up: all connected after {time.monotonic() - begun:.1f} s more, {throttled(hub)} operations throttled")

        hub.faults(outage=True)
        wait_until(lambda: gateway.metric("upstream_sessions") == 0, 30, "the outage")
        before, refused = attempts(gateway), throttled(hub)
        time.sleep(outage)
        tried = attempts(gateway) - before
        print(f"outage: {tried:.0f} attempts in {outage:g} s")
        hub.heal()
        begun = time.monotonic()
        wait_until(up, 2 * least + 30, lambda: f"{gateway.metric('upstream_sessions')} of {devices} at the hub")
        took = time.monotonic() - begun
        wait_until(lambda: gateway.metric("queue_messages") < RATE, 60, lambda: f"{gateway.metric('queue_messages')} queued")
        drained = time.monotonic() - begun
        refused = throttled(hub) - refused
        print(f"back: all connected after {took:.1f} s (the limit allows {least:.1f} s), queue empty after {drained:.1f} s, "
              f"{refused} operations throttled")
        faults = []
        if tried > outage + 5:
            faults.append("too many attempts in the outage")
        if refused:
            faults.append("operations were throttled")
        if took > SHARE * least:
            faults.append(f"it took longer than {SHARE * least:.1f} s")
        return faults
    finally:
        for process in (crowd, gateway, hub):
            if process:
                process.kill()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--devices", type=int, default=5000)
    options.add_argument("--outage", type=float, default=30)
    options = options.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="spheregate-outage-"))
    faults = measure(directory, options.devices, options.outage)
    if faults:
        print(f"FAILED: {'; '.join(faults)}; kept: {directory}")
        return 1
    shutil.rmtree(directory)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
