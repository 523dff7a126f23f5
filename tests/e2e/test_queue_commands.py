"""The queue, its dead letters and its books: asked of a running gateway, and read from the store of a stopped one."""

import base64
import hashlib
import json
import fcntl
import os
import pty
import re
import select
import signal
import stat
import struct
import subprocess
import termios
import time
import unittest

from harness import GatewayTest, program, short_id, wait_until
from schemas import assert_fits, schema_of
from test_admin import documented


class Queue(GatewayTest):
    DEVICES = 3

    def answer(self, schema, *command, code=0):
        done, out, err = self.gateway.command(*command, "--json")
        self.assertEqual((done, err), (code, ""), out)
        return assert_fits(self, schema, out)

    def make_a_dead_letter(self, index=0):
        """By a message on which the hub closes the connection, and those behind it that it takes."""
        self.hub.faults(poison_property="poison")
        with self.gateway.connected(self.pki.device(index)) as device:
            device.publish("n=0", b"before")
            device.publish("poison=1", b"\x00\xff poison \n")
            for number in range(1, 4):
                device.publish(f"n={number}", b"behind")
        self.await_drained()
        self.hub.faults(poison_property="")
        letters = self.answer("dead-letters", "queue", "dead-letters")["dead_letters"]
        self.assertEqual(len(letters), 1)
        return letters[0]

    def fill(self, index, count):
        with self.gateway.connected(self.pki.device(index)) as device:
            for number in range(count):
                device.publish(f"q={number}", b"queued %d" % number)

    def exported(self, file):
        lines = [assert_fits(self, "export-line", line) for line in file.read_text().splitlines()]
        self.assertEqual(lines[-1]["type"], "end")
        return lines

    def checksums(self):
        """Of every file of the store, with what its directory entry says."""
        found = {}
        for path in sorted((self.directory / "queue").rglob("*")):
            facts = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            found[str(path)] = (facts.st_mode, facts.st_size, facts.st_mtime_ns, facts.st_ino, content)
        return found

    def test_a_running_gateway(self):
        own, other = self.pki.ids[:2]
        self.start_gateway(extra={"devices": {"aliases": {own: "pump-3"}}})
        letter = self.make_a_dead_letter()
        self.assertEqual((letter["device"], letter["alias"], letter["cause"]), (own, "pump-3", "poison"))
        self.assertIn("closed the connection on it", letter["reason"])
        self.hub.faults(outage=True)
        self.hub.drop()
        self.fill(0, 2)
        self.fill(1, 5)

        queue = self.answer("queue", "queue", "show")
        self.assertEqual((queue["source"], queue["messages"], queue["dead_letters"], queue["open"]), ("gateway", 7, 1, True))
        self.assertEqual([(one["id"], one["messages"]) for one in queue["devices"]], [(other, 5), (own, 2)], "the fullest first")
        self.assertEqual(self.gateway.ask("GET", "/queue?limit=1")[1]["after"], f"5:{other}")
        rest = self.gateway.ask("GET", f"/queue?limit=1&after=5:{other}")[1]
        self.assertEqual([one["id"] for one in rest["devices"]], [own])
        self.assertNotIn("after", rest)
        code, out, _ = self.gateway.command("queue")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"queued +7 messages, .*of 2 devices, the oldest for")
        self.assertRegex(out, rf"\n{short_id(other)} +5 ")

        audit = self.answer("audit", "audit")
        self.assertEqual({one["id"]: (one["balanced"], one["counted"], one["dead_lettered"]) for one in audit["devices"]},
                         {own: (True, 2, 1), other: (True, 5, 0)})
        code, out, _ = self.gateway.command("audit")
        self.assertEqual(code, 0)
        self.assertIn("The books balance, of each of 2 devices and in total.", out)

        file = self.directory / "export.ndjson"
        report = self.answer("export", "queue", "export", file)
        self.assertEqual((report["messages"], report["dead_letters"], report["unreadable"]), (7, 1, 0))
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        lines = self.exported(file)
        self.assertEqual([(one["device"], one["suffix"], base64.b64decode(one["payload"])) for one in lines if one["type"] == "message"],
                         [(own, f"/q={n}", b"queued %d" % n) for n in range(2)] + [(other, f"/q={n}", b"queued %d" % n) for n in range(5)])
        self.assertEqual(base64.b64decode(lines[-2]["payload"]), b"\x00\xff poison \n")
        code, out, err = self.gateway.command("queue", "export", file)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("nothing is overwritten", err)

        # Back into the queue, once, and through a kill -9.
        self.answer("retry", "queue", "retry", letter["id"])
        self.assertEqual(list((self.directory / "queue/dead-letters").iterdir()), [])
        code, out, err = self.gateway.command("queue", "retry", letter["id"], "../../etc/passwd")
        self.assertEqual((code, out), (1, ""))
        self.assertEqual(err.count("there is no dead letter"), 2)
        self.assertEqual(self.gateway.metric("messages_retried_total"), 1)
        self.gateway.kill()
        self.gateway.start()
        self.assertEqual({one["id"]: (one["queued"], one["dead_lettered"]) for one in self.answer("audit", "audit")["devices"]}, {own: (3, 0), other: (5, 0)})
        self.hub.heal()
        self.await_drained()
        arrived = [(one["topic"].rsplit("/", 1)[1], one["payload"]) for one in self.hub.messages(own)]
        self.assertEqual(arrived[-3:], [("q=0", b"queued 0"), ("q=1", b"queued 1"), ("poison=1", b"\x00\xff poison \n")])
        self.assertEqual(self.answer("audit", "audit")["total"]["queued"], 0)
        lines = self.gateway.log_lines("retry of a dead letter asked for")
        self.assertEqual((lines[0]["letter"], lines[0]["uid"]), (letter["id"], str(os.getuid())))

    def test_a_stopped_gateway(self):
        own = self.pki.ids[0]
        self.start_gateway(extra={"devices": {"aliases": {own: "pump-3"}}})
        letter = self.make_a_dead_letter()
        self.hub.faults(outage=True)
        self.hub.drop()
        self.fill(1, 5)
        code, _, err = self.gateway.command("audit", "--store", self.directory / "queue")
        self.assertEqual(code, 1)
        self.assertIn("a gateway runs with this store", err)
        running = self.answer("audit", "audit")
        self.gateway.stop()
        before = self.checksums()

        queue = self.answer("queue", "queue")
        self.assertEqual((queue["source"], queue["messages"], queue["dead_letters"]), ("store", 5, 1))
        self.assertEqual([one["id"] for one in self.answer("dead-letters", "queue", "dead-letters")["dead_letters"]], [letter["id"]])
        audit = self.answer("audit", "audit")
        self.assertEqual((audit["source"], audit["balanced"], audit["store"]["counted"]), ("store", True, 5))
        # A graceful stop writes all books down.
        self.assertEqual({one["id"]: one["accepted"] for one in audit["devices"]}, {one["id"]: one["accepted"] for one in running["devices"]})
        file = self.directory / "stopped.ndjson"
        self.answer("export", "queue", "export", file)
        lines = self.exported(file)
        self.assertEqual([one["suffix"] for one in lines if one["type"] == "message"], [f"/q={n}" for n in range(5)])
        self.assertEqual([(one["id"], one["alias"]) for one in lines if one["type"] == "dead_letter"], [(letter["id"], "pump-3")])
        code, out, _ = self.gateway.command("queue", "export", "-")
        self.assertEqual((code, len(out.splitlines())), (0, 7))
        code, _, err = self.gateway.command("queue", "retry", letter["id"])
        self.assertEqual(code, 1)
        self.assertIn("start it", err)
        self.assertEqual(self.checksums(), before, "reading has changed the store")

        # A byte of the third message is another, so the books do not balance, and the daemon says the same when it starts.
        segment = next(path for path in sorted((self.directory / "queue").glob("journal-*.seg")) if b"queued 2" in path.read_bytes())
        content = bytearray(segment.read_bytes())
        content[content.index(b"queued 2")] ^= 1
        segment.write_bytes(content)
        damaged = self.answer("audit", "audit", code=1)
        self.assertEqual((damaged["balanced"], damaged["store"]["counted"]), (False, 4))
        code, out, _ = self.gateway.command("audit")
        self.assertEqual(code, 1)
        self.assertIn("NOT BALANCED: of 5 queued 4 are there", out)
        self.assertIn("THE BOOKS DO NOT BALANCE, of 1 of 2 devices", out)
        self.gateway.start()
        after = {one["id"]: one for one in self.answer("audit", "audit")["devices"]}[self.pki.ids[1]]
        self.assertEqual((after["queued"], after["dropped"], after["balanced"]), (4, 1, True))

    def test_neither_can_be_asked(self):
        self.start_gateway()
        self.gateway.stop()
        code, out, err = self.gateway.command("queue", "--store", self.directory / "nowhere")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("no gateway has made a store there yet", err)
        self.gateway.config.write_text(self.gateway.config.read_text() + "queue_path: x\n")
        code, _, err = self.gateway.command("queue")
        self.assertEqual(code, 0, err)
        self.assertIn("queue_path", err)
        self.gateway.config.write_text("queue: [\n")
        code, _, err = self.gateway.command("queue")
        self.assertEqual(code, 78)
        self.assertIn("this is not YAML", err)


