"""The metrics of running gateways: what dashboards elsewhere rely on, and that the documentation has all of them and no others."""

import unittest

from harness import GatewayTest, http_request
from prometheus import promtool
from reference import documented, exported
from ways_of_working import WaysOfWorking

# What never changes, because others have built on it: name without prefix, type, labels.
FIXED = """
build_info gauge version
devices_connected gauge
device_connections_total counter result
tls_handshakes_total counter result
messages_accepted_total counter qos
messages_delivered_total counter
messages_expired_total counter
messages_dropped_total counter reason
messages_dead_lettered_total counter reason
queue_messages gauge
queue_bytes gauge
queue_limit_bytes gauge
queue_oldest_age_seconds gauge
queue_disk_written_bytes_total counter
queue_syncs_total counter
queue_sync_seconds histogram
upstream_connected gauge
upstream_sessions gauge
upstream_connects_total counter result
upstream_ack_seconds histogram
upstream_stalls_total counter
downstream_messages_total counter kind
certificate_expiry_timestamp_seconds gauge certificate
devices_by_ca gauge ca
config_reloads_total counter result
process_cpu_seconds_total counter
process_resident_memory_bytes gauge
process_virtual_memory_bytes gauge
process_start_time_seconds gauge
process_open_fds gauge
process_max_fds gauge
"""
# What a gateway says before anything has happened.
HANDSHAKES = {"ok", "no_certificate", "unknown_ca", "expired", "not_yet_valid", "bad_name", "denied", "rate_limited", "protocol"}
# Labels whose values are a list in the documentation.
LISTED = ("result", "reason", "kind", "level", "state", "qos")  # `code` is that of HTTP
# No label may tell devices apart.
LABELS = {"version", "result", "reason", "kind", "level", "state", "qos", "code", "ca", "certificate"}


class Metrics(WaysOfWorking, GatewayTest):
    def test_what_others_rely_on_is_there_from_the_start(self):
        self.start_gateway()
        found, values = exported(self.gateway.http_port)
        for line in FIXED.split("\n")[1:-1]:
            name, kind, *labels = line.split()
            full = name if name.startswith("process_") else "spheregate_" + name
            with self.subTest(full):
                self.assertEqual(found[full].kind, kind)
                self.assertEqual(found[full].labels, frozenset(labels))
        self.assertLessEqual(HANDSHAKES, values["spheregate_tls_handshakes_total", "result"])
        self.assertEqual(values["spheregate_messages_accepted_total", "qos"], {"0", "1"})
        self.assertEqual(values["spheregate_downstream_messages_total", "kind"], {"c2d", "desired", "method", "twin"})
        self.assertEqual(values["spheregate_config_reloads_total", "result"], {"ok", "error"})
        self.assertIn("server", values["spheregate_certificate_expiry_timestamp_seconds", "certificate"])
        # A CA with which nobody has come yet is there with 0.
        self.assertEqual(values["spheregate_devices_by_ca", "ca"], {one["sha256"] for one in self.gateway.status()["tenant_cas"]})

    def test_the_documentation_has_all_metrics_and_no_others(self):
        told, seen = documented(), set()
        for way, extra in self.ways().items():
            self.start_gateway(extra=extra)
            with self.gateway.connected(self.pki.device()) as device:
                device.publish("", b"x")
                found, values = exported(self.gateway.http_port)
            self.gateway.kill()
            self.gateway.directory.joinpath("queue").rename(self.gateway.directory / f"queue of {way}")
            for name, metric in found.items():
                with self.subTest(f"{way}: {name}"):
                    self.assertIn(name, told)
                    self.assertEqual((metric.kind, metric.labels), (told[name].kind, told[name].labels))
                    self.assertRegex(metric.text, r"\w.*\.$", "HELP is a sentence")
                    self.assertLessEqual(metric.labels, LABELS)
            for (name, label), there in values.items():
                for value in there if label in LISTED else ():
                    self.assertIn(f"`{value}`", told[name].text, f"{name}{{{label}}}")
            seen |= set(found)
        self.assertEqual(set(told) - seen, set())

    def test_promtool_has_nothing_to_say(self):
        self.start_gateway()
        text = http_request(self.gateway.http_port, "GET", "/metrics")[1].decode()
        code, said = promtool("check", "metrics", stdin=text)
        self.assertEqual((code, said.strip()), (0, ""))

    def test_devices_without_room_are_counted(self):
        """And the books balance while it is so."""
        self.hub.faults(outage=True)
        self.start_gateway(extra={"queue": {"path": str(self.directory / "queue"), "max_bytes": "16MiB"}})
        device = self.gateway.connected(self.pki.device())
        self.addCleanup(device.close)
        with self.assertRaises((TimeoutError, AssertionError)):
            device.publish_all((("", bytes(200_000)) for _ in range(200)), window=20, timeout=3)
        self.await_metric(1, "devices_held")
        self.hub.heal()
        self.await_drained()
        self.await_metric(0, "devices_held")
        found = self.gateway.metrics()
        total = lambda name: sum(value for (one, _), value in found.items() if one == name)
        self.assertEqual(total("messages_accepted_total"), total("messages_delivered_total"))
        self.assertGreater(total("messages_delivered_total"), 20)

    def test_what_lies_in_the_store_is_counted(self):
        folder = self.directory / "queue" / "quarantine"
        folder.mkdir(parents=True, mode=0o700)
        (folder / "journal-0000000001.seg").write_bytes(b"x")
        self.start_gateway()
        self.assertEqual(self.gateway.metric("queue_quarantine_files"), 1)
        self.assertGreater(self.gateway.metric("queue_disk_free_bytes"), 0)

    def test_a_key_that_waits_for_a_restart_is_counted(self):
        self.start_gateway()
        self.gateway.config.write_text(self.gateway.config.read_text().replace('connect_rate: 80', 'connect_rate: 70'))
        self.await_metric(1, "config_restart_needed")


if __name__ == "__main__":
    unittest.main()
