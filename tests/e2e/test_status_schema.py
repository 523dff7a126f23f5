"""The JSON schema of the status, against the answers of gateways in many conditions: they have what it promises, and nothing it does not know."""

import copy
import json
import sys
import unittest

try:
    import jsonschema
except ImportError:  # another Python than Debian's comes first in the path
    sys.path.append("/usr/lib/python3/dist-packages")
    import jsonschema

from certificates import Workshop
from device import Closed, Refused
from harness import GatewayTest, http_request, wait_until
from prometheus import ROOT
from ways_of_working import WaysOfWorking

SCHEMA = json.loads((ROOT / "docs" / "schemas" / "status.schema.json").read_text())


def strict(schema):
    """The same, but without room for fields of later versions."""
    schema = copy.deepcopy(schema)

    def walk(node):
        if isinstance(node, dict):
            if "properties" in node:
                node["additionalProperties"] = False
            for inner in node.values():
                walk(inner)

    walk(schema)
    return schema


STRICT = jsonschema.Draft202012Validator(strict(SCHEMA), format_checker=jsonschema.FormatChecker())


def resolved(node):
    while "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def fields(node=SCHEMA, path=""):
    """Every field that the schema knows: `queue.closed`, `devices[].link.state`."""
    node, found = resolved(node), set()
    for name, inner in node.get("properties", {}).items():
        found |= {f"{path}{name}"} | fields(inner, f"{path}{name}.")
    if node.get("type") == "array":
        found |= fields(node["items"], f"{path.rstrip('.')}[].")
    return found