class Schemas(GatewayTest):
    """Every other command that reads."""

    DEVICES = 2

    def test_each_answers_as_described(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device(0)) as device:
            device.publish("a=b", b"x")

            def answer(schema, *command, code=0):
                done, out, err = self.gateway.command(*command, "--json")
                self.assertEqual(done, code, out + err)
                return assert_fits(self, schema, out)

            self.assertEqual(answer("devices", "devices")["total"], 1)
            self.assertEqual(answer("device", "devices", "show", self.pki.ids[0])["state"], "connected")
            self.assertEqual(len(answer("tenant-list", "tenant", "list")["cas"]), 1)
            self.assertEqual(answer("config-check", "config", "check")["problems"], [])
            values = answer("config-show", "config", "show")["values"]
            self.assertEqual((values["upstream"]["inflight_per_device"], values["queue"]["max_bytes"], values["tls"]["min_version"]), (32, "1GiB", "1.2"))
            self.assertIs(type(values["upstream"]["connect_rate"]), int)
            self.assertEqual(answer("log", "log")["level"], "info")
            checks = answer("check", "check", "--offline")
            self.assertEqual({one["verdict"] for one in checks["findings"]} - {"pass", "warn", "skip"}, set())
            for target, status in (("/nothing", 404), ("/queue?limit=0", 400), ("/queue?after=x", 400), ("/queue/messages?after=1-2", 400),
                                   ("/queue/messages?after=1-1-0-0", 410), ("/queue/dead-letters?limit=201", 400), ("/queue/dead-letters/x", 404), ("/audit?limit=x", 400)):
                found, body = self.gateway.ask("GET", target)
                self.assertEqual(found, status, target)
                assert_fits(self, "error", body)
            self.assertEqual(self.gateway.ask("POST", "/queue/dead-letters/x/retry")[0], 404)
        good = self.gateway.config.read_text()
        self.gateway.config.write_text(good.replace("queue:", "queu:"))
        wrong = answer("config-check", "config", "check", code=78)
        self.assertEqual([(one["key"], one["line"] > 0, one["column"]) for one in wrong["problems"]], [("queu", True, 1)])
        self.assertTrue(wrong["problems"][0]["message"] and wrong["problems"][0]["fix"])
        self.assertEqual(answer("config-show", "config", "show", code=78)["good"], False)

    def test_the_tables_say_what_the_schemas_do(self):
        """Users read docs/admin-api.md, programs the schemas, and both are held to the same answers."""
        def fields(schema, *path):
            for step in path:
                schema = schema[step]
            return {name: name not in schema["required"] for name in schema["properties"]}

        line = schema_of("export-line")["oneOf"][0]
        for heading, found in (("A device with something queued", fields(schema_of("queue"), "properties", "devices", "items")),
                               ("A queued message", {name: optional for name, optional in fields(line).items() if name != "type"}),
                               ("A dead letter", fields(schema_of("dead-letters"), "properties", "dead_letters", "items")),
                               ("The books of a device", fields(schema_of("audit"), "properties", "devices", "items")),
                               ("A device", fields(schema_of("devices"), "properties", "devices", "items")),
                               ("A refusal", fields(schema_of("device"), "properties", "refusals", "items"))):
            self.assertEqual(documented(heading), found, heading)

    def test_the_root_for_devices(self):
        code, _, err = self.run_program("init", "--hostname", "gateway.plant.example", "--dir", self.directory / "gw")
        self.assertEqual(code, 0, err)
        code, out, err = self.run_program("export-root", "--dir", self.directory / "gw", "--json")
        self.assertEqual(code, 0, err)
        self.assertGreaterEqual(assert_fits(self, "export-root", out)["roots"], 1)

    @staticmethod
    def run_program(*arguments):
        done = subprocess.run([program("spheregate"), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr


class Screen:
    """A terminal with a program on it."""

    def __init__(self, command, rows, columns):
        self.ours, self.theirs = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.theirs)
        self.process = subprocess.Popen(command, stdin=self.theirs, stdout=self.theirs, stderr=subprocess.PIPE, start_new_session=True,
                                        env={**os.environ, "TERM": "xterm"})
        self.written = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.ours], [], [], 0)[0]:
            self.written += os.read(self.ours, 65536)
        return self.written.decode(errors="replace")

    def await_text(self, text, timeout=15.0):
        return wait_until(lambda: text in self.read(), timeout, lambda: f"{text!r} on the terminal; there is {self.read()[-1500:]!r}")

    def pages(self):
        """What was drawn each time, a list of lines."""
        return [page.replace("\r", "").split("\n") for page in self.read().split("\033[H")[1:]]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        os.close(self.ours)
        os.close(self.theirs)


