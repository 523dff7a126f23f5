"""As a service of systemd: units, sockets that are handed over, what it says, the watchdog, a reload that tells whether it was good."""

import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import mqtt_packets as mqtt
from device import Device
from harness import PROGRAMS, SANITIZED, GatewayTest, as_yaml, program, wait_until
from knocking import Knocker
from service_manager import ServedGateway, ServiceManager
from sites import free_port

ROOT = Path(__file__).resolve().parents[2]
UNITS = ("spheregate.service", "spheregate.socket")
EXPOSURE_MAX = 1.5


def unit(name):
    """{key: [values]}"""
    found = {}
    for line in (ROOT / "systemd" / name).read_text().splitlines():
        match = re.fullmatch(r"(\w+)=(.*)", line)
        if match:
            found.setdefault(match[1], []).append(match[2])
    return found


class Units(unittest.TestCase):
    def analyze(self, *arguments):
        if not shutil.which("systemd-analyze"):
            self.fail("systemd-analyze is missing: install the package systemd")
        return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)

    def test_systemd_understands_them(self):
        with tempfile.TemporaryDirectory() as directory:
            for name in UNITS:
                text = (ROOT / "systemd" / name).read_text().replace("/usr/bin/spheregate", program("spheregate"))
                (Path(directory) / name).write_text(text)
            done = self.analyze("verify", "--man=no", *(f"{directory}/{name}" for name in UNITS))
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_the_service_may_do_little(self):
        done = self.analyze("security", "--offline=true", f"--threshold={int(EXPOSURE_MAX * 10)}", str(ROOT / "systemd/spheregate.service"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        exposure = float(re.search(r"exposure level for spheregate.service: ([\d.]+)", done.stdout)[1])
        self.assertLessEqual(exposure, EXPOSURE_MAX)

    def test_what_the_program_counts_on(self):
        service, sockets = unit("spheregate.service"), unit("spheregate.socket")
        self.assertEqual(service["Type"], ["notify"])
        self.assertEqual(service["RestartPreventExitStatus"], ["78"])
        self.assertEqual(service["FileDescriptorStoreMax"], ["1"])
        self.assertEqual(service["ConditionPathExists"], sockets["ConditionPathExists"])
        self.assertEqual(sockets["FileDescriptorName"], ["devices"])
        # queue.max_bytes has no bound that any disk reads in a known time, and a start that is cut short begins anew.
        self.assertEqual(service["TimeoutStartSec"], ["infinity"])
        # Restarts alone must not use up the starts that are allowed in a row.
        seconds = {key: int(service[key][0].removesuffix("s")) for key in ("RestartSec", "StartLimitIntervalSec")}
        self.assertGreater(int(service["StartLimitBurst"][0]), seconds["StartLimitIntervalSec"] / seconds["RestartSec"] + 1)

    def test_the_socket_is_that_of_the_configuration(self):
        settings = (ROOT / "include/spheregate/tls/settings.hpp").read_text()
        address = re.search(r'address = "([\d.]+)"', settings)[1]
        port = re.search(r"port = (\d+);", settings)[1]
        sockets = unit("spheregate.socket")
        self.assertEqual(sockets["ListenStream"], [f"{address}:{port}"])
        backlog = re.search(r"kListenBacklog = (\d+)", (ROOT / "src/tls/limits.hpp").read_text())[1]
        self.assertEqual(sockets["Backlog"], [backlog])


class Service(GatewayTest):
    def prepare(self, watchdog=None, port=None, **extra):
        self.manager = ServiceManager(self.directory, watchdog)
        self.addCleanup(self.manager.close)
        self.port = free_port() if port is None else port
        self.gateway = ServedGateway(self.manager, self.directory, self.pki, self.hub.port,
                                     extra={"listen": {"address": "127.0.0.1", "port": self.port}, **extra})
        self.addCleanup(self.gateway.kill)
        return self.gateway

    def listener(self):
        """As systemd makes it for a socket unit."""
        made = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.addCleanup(made.close)
        return made

    def change(self, **sections):
        for name, values in sections.items():
            self.gateway.settings[name] = {**self.gateway.settings[name], **values}
        self.gateway.config.write_text(as_yaml(self.gateway.settings))

    # What it says.
    def test_it_says_what_it_does(self):
        self.prepare().start()
        self.manager.await_heard("STATUS", f"accepting devices on port {self.port}")
        order = [key for _, message in self.manager.said for key in message if key in ("FDSTORE", "READY", "STATUS")]
        self.assertEqual(order, ["STATUS", "FDSTORE", "READY", "STATUS"])
        self.assertEqual(list(self.manager.kept), ["devices-kept"])
        self.assertEqual(self.gateway.stop(), 0)
        self.assertEqual(self.manager.heard("STOPPING")[0][1], "1")

    def test_a_reload_says_whether_it_was_good(self):
        self.prepare().start()
        code, out, err = self.gateway.command("reload")
        self.assertEqual((code, out, err), (0, "what the files say is in force\n", ""))
        self.manager.await_heard("RELOADING", "1")
        self.manager.await_heard("READY", "1", 2)
        self.gateway.config.write_text(as_yaml(self.gateway.settings) + "listne: 1\n")
        code, out, err = self.gateway.command("reload")
        self.assertEqual((code, out), (1, ""))
        self.assertIn(f"{self.gateway.config}:", err)
        self.assertIn("listne", err)
        # So does a file in which not even the socket can be found.
        self.gateway.config.write_text("hostname: [\n")
        code, _, err = self.gateway.command("reload")
        self.assertEqual(code, 78)
        self.assertIn(f"{self.gateway.config}:", err)
        self.assertTrue(self.gateway.running)

    def test_a_reload_without_an_admin_socket_is_a_signal(self):
        self.prepare(admin={"socket": ""}).start()
        pid = self.gateway.process.pid
        code, out, _ = self.gateway.command("reload", "--main-pid", pid)
        self.assertEqual(code, 0)
        self.assertIn("admin.socket is empty", out)
        self.manager.await_heard("RELOADING", "1")
        self.assertEqual(self.gateway.command("reload")[0], 1)

    # Sockets.
    def test_a_restart_refuses_nobody(self):
        """The socket that it bound itself is kept; once after a stop, once after a kill."""
        self.prepare().start()
        knocker = Knocker(self.pki.device(), self.port, self.pki.gateway_root)
        for end in (signal.SIGTERM, signal.SIGKILL):
            entered = knocker.entered
            wait_until(lambda: knocker.entered > entered + 5, 20, "devices come in")
            self.gateway.process.send_signal(end)
            self.gateway.process.wait(20)
            self.gateway.sockets = {"devices-kept": self.manager.kept["devices-kept"]}
            time.sleep(0.3)  # RestartSec=
            self.gateway.start()
            entered = knocker.entered
            wait_until(lambda: knocker.entered > entered, 20, "the next device is in")
        knocker.finish()
        self.assertEqual(knocker.refused, 0)
        self.assertLessEqual(knocker.broken, 4)
        self.assertEqual(len(self.manager.heard("FDSTORE")), 1, "it is kept already")
        self.await_drained()
        found = [int(message["payload"]) for message in self.hub.messages(self.pki.ids[0])]
        self.assertEqual(set(knocker.published) - set(found), set(), "acknowledged and lost")

    def test_who_waits_in_the_socket_of_the_unit_is_served(self):
        listening = self.listener()
        port = listening.getsockname()[1]
        self.prepare(port=port)
        self.gateway.sockets = {"devices": listening}
        waiting = Device(self.pki.device(), port, self.pki.gateway_root)
        self.addCleanup(waiting.close)
        self.gateway.start()
        waiting.connect().publish("", b"waited")
        self.hub.await_messages(self.pki.ids[0], 1)
        self.assertEqual(self.gateway.log_lines("spheregate.socket listens elsewhere"), [])
        self.assertEqual(self.manager.heard("FDSTORE"), [], "systemd has it already")
        self.gateway.stop()
        # systemd goes on listening.
        socket.create_connection(("127.0.0.1", port), 5).close()

    def test_a_socket_elsewhere_is_served_and_told(self):
        listening = self.listener()
        port = listening.getsockname()[1]
        self.prepare()
        self.gateway.sockets = {"devices": listening}
        self.gateway.start()
        line = self.gateway.log_lines("spheregate.socket listens elsewhere")[0]
        self.assertEqual((line["listens"], line["configured"]), (f"127.0.0.1:{port}", f"127.0.0.1:{self.port}"))
        self.assertEqual(self.gateway.status()["listening"], {"address": "127.0.0.1", "port": port})
        Device(self.pki.device(), port, self.pki.gateway_root).connect().disconnect()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port), 5)
        _, out, _ = self.gateway.command("check")
        self.assertRegex(out, rf"(?s)warn +port.*accepts devices at 127.0.0.1, port {port}")

    def test_a_kept_socket_that_is_not_wanted_any_more_is_given_up(self):
        self.prepare().start()
        self.gateway.stop()
        before, after = self.port, free_port()
        self.change(listen={"port": after})
        self.gateway.sockets = {"devices-kept": self.manager.kept["devices-kept"]}
        self.gateway.start()
        self.assertEqual(self.gateway.port, after)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", before), 5)
        self.gateway.connected(self.pki.device()).disconnect()

    def test_another_address_on_the_same_port_is_taken_at_once(self):
        self.prepare().start()
        self.gateway.stop()
        self.change(listen={"address": "0.0.0.0"})
        self.gateway.sockets = {"devices-kept": self.manager.kept["devices-kept"]}
        self.gateway.start()
        self.assertEqual(self.gateway.status()["listening"], {"address": "0.0.0.0", "port": self.port})

    def test_other_sockets_are_refused(self):
        local = socket.socket(socket.AF_UNIX)
        self.addCleanup(local.close)
        self.prepare()
        for name, made, part in (("http", self.listener(), "`http`"), ("devices", local, "no TCP socket that listens")):
            self.gateway.sockets = {name: made}
            self.gateway.start(wait=False)
            self.assertEqual(self.gateway.process.wait(20), 78)
            said = self.gateway.tail(1)
            self.assertIn(part, said)
            self.assertIn("FileDescriptorName=devices", said)

    def test_systemd_itself_starts_it_for_a_device(self):
        self.prepare()
        tool = shutil.which("systemd-socket-activate")
        self.assertTrue(tool, "systemd-socket-activate is missing: install the package systemd")
        self.gateway.wrapper = [tool, f"--listen=127.0.0.1:{self.port}", "--fdname=devices"]
        self.gateway.start(wait=False)
        wait_until(lambda: "Listening on" in self.gateway.tail(), 10, "it listens")
        with Device(self.pki.device(), self.port, self.pki.gateway_root) as device:
            device.connect().publish("", b"first")
        self.hub.await_messages(self.pki.ids[0], 1)

    # The watchdog.
    def fed(self, since):
        return sum(when > since for when, _ in self.manager.heard("WATCHDOG"))

    @unittest.skipIf(SANITIZED, "a sanitizer's runtime wants to be loaded first")
    def test_the_watchdog_starves_while_the_disk_hangs_and_not_while_the_hub_does(self):
        self.hub.faults(outage=True)
        self.prepare(watchdog=2.0)
        self.gateway.preload = PROGRAMS / "libspheregate_slow_file.so"
        self.gateway.start()
        with self.gateway.connected(self.pki.device()) as device:
            device.publish("", b"kept")
            began = time.monotonic()
            wait_until(lambda: self.fed(began) >= 3, 10, "the watchdog is fed while the hub is away")
            segment = next((self.directory / "queue").glob("journal-*.seg"))
            self.starve(segment, lambda: device.send(mqtt.publish(device.prefix, b"held", 1, device.take_id())))
            device.expect(mqtt.PUBACK)
        self.assertEqual(self.gateway.stop(), 0)

    @unittest.skipIf(SANITIZED, "a sanitizer's runtime wants to be loaded first")
    def test_the_watchdog_starves_while_the_state_hangs(self):
        self.prepare(watchdog=2.0)
        self.gateway.preload = PROGRAMS / "libspheregate_slow_file.so"
        self.gateway.start()
        with self.gateway.connected(self.pki.device(), clean=False) as device:
            log = self.directory / "queue/state/state.db-wal"
            device.subscribe([(f"devices/{device.identity.device_id}/messages/devicebound/#", 1)])
            self.starve(log, lambda: device.subscribe([("$iothub/methods/POST/#", 0)]))
        self.assertEqual(self.gateway.stop(), 0)

    def starve(self, file, deed):
        hold, reached = Path(f"{file}.hold"), Path(f"{file}.reached")
        told = len(self.gateway.log_lines("no progress"))
        hold.touch()
        try:
            deed()
            wait_until(reached.exists, 10, f"{file.name} is synced")
            wait_until(lambda: len(self.gateway.log_lines("no progress")) > told, 10, "a line about it")
            silent = time.monotonic()
            time.sleep(1.5)
            self.assertEqual(self.fed(silent), 0, "fed although nothing moves")
        finally:
            hold.unlink()
        moving = time.monotonic()
        wait_until(lambda: self.fed(moving) >= 2, 10, "the watchdog is fed again")
        self.assertEqual(len(self.gateway.log_lines("progress again")), told + 1)


if __name__ == "__main__":
    unittest.main()
