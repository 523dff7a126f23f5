"""The rotation of a tenant CA as it is done with a fleet at work: the old CA, both, the devices one by one, the old one removed.

SPHEREGATE_DEVICES=500 for the figure with a fleet."""

import os
import time
import unittest

import rotations
from fleet import Fleet, allow_files, numbers_at
from harness import GatewayTest, wait_until
from own_ca import Material

DEVICES = int(os.environ.get("SPHEREGATE_DEVICES", 60))
LATE = 3  # devices that have not moved when the old CA goes


class Rotation(GatewayTest):
    DEVICES = DEVICES

    def test_rehearsal(self):
        allow_files(DEVICES * 2 + 200)
        material = Material(self.directory, self.pki)
        self.start_gateway(connect_rate=1000, extra=material.extra())
        fleet = Fleet(self.gateway.port, material.own.root, pause=max(0.2, DEVICES / 1000))
        self.addCleanup(fleet.close)
        for index in range(DEVICES):
            fleet.add(self.pki.device(index))
        fleet.run(1.0)
        old = self.gateway.status()["tenant_cas"][0]["sha256"]

        material.trust_new()
        fleet.run_until(lambda: len(self.gateway.status()["tenant_cas"]) == 2, 10, "the new CA beside the old one")
        new = next(ca["sha256"] for ca in self.gateway.status()["tenant_cas"] if ca["sha256"] != old)
        self.assertEqual(self.seen(), {old: (DEVICES, DEVICES), new: (0, 0)})

        for index, member in enumerate(fleet.members[LATE:], LATE):
            fleet.move(member, self.pki.new_device(index))
        fleet.run(1.0)
        self.assertEqual(fleet.lost(), [])
        self.assertEqual(self.seen(), {old: (LATE, LATE), new: (DEVICES - LATE, DEVICES - LATE)}, "who still needs the old one")

        (material.cas / "old.pem").unlink()
        began = time.monotonic()
        fleet.run_until(lambda: len(fleet.lost()) == LATE, 10, "the end of those who have not moved")
        self.assertLess(time.monotonic() - began, 5.0)
        fleet.run(2.0)
        self.assertEqual(fleet.lost(), fleet.members[:LATE])
        self.assertEqual(self.gateway.metric("device_sessions_revoked_total", result="unknown_ca"), LATE)
        fleet.settle()
        self.assertEqual(self.gateway.metric("devices_connected"), DEVICES - LATE)
        self.nothing_is_lost(fleet)

    def seen(self):
        return {ca["sha256"]: (ca["devices_seen"], ca["connected"]) for ca in self.gateway.status()["tenant_cas"]}

    def nothing_is_lost(self, fleet):
        wait_until(lambda: self.gateway.metric("queue_messages") == 0, 60, "an empty queue")
        acknowledged = 0
        for member in fleet.members:
            arrived = numbers_at(self.hub, member.identity.device_id)
            # Who was cut off may have sent one more, whose PUBACK it did not hear.
            self.assertEqual(arrived, list(range(1, len(arrived) + 1)), member.identity.device_id)
            self.assertIn(len(arrived), (member.acknowledged, member.sent), member.identity.device_id)
            acknowledged += member.acknowledged
        self.assertGreater(acknowledged, DEVICES)
        print(f"{DEVICES} devices, {acknowledged} messages acknowledged, all of them at the hub in order")

    def test_rotations(self):
        """The short form of `./dev rotations`."""
        self.assertEqual(rotations.run(30, 6), [])


if __name__ == "__main__":
    unittest.main()