class Watch(GatewayTest):
    """`spheregate status --watch`."""

    DEVICES = 1

    def watch(self, rows=30, columns=100):
        screen = Screen([program("spheregate"), "status", "--watch", "--config", str(self.gateway.config)], rows, columns)
        self.addCleanup(screen.end)
        return screen

    def assert_left_clean(self, screen, code=0):
        self.assertEqual(screen.process.wait(10), code)
        self.assertTrue(screen.read().endswith("\033[?25h\033[?1049l"), screen.read()[-200:])
        self.assertEqual(termios.tcgetattr(screen.theirs), screen.before, "the terminal is as it was")

    def test_on_a_terminal(self):
        self.start_gateway()
        with self.gateway.connected(self.pki.device()) as device:
            device.publish("a=b", b"x")
            screen = self.watch()
            screen.await_text("1 connected, 1 known")
            text = screen.read()
            self.assertTrue(text.startswith("\033[?1049h\033[?25l"))
            self.assertNotIn("\033[2J", text, "a page that is wiped flickers")
            for word in ("uplink", "queue", "ledger", "1 accepted = ", short_id(self.pki.ids[0])):
                self.assertIn(word, text)
            screen.resize(5, 40)
            screen.process.send_signal(signal.SIGWINCH)
            wait_until(lambda: len(screen.pages()[-1]) == 5, 10, lambda: f"a page for the smaller window: {screen.pages()[-1]}")
            for line in screen.pages()[-1]:
                self.assertLessEqual(len(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)), 40, line)
            os.write(screen.ours, b"q")
            self.assert_left_clean(screen)

    def test_goes_on_when_the_gateway_is_restarted(self):
        self.start_gateway()
        screen = self.watch()
        screen.await_text(", ready")
        self.gateway.stop()
        screen.await_text("THE GATEWAY DOES NOT ANSWER since")
        self.gateway.start()
        screen.await_text("; answers again")
        os.write(screen.ours, b"\x03")
        self.assert_left_clean(screen)
        ended = self.watch()
        ended.await_text(", ready")
        ended.process.send_signal(signal.SIGTERM)
        self.assert_left_clean(ended)

    def test_without_a_terminal(self):
        self.start_gateway()
        command = [program("spheregate"), "status", "--watch", "--config", str(self.gateway.config)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            time.sleep(5)
            process.terminate()
            out = process.communicate(timeout=10)[0]
        self.assertNotIn("\033", out)
        self.assertGreaterEqual(out.count("\nuplink "), 2, out)
        self.gateway.config.write_text("admin: [\n")
        self.assertEqual(self.gateway.command("status", "--watch")[0], 78)


if __name__ == "__main__":
    unittest.main()