def present(value, path=""):
    found = set()
    if isinstance(value, dict):
        for name, inner in value.items():
            found |= {f"{path}{name}"} | present(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for inner in value:
            found |= present(inner, f"{path.rstrip('.')}[].")
    return found


class StatusSchema(WaysOfWorking, GatewayTest):
    seen = set()

    def check(self):
        """What the gateway says now, by all three ways."""
        over_http = json.loads(http_request(self.gateway.http_port, "GET", "/status")[1])
        over_socket = self.gateway.ask("GET", "/status")[1]
        code, printed, _ = self.gateway.command("status", "--json")
        self.assertEqual(code, 0)
        for status in (over_http, over_socket, json.loads(printed)):
            faults = [f"{'.'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in STRICT.iter_errors(status)]
            self.assertEqual(faults, [])
            StatusSchema.seen |= present(status)
        return over_http

    def named(self, *ids):
        return {"devices": {"alias_file": str(self.file("aliases.csv", "id,alias\n" + "".join(f"{one},pump-{one[:4]}\n" for one in ids)))}}

    def file(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def test_1_nothing_has_happened_yet(self):
        self.start_gateway()
        self.assertEqual(self.check()["devices"], [])

    def test_1_devices_come_and_go_and_are_refused(self):
        self.start_gateway(extra=self.named(*self.pki.ids))
        self.gateway.connected(self.pki.device(3)).disconnect()
        with self.gateway.connected(self.pki.device(0)) as device:
            device.publish("", b"x")
            with self.assertRaises(Closed):
                self.gateway.connected(self.pki.variant("tenant_b"), server_name="gateway.plant.example")
            with self.assertRaises(Refused):
                self.gateway.connected(self.pki.device(1), client_id="somebody-else")
            with self.assertRaises((Closed, OSError)), self.gateway.connected(self.pki.device(2)) as other:
                other.send(b"\xff\xff\xff")
                other.await_close()
                raise Closed
            status = self.check()
            self.assertLessEqual({"connected", "refused"}, {one["state"] for one in status["devices"]})
            self.assertGreaterEqual(len(status["refusals"]), 3)
        with self.gateway.connected(self.pki.device(1)):
            wait_until(lambda: any(one["state"] == "absent" for one in self.check()["devices"]), 10, "a device that is gone")
            self.assertTrue(any("resolved" in one for one in self.check()["refusals"]))

    def test_1_the_uplink_is_cut(self):
        self.start_gateway()
        self.hub.faults(outage=True)
        with self.gateway.connected(self.pki.device(0)) as device:
            device.publish("", b"waits")
            wait_until(lambda: self.gateway.link(self.pki.ids[0]).get("last_error"), 20, "a link that says why it is down")
            status = self.check()
            self.assertEqual(status["queue"]["queued"], 1)

    def test_1_a_change_is_bad_and_another_waits(self):
        self.start_gateway()
        good = self.gateway.config.read_text()
        self.gateway.config.write_text(good.replace("connect_rate: 80", "connect_rate: 70"))
        wait_until(lambda: self.check()["configuration"]["restart_needed"] == ["upstream.connect_rate"], 20, "a key that waits")
        self.gateway.config.write_text(good + "extra: 1\n")
        wait_until(lambda: self.check()["configuration"]["last_reload"] == "error", 20, "a bad configuration")

    def test_1_the_store_cannot_be_used(self):
        blocked = self.file("no-directory", "")
        self.start_gateway(wait=False, extra={"queue": {"path": str(blocked / "queue")}})
        wait_until(lambda: self.gateway.log_lines("admin socket"), 20, "the admin socket")
        self.gateway.http_port = int(self.gateway.log_lines("http listening")[0]["port"])
        status = self.check()
        self.assertEqual((status["ready"], status["state"]["usable"]), (False, False))
        self.assertTrue(status["queue"]["closed"] and status["state"]["fault"])

    def test_1_all_ways_of_working(self):
        for way, extra in self.ways().items():
            with self.subTest(way):
                self.start_gateway(extra=extra)
                with self.gateway.connected(self.pki.device({"on-behalf": 2}.get(way, 0))) as device:
                    device.publish("", b"x")
                    self.assertEqual("provisioning" in self.check(), way == "provisioning")
                if way == "provisioning":
                    self.trouble_of_the_provisioning_service()
                self.gateway.kill()

    def trouble_of_the_provisioning_service(self):
        self.hub.faults(dps_outage=True)
        with self.gateway.connected(self.pki.device(1)):
            wait_until(lambda: "last_error" in self.check()["provisioning"], 20, "trouble")
        self.hub.faults(dps_outage=False)

    def test_1_revocation_lists(self):
        workshop = Workshop(self.directory / "made")
        authority = workshop.make("Plant Devices", ca=True)
        self.start_gateway(extra={"devices": {"identity": "any", "tenant_ca": str(authority.certificate), "crl_policy": "prefer",
                                              "crl": str(workshop.revocation_list(authority))}})
        self.assertEqual(len(self.check()["crls"]), 1)

    def test_2_the_schema_promises_nothing_that_was_not_seen(self):
        """Last of all, by its name."""
        self.assertEqual(fields() - self.seen, set())

    def test_2_it_is_a_schema_and_describes_each_field(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

        def walk(node, path):
            for name, inner in node.get("properties", {}).items():
                described = inner.get("description") or resolved(inner).get("description")
                self.assertTrue(described, f"{path}{name} without a description")
                walk(inner, f"{path}{name}.")

        walk(SCHEMA, "")
        for name, inner in SCHEMA["$defs"].items():
            walk(inner, f"{name}.")

    def test_2_it_can_find_faults(self):
        self.start_gateway()
        status = self.check()
        for spoil in (lambda one: one.pop("queue"), lambda one: one.update(extra=1), lambda one: one["queue"].update(accepted=-1),
                      lambda one: one["uplink"].update(condition="sunny"), lambda one: one["tenant_cas"][0].update(sha256="00")):
            spoiled = copy.deepcopy(status)
            spoil(spoiled)
            self.assertTrue(list(STRICT.iter_errors(spoiled)))
        # Whoever uses the schema as it is shipped can meet a later version.
        later = {**status, "new_in_a_later_version": 1}
        self.assertEqual(list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(later)), [])


if __name__ == "__main__":
    unittest.main()
