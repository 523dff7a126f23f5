"""The admin socket and the commands that use it: who may, what is answered, and lists that are edited with or without a gateway."""

import json
import os
import re
import shutil
import stat
import subprocess
import unittest
from pathlib import Path

from device import Refused
from harness import GatewayTest, Process, program, wait_until

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/admin-api.md"


def documented(heading):
    """{field: may be absent} of the table under a heading."""
    text = DOCUMENT.read_text().split(f"### {heading}\n")[1].split("\n#")[0]
    first_cells = re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE)
    return {name: star == "*" for cell in first_cells for name, star in re.findall(r"`(\w+)`(\*?)", cell)}


class Admin(GatewayTest):
    def assert_fields(self, found, fields, also=()):
        self.assertEqual(set(found) - set(fields) - set(also), set(), "fields that docs/admin-api.md does not have")
        self.assertEqual({name for name, optional in fields.items() if not optional} - set(found), set(), "fields that are missing")

    def test_the_beginning_of_an_id_is_named_as_such(self):
        who = self.pki.ids[0]
        denied = self.directory / "deny.txt"
        denied.write_text("")
        self.start_gateway(extra={"devices": {"deny_file": str(denied)}})
        with self.gateway.connected(self.pki.device()):
            for command in ("deny", "allow", "disconnect"):
                with self.subTest(command):
                    code, _, err = self.gateway.command("devices", command, who[:10])
                    self.assertEqual(code, 1)
                    self.assertIn("only the beginning of an id; give", err)

    def test_every_answer_is_as_documented(self):
        own, other = self.pki.ids[:2]
        self.start_gateway(extra={"devices": {"aliases": {own: "pump-3"}}})
        with self.assertRaises(Refused), self.gateway.device(self.pki.device(0)) as device:
            device.connect(client_id="pump")
        with self.gateway.connected(self.pki.device(1)) as device:
            device.publish("a=b", b"x")
            device_fields, refusal_fields = documented("A device"), documented("A refusal")
            status, page = self.gateway.ask("GET", "/devices?limit=1")
            self.assertEqual((status, page["total"], page["after"]), (200, 2, min(own, other)))
            self.assertEqual(set(page), {"total", "devices", "after"})
            rest = self.gateway.ask("GET", f"/devices?after={page['after']}")[1]
            self.assertEqual([one["id"] for one in page["devices"] + rest["devices"]], sorted([own, other]))
            self.assertNotIn("after", rest)
            for one in page["devices"] + rest["devices"] + self.gateway.status()["devices"]:
                self.assert_fields(one, device_fields)
            states = {one["id"]: one["state"] for one in page["devices"] + rest["devices"]}
            self.assertEqual(states, {own: "refused", other: "connected"})
            for query, ids in (("state=connected", [other]), ("search=PUMP", [own]), ("state=absent", [])):
                self.assertEqual([one["id"] for one in self.gateway.ask("GET", f"/devices?{query}")[1]["devices"]], ids, query)
            status, shown = self.gateway.ask("GET", "/devices/pump-3")
            self.assertEqual((status, shown["id"]), (200, own))
            self.assert_fields(shown, device_fields, ("refusals",))
            status, refusals = self.gateway.ask("GET", "/refusals?source=127.0.0.1")
            self.assertEqual((status, set(refusals)), (200, {"kept", "refusals"}))
            for one in refusals["refusals"] + shown["refusals"] + self.gateway.status()["refusals"]:
                self.assert_fields(one, refusal_fields)
            self.assertEqual(self.gateway.ask("GET", "/status")[1]["devices_connected"], 1)
            self.assertEqual(set(self.gateway.ask("POST", f"/devices/{other}/disconnect")[1]), {"id", "disconnected"})
            device.await_close(10)
        for method, target, expected in (("GET", "/devices/nobody", 404), ("GET", "/nothing", 404), ("GET", "/devices?limit=x", 400),
                                         ("POST", "/status", 404), ("PUT", "/reload", 405)):
            status, answer = self.gateway.ask(method, target)
            self.assertEqual(status, expected, target)
            self.assertTrue(answer["error"], target)

    def test_the_commands(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device(0)) as device:
            code, out, err = self.gateway.command("status")
            self.assertEqual((code, err), (0, ""))
            self.assertRegex(out, r"devices +1 connected")
            self.assertEqual(json.loads(self.gateway.command("status", "--json")[1])["devices_connected"], 1)
            code, out, _ = self.gateway.command("devices", "disconnect", self.pki.ids[0])
            self.assertEqual(code, 0)
            self.assertIn("disconnected; it may connect again", out)
            device.await_close(10)
        wait_until(lambda: self.gateway.log_lines("device disconnected by an operator"), 10, "a line about it")
        self.assertEqual(self.gateway.log_lines("device disconnected by an operator")[0]["uid"], str(os.getuid()))
        code, out, err = self.gateway.command("devices", "show", "nobody")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("no device of this id or alias", err)
        listed = json.loads(self.gateway.command("devices", "list", "--json")[1])
        self.assertEqual([(one["id"], one["state"]) for one in listed["devices"]], [(self.pki.ids[0], "absent")])

    def test_who_may_and_what_is_left_behind(self):
        self.start_gateway()
        found = os.stat(self.gateway.admin_socket)
        self.assertEqual((stat.S_ISSOCK(found.st_mode), stat.S_IMODE(found.st_mode)), (True, 0o660))
        second = Process(self.directory / "second.log")
        second.launch([program("spheregate"), "run", "--config", str(self.gateway.config)])
        self.addCleanup(second.kill)
        self.assertEqual(second.process.wait(30), 78)
        self.gateway.kill()
        code, _, err = self.gateway.command("status")
        self.assertEqual(code, 1)
        self.assertIn("does not run any more", err)
        self.gateway.start()
        self.assertEqual(self.gateway.command("status")[0], 0)
        self.gateway.stop()
        self.assertFalse(self.gateway.admin_socket.exists())
        self.assertIn("no gateway serves", self.gateway.command("status")[2])

    def test_deny_and_allow(self):
        deny, own = self.directory / "deny.txt", self.pki.ids[0]
        self.start_gateway()
        code, _, err = self.gateway.command("devices", "deny", own)
        self.assertEqual(code, 1)
        self.assertIn("deny_file:", err)
        self.gateway.stop()
        deny.write_text("# stolen ones\n")
        self.start_gateway(extra={"devices": {"deny_file": str(deny), "aliases": {own: "pump-3"}}})
        with self.gateway.connected(self.pki.device(0)) as device:
            code, out, err = self.gateway.command("devices", "deny", "pump-3")
            self.assertEqual((code, err), (0, ""))
            self.assertIn("the gateway has taken it", out)
            self.assertEqual(deny.read_text(), f"# stolen ones\n{own}\n")
            device.await_close(10)
        code, out, _ = self.gateway.command("devices", "allow", own.upper())
        self.assertEqual(code, 0)
        self.assertIn("lower case", out)
        self.assertEqual(deny.read_text(), "# stolen ones\n")
        self.gateway.connected(self.pki.device(0)).disconnect()
        self.gateway.stop()
        code, out, _ = self.gateway.command("devices", "deny", own)
        self.assertEqual(code, 0)
        self.assertIn("takes effect when the gateway starts", out)
        self.assertEqual(deny.read_text(), f"# stolen ones\n{own}\n")

    def test_a_list_that_was_not_taken_is_a_failure(self):
        deny, own = self.directory / "deny.txt", self.pki.ids[0]
        deny.write_text("")
        self.start_gateway(extra={"devices": {"deny_file": str(deny)}})
        deny.write_text("not an id!\n")
        for command in (("devices", "deny", own), ("devices", "deny", own), ("devices", "allow", self.pki.ids[1])):
            code, _, err = self.gateway.command(*command)
            self.assertEqual(code, 1, command)
            self.assertIn(f"the gateway has not taken it: {deny}:1: ", err)
        self.gateway.connected(self.pki.device(0)).disconnect()
        deny.write_text("")
        code, out, err = self.gateway.command("devices", "deny", own)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("the gateway has taken it", out)

    def test_tenant_cas_are_taken_at_once(self):
        cas = self.directory / "tenant-ca.d"
        shutil.copytree(self.pki.path("tenant-ca.d"), cas)
        self.start_gateway(extra={"devices": {"tenant_ca": str(cas)}})
        code, out, _ = self.gateway.command("tenant", "add", self.pki.path("tenant-a-new.pem"))
        self.assertEqual((code, out.splitlines()[-1]), (0, "the gateway has taken it"))
        code, out, err = self.gateway.command("tenant", "add", self.pki.path("tenant-a-new.pem"), "--json")
        self.assertEqual((code, len(json.loads(out)["cas"]), err), (0, 1, "note: the gateway has taken it\n"))
        all_of_them = [ca["sha256"] for ca in json.loads(self.gateway.command("tenant", "list", "--json")[1])["cas"]]
        for fingerprint in all_of_them[:-1]:
            code, out, _ = self.gateway.command("tenant", "remove", fingerprint)
            self.assertEqual((code, out.splitlines()[-1]), (0, "the gateway has taken it"))
        code, _, err = self.gateway.command("tenant", "remove", all_of_them[-1])
        self.assertEqual(code, 1)
        self.assertRegex(err, "^WARNING: no tenant CA is left.*\nspheregate: the gateway has not taken it: ")

    def test_a_configuration_that_is_not_yaml_does_not_hide_the_gateway(self):
        self.start_gateway()
        alone = ["unshare", "--mount", "sh", "-c"]
        if os.geteuid() != 0 or subprocess.run([*alone, "mount -t tmpfs none /etc"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no mounts here")

        def asked(link, *options):
            script = ("mount -t tmpfs none /run; mount -t tmpfs none /etc; mkdir /etc/spheregate /run/spheregate; cd /etc/spheregate; "
                      f"printf 'queue: [\\n' >spheregate.yaml; cp spheregate.yaml other.yaml; {link}; exec {program('spheregate')} status {' '.join(options)}")
            done = subprocess.run([*alone, script], capture_output=True, text=True, timeout=60, check=False)
            self.assertRegex(done.stderr, r"^/etc/spheregate/\w+\.yaml:\d+:\d+: this is not YAML: ")
            return done

        link = f"ln -s {self.gateway.admin_socket} /run/spheregate/admin.sock"
        found = asked(link)
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertRegex(found.stdout, r"devices +0 connected")
        self.assertIn("asked at the usual place, /run/spheregate/admin.sock", found.stderr)
        silent = asked(":")
        self.assertEqual((silent.returncode, silent.stdout), (78, ""))
        self.assertIn("no gateway serves /run/spheregate/admin.sock, the usual place", silent.stderr)
        self.assertIn("--socket", silent.stderr)
        other = asked(link, "--config", "/etc/spheregate/other.yaml")
        self.assertEqual((other.returncode, other.stdout), (78, ""), "that may be another gateway's")
        self.assertIn("name it with --socket", other.stderr)

    def test_import(self):
        aliases, allow = self.directory / "aliases.csv", self.directory / "allow.txt"
        aliases.write_text("id,alias\n")
        allow.write_text("# all\n" + self.pki.ids[1] + "\n")
        self.start_gateway(extra={"devices": {"alias_file": str(aliases), "allow_file": str(allow)}})
        own = self.pki.ids[0]
        listing = json.dumps([{"name": "pump-3", "properties": {"deviceId": own.upper()}}])
        code, out, err = self.gateway.command("devices", "import", "-", "--allow", stdin=listing)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("ids in capitals, written in lower case as in certificates and IoT Hub: 1", out)
        self.assertIn("the gateway has taken it", out)
        self.assertEqual(aliases.read_text(), f"id,alias\n{own},pump-3\n")
        self.assertEqual(allow.read_text(), f"# all\n{self.pki.ids[1]}\n{own}\n")
        with self.gateway.connected(self.pki.device(0)):
            self.assertRegex(self.gateway.command("devices")[1], r"\npump-3 +connected ")
        before = aliases.read_text()
        code, _, err = self.gateway.command("devices", "import", "-", stdin=f"{self.pki.ids[2]},pump-3\n")
        self.assertEqual(code, 1)
        self.assertIn("another device has this alias", err)
        self.assertEqual(aliases.read_text(), before)


if __name__ == "__main__":
    unittest.main()
