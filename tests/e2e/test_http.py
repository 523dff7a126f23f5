"""The HTTP listener: who may ask and how, the page, the last day, and events as they happen."""

import base64
import json
import socket
import ssl
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from device import Refused
from events import Listener
from harness import GatewayTest, http_request, wait_until
from schemas import assert_fits
from test_admin import documented

USER, PASSWORD = "ops", "correct horse battery staple"


def login(password=PASSWORD):
    return "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()


class Http(GatewayTest):
    def secured(self, gateway):
        """TLS and a password; the harness itself asks in the clear, so readiness is awaited by the log."""
        return {"http": {"certificate": str(self.pki.path("gateway.pem")), "private_key": str(self.pki.path("gateway.key")),
                         "user": USER, "password_file": gateway.secret("http.password", PASSWORD + "\n")}}

    def start_secured(self, **http):
        self.start_gateway(wait=False, extra=lambda gateway: {"http": {**self.secured(gateway)["http"], **http}})
        wait_until(lambda: self.gateway.log_lines("listening"), 20, "the start")
        self.gateway.port = int(self.gateway.log_lines("listening")[0]["port"])
        self.gateway.http_port = int(self.gateway.log_lines("http listening")[0]["port"])

    def fetch(self, path, password=PASSWORD, host="localhost"):
        """(status, headers, body), by an ordinary TLS client that trusts the gateway's root."""
        request = urllib.request.Request(f"https://{host}:{self.gateway.http_port}{path}")
        if password is not None:
            request.add_header("Authorization", login(password))
        context = ssl.create_default_context(cafile=self.pki.gateway_root)
        try:
            with urllib.request.urlopen(request, context=context, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def listener(self, **options):
        listener = Listener(self.gateway.http_port, **options)
        self.addCleanup(listener.close)
        return listener

    def test_tls_and_a_password(self):
        self.start_secured()
        self.assertEqual(self.fetch("/healthz", None)[0], 200)
        self.assertEqual(self.fetch("/readyz", None)[::2], (200, b"ready\n"))
        status, headers, _ = self.fetch("/status", None)
        self.assertEqual((status, headers["WWW-Authenticate"]), (401, 'Basic realm="spheregate", charset="UTF-8"'))
        self.assertEqual(json.loads(self.fetch("/status")[2])["hostname"], "gateway.plant.example")
        self.assertEqual(self.fetch("/")[0], 200)
        begin = time.monotonic()
        self.assertEqual(self.fetch("/status", "guess")[0], 401)
        self.assertGreater(time.monotonic() - begin, 0.9)
        (line,) = self.gateway.log_lines("http login refused")
        self.assertEqual(line["source"], "127.0.0.1")
        self.assertNotIn("guess", self.gateway.log.read_text())
        self.assertIn(b"spheregate_http_wrong_passwords_total 1\n", self.fetch("/metrics")[2])
        # In the clear it says what to do.
        self.assertEqual(http_request(self.gateway.http_port, "GET", "/healthz"), (400, b"this port speaks TLS; use https://\n"))
        done = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{self.gateway.http_port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        self.assertNotEqual(done.returncode, 0)
        # The commands do not need it.
        self.assertEqual(self.gateway.command("status")[0], 0)
        self.assertEqual(self.gateway.log_lines("http open to the network"), [])

    def test_a_new_password_and_certificate_without_a_restart(self):
        self.start_secured()
        listener = self.listener(ca=self.pki.gateway_root, headers=[f"Authorization: {login()}"])
        self.assertEqual(listener.status, 200)
        self.gateway.secret("http.password", "another one\n")
        wait_until(lambda: self.fetch("/status", "another one")[0] == 200, 15, "the new password")
        self.assertEqual(self.fetch("/status", PASSWORD)[0], 401)
        while listener.block() is not None:
            pass  # whoever listened with the old one is sent away
        self.gateway.secret("http.password", "")
        wait_until(lambda: self.gateway.log_lines("configuration not reloaded"), 15, "the complaint")
        self.assertIn("http.password_file", self.gateway.log_lines("configuration not reloaded")[0]["problem"])
        self.assertEqual(self.fetch("/status", "another one")[0], 200)

    def test_what_is_missing_on_a_network_is_said(self):
        for keys, missing in (((), "TLS and a password"), (("certificate", "private_key"), "a password"), (("user", "password_file"), "TLS")):
            with self.subTest(missing):
                self.start_gateway(wait=False, extra=lambda gateway, keys=keys: {
                    "http": {"listen": "0.0.0.0:0", **{key: self.secured(gateway)["http"][key] for key in keys}}})
                wait_until(lambda: self.gateway.log_lines("listening"), 20, "the start")
                self.assertEqual(self.gateway.log_lines("http open to the network")[0]["missing"], missing)
                self.gateway.kill()
                self.gateway.log.unlink()
        self.start_gateway(wait=False, extra=lambda gateway: {"http": {"user": USER}})
        self.assertEqual(self.gateway.process.wait(20), 78)
        self.assertIn("http.user: this does nothing without http.password_file", self.gateway.log.read_text())

    def test_the_page_and_what_it_reads(self):
        self.start_gateway()
        connection = urllib.request.urlopen(f"http://127.0.0.1:{self.gateway.http_port}/", timeout=20)
        self.addCleanup(connection.close)
        self.assertIn("script-src 'self'", connection.headers["Content-Security-Policy"])
        tag = connection.headers["ETag"]
        again = urllib.request.Request(f"http://127.0.0.1:{self.gateway.http_port}/", headers={"If-None-Match": tag})
        with self.assertRaises(urllib.error.HTTPError) as known:
            urllib.request.urlopen(again, timeout=20)
        self.assertEqual(known.exception.code, 304)
        known.exception.close()
        own = self.pki.ids[0]
        with self.assertRaises(Refused), self.gateway.device(self.pki.device(0)) as device:
            device.connect(client_id="pump")
        with self.gateway.connected(self.pki.device(1)):
            for target in ("/devices?limit=1", f"/devices/{own}", "/devices?state=refused", "/refusals?limit=5", "/devices?limit=0", "/devices/nobody"):
                status, body = http_request(self.gateway.http_port, "GET", target)
                expected, told = self.gateway.ask("GET", target)
                found = json.loads(body)
                # What moves between the two questions.
                for answer in (found, told):
                    for one in answer.get("devices", []):
                        one.get("queue", {}).pop("oldest_age_seconds", None)
                self.assertEqual((status, found), (expected, told), target)
        for target in ("/queue", "/reload", f"/devices/{own}/disconnect", "/audit", "/log"):
            self.assertEqual(http_request(self.gateway.http_port, "GET", target)[0], 404, f"{target} is for the admin socket alone")
            self.assertEqual(http_request(self.gateway.http_port, "POST", target)[0], 405, target)

    def test_the_status_says_since_when_and_how_long(self):
        self.start_gateway()
        status = self.gateway.status()
        fields = documented("The gateway")
        self.assertEqual(set(status) - set(fields), set(), "fields that docs/admin-api.md does not have")
        self.assertEqual({name for name, optional in fields.items() if not optional} - set(status), set(), "fields that are missing")
        self.assertEqual(status["hostname"], "gateway.plant.example")
        for moment in (status["started"], status["uplink"]["since"]):
            self.assertRegex(moment, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        server = status["certificates"][0]
        self.assertIn("server certificate", server["name"])
        self.assertGreater(server["days_left"], 0)
        self.assertEqual(status["queue"]["limit_bytes"], 1 << 30)
        self.assertEqual((status["queue"]["bytes"], status["queue"]["oldest_age_seconds"]), (0, 0))
        self.hub.faults(outage=True)
        with self.gateway.connected(self.pki.device()) as device:
            device.publish("", b"x" * 100)
            wait_until(lambda: self.gateway.status()["uplink"].get("last_error"), 15, "the reason")
            wait_until(lambda: self.gateway.status()["queue"]["oldest_age_seconds"] > 0.5, 15, "the message to grow old")
            self.assertGreaterEqual(self.gateway.status()["queue"]["bytes"], 100)
            wait_until(lambda: self.gateway.status()["rates"]["accepted_per_second"] > 0, 15, "a rate")
            self.hub.heal()
            wait_until(lambda: self.gateway.status()["uplink"]["connected"], 60, "the uplink")
            self.assertNotIn("last_error", self.gateway.status()["uplink"])
        history = json.loads(http_request(self.gateway.http_port, "GET", "/history")[1])
        self.assertEqual((history["step_seconds"], history["steps"]), (60, len(history["accepted"])))
        self.assertEqual(set(history), set(documented("Steps")))
        assert_fits(self, "history", history)

    def test_events(self):
        self.start_gateway(extra={"devices": {"aliases": {self.pki.ids[0]: "pump-3"}}})
        with self.listener() as listener:
            self.assertEqual((listener.status, listener.headers["content-type"]), (200, "text/event-stream"))
            status = listener.next("status")
            self.assertEqual(listener.first, "retry: 2000")
            self.assertFalse({"devices", "refusals"} & set(status))
            begin = time.monotonic()
            listener.next("status")
            self.assertLess(time.monotonic() - begin, 3)
            with self.gateway.connected(self.pki.device()):
                came = listener.next("device")
                self.assertEqual((came["id"], came["state"], came["alias"]), (self.pki.ids[0], "connected", "pump-3"))
            listener.next("device", lambda device: device["state"] == "absent")
            with self.assertRaises(Refused), self.gateway.device(self.pki.device(1)) as device:
                device.connect(client_id="pump")
            refused = listener.next("device")
            self.assertEqual((refused["id"], refused["state"]), (self.pki.ids[1], "refused"))
            refusal = listener.next("refusal")
            self.assertEqual((refusal["device"], refusal["stage"]), (self.pki.ids[1], "connect"))
            self.assertEqual(refusal, self.gateway.ask("GET", "/refusals")[1]["refusals"][0])
            self.gateway.stop()
            while listener.block() is not None:
                pass
            self.assertTrue(listener.over)

    def test_events_are_for_sixteen_who_read(self):
        self.start_gateway()
        listeners = [self.listener() for _ in range(16)]
        self.assertEqual([one.status for one in listeners], [200] * 16)
        self.assertEqual(http_request(self.gateway.http_port, "GET", "/events")[0], 503)
        self.assertEqual(self.gateway.metric("http_event_streams"), 16)
        # Places come free again, and idle connections do not take them.
        listeners[0].close()
        wait_until(lambda: self.gateway.metric("http_event_streams") == 15, 10, "a free place")
        idle = [socket.create_connection(("127.0.0.1", self.gateway.http_port)) for _ in range(200)]
        self.addCleanup(lambda: [client.close() for client in idle])
        self.assertEqual(self.gateway.metric("http_event_streams"), 15)
        listeners[1].next("status")

    def test_a_page_of_somebody_else_reads_nothing(self):
        self.start_gateway()
        url = f"http://127.0.0.1:{self.gateway.http_port}/status"
        for fields, expected in (({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403),
                                 ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 200)):
            try:
                with urllib.request.urlopen(urllib.request.Request(url, headers=fields), timeout=20) as answer:
                    status, headers = answer.status, answer.headers
            except urllib.error.HTTPError as error:
                status, headers = error.code, error.headers
                error.close()
            self.assertEqual(status, expected, fields)
            self.assertEqual([name for name in headers if name.lower().startswith("access-control")], [])


if __name__ == "__main__":
    unittest.main()
