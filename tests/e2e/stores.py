"""A store with a history: written once by each version that was released, kept in tests/fixtures/stores, read by all that come after.

python3 stores.py 0.1    writes tests/fixtures/stores/0.1 anew, with the programs of SPHEREGATE_PROGRAMS
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from certificates import Workshop
from device import Identity
from harness import Gateway, Hubsim, Pki, wait_until

STORES = Path(__file__).resolve().parents[1] / "fixtures/stores"
ANSWERS = "$iothub/twin/res/#"
PUMPS = ("pump-1", "pump-2", "pump-3")


class OldSite:
    """A gateway whose devices have the names of the fixtures; their certificates are made anew each time."""

    def __init__(self, directory, pki, hub_port):
        workshop = Workshop(directory / "made")
        tenant = workshop.make("Plant Tenant", ca=True)
        made = {name: workshop.make(name, issuer=tenant, usage="clientAuth") for name in PUMPS}
        self.identities = {name: Identity(name, str(one.certificate), str(one.key)) for name, one in made.items()}
        self.queue = directory / "queue"
        self.gateway = Gateway(directory, pki, hub_port, tenant_ca=tenant.certificate,
                               extra={"devices": {"identity": "any"}, "queue": {"commit_after": "0ms", "message_ttl": "0"}})

    def connected(self, name):
        return self.gateway.connected(self.identities[name], clean=False)

    def books(self):
        """{device: what /status says of its queue, less what time changes}"""
        kept = ("accepted", "delivered", "queued", "expired", "dropped", "dead_lettered")
        return {one["id"]: {key: one["queue"][key] for key in kept} for one in self.gateway.status()["devices"]}


def twin_of(device):
    device.request("$iothub/twin/GET/?$rid=r", b" ")
    return json.loads(device.message().payload)


def message(number):
    """(property bag, payload); the payload is no text."""
    return f"n={number}&kind=%24x", bytes(range(number, number + 40)) + b"\xff\x00"


def report(device, patch):
    device.request("$iothub/twin/PATCH/properties/reported/?$rid=p", json.dumps(patch).encode())
    answer = device.message().topic
    if not answer.startswith("$iothub/twin/res/204/"):
        raise AssertionError(answer)


def write(site, hub):
    """Delivered messages and their books first, then an outage, and a kill in the middle of it."""
    hub.call("PUT", "/devices/pump-1", {"deviceId": "pump-1"})
    hub.desire("pump-1", {"colour": "red"})
    site.gateway.start()
    for name, count in (("pump-1", 5), ("pump-2", 3)):
        with site.connected(name) as device:
            device.subscribe([(ANSWERS, 0), (f"devices/{name}/messages/devicebound/#", 1)])
            if name == "pump-1":
                twin_of(device)
                report(device, {"state": "on"})
            device.publish_all(message(number) for number in range(count))
    wait_until(lambda: site.gateway.metric("queue_messages") == 0, 20, "all is delivered")
    site.gateway.stop()

    hub.faults(outage=True)
    site.gateway.start()
    for name, numbers in (("pump-1", range(5, 9)), ("pump-3", range(2))):
        with site.connected(name) as device:
            device.publish_all(message(number) for number in numbers)
            if name == "pump-1":
                device.subscribe([(ANSWERS, 0)])
                report(device, {"flow": 2})
                twin = twin_of(device)
    books = site.books()
    site.gateway.kill()
    return {"books": books, "twin": twin, "waiting": {"pump-1": list(range(5, 9)), "pump-3": list(range(2))}}


def main(name):
    with tempfile.TemporaryDirectory(prefix="spheregate-store-") as made:
        directory = Path(made)
        pki = Pki(directory / "pki", 1)
        hub = Hubsim(directory, pki)
        site = OldSite(directory, pki, hub.port)
        try:
            expected = write(site, hub)
        finally:
            site.gateway.kill()
            hub.kill()
        target = STORES / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(site.queue, target / "queue")
        (target / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for file in sorted(target.rglob("*")):
        print(file.relative_to(STORES), file.stat().st_size if file.is_file() else "")


if __name__ == "__main__":
    main(*sys.argv[1:])
