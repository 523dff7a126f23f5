"""Stores of other versions: each older one is read, whatever wrote it; a newer one is refused before a byte of it is changed."""

import json
import shutil
import sqlite3
import struct
import unittest

from harness import GatewayTest, wait_until
from stores import ANSWERS, STORES, OldSite, message, twin_of

HEADER_BYTES = 32


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def files_in(directory):
    return {str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()}


class OlderStores(GatewayTest):
    def test_what_every_released_version_wrote_is_read(self):
        stores = sorted(STORES.iterdir())
        self.assertTrue(stores, "there are no fixtures")
        for store in stores:
            with self.subTest(store.name):
                self.read(store)

    def read(self, store):
        expected = json.loads((store / "expected.json").read_text())
        self.hub.heal()
        self.hub.reset()
        self.hub.faults(outage=True)
        directory = self.directory / store.name
        directory.mkdir()
        site = OldSite(directory, self.pki, self.hub.port)
        shutil.copytree(store / "queue", site.queue)
        self.gateway = site.gateway
        self.addCleanup(self.gateway.kill)
        self.gateway.start()
        self.assertEqual(site.books(), expected["books"])
        self.assertEqual(self.gateway.metric("messages_dropped_total", reason="damaged"), 0)
        self.assertEqual((self.gateway.metric("state_usable"), self.gateway.metric("state_damaged_total")), (1, 0))
        with site.connected("pump-1") as device:
            self.assertTrue(device.session_present)
            device.subscribe([(ANSWERS, 0)])
            self.assertEqual(twin_of(device), expected["twin"])
        self.hub.heal()
        self.await_drained()
        for name, numbers in expected["waiting"].items():
            found = [(one["topic"].split("events/")[1], one["payload"]) for one in self.hub.messages(name)]
            self.assertEqual(found, [message(number) for number in numbers], name)
        self.assertEqual(self.hub.twin("pump-1")["properties"]["reported"]["flow"], 2)
        self.assertEqual(self.gateway.stop(), 0)


class NewerStores(GatewayTest):
    def written(self):
        """A store of ours with a message in it."""
        self.hub.faults(outage=True)
        self.start_gateway()
        with self.gateway.connected(self.pki.device(), clean=False) as device:
            device.publish("", b"kept")
            device.subscribe([("$iothub/twin/res/#", 0)])
        wait_until(lambda: self.gateway.metric("state_changes_total", result="stored") >= 1, 10, "the session is stored")
        self.gateway.kill()
        return self.directory / "queue"

    def refused(self, queue, *words):
        before = files_in(queue)
        self.gateway.start(wait=False)
        self.assertEqual(self.gateway.process.wait(20), 78)
        self.assertEqual(files_in(queue), before)
        said = self.gateway.tail(1)
        for word in (*words, "newer version of spheregate", "Nothing was changed", "Install the newer version again"):
            self.assertIn(word, said)

    def test_a_segment_of_a_newer_version_is_refused_and_left_alone(self):
        queue = self.written()
        segment = next(queue.glob("journal-*.seg"))
        whole = bytearray(segment.read_bytes())
        ours = bytes(whole)
        self.assertEqual(struct.unpack_from("<I", whole, 8)[0], 1)
        struct.pack_into("<I", whole, 8, 2)
        struct.pack_into("<I", whole, HEADER_BYTES - 4, crc32c(whole[:HEADER_BYTES - 4]))
        segment.write_bytes(whole)
        self.refused(queue, str(segment), "format 2", "format 1")
        # Back in the newer version, nothing is missing.
        segment.write_bytes(ours)
        self.gateway.start()
        self.hub.heal()
        self.assertEqual([one["payload"] for one in self.hub.await_messages(self.pki.ids[0], 1)], [b"kept"])

    def test_a_state_of_a_newer_version_is_refused_and_left_alone(self):
        queue = self.written()
        connection = sqlite3.connect(queue / "state/state.db", isolation_level=None)
        connection.execute("PRAGMA user_version=2")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        self.refused(queue, str(queue / "state/state.db"), "schema 2", "schema 1")


if __name__ == "__main__":
    unittest.main()
