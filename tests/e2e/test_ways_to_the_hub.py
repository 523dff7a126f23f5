"""Sites that let only port 443 or a proxy out: WebSocket, and tinyproxy between the gateway and the hub."""

import re
import shutil
import socket
import unittest

from harness import Gateway, GatewayTest, Process, wait_until

USER, PASSWORD = "plant", "correct-horse"
LARGEST = 256 * 1024 - 64  # the topic suffix counts too


class Tinyproxy(Process):
    """A real proxy that may be killed and started again on its port."""

    def __init__(self, directory, *rules):
        super().__init__(directory / "tinyproxy.log")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.config = directory / "tinyproxy.conf"
        self.config.write_text("\n".join([f"Port {self.port}", "Listen 127.0.0.1", "Timeout 600", "MaxClients 100", "LogLevel Info",
                                          *rules]) + "\n")
        self.start()

    def start(self):
        found = shutil.which("tinyproxy")
        if not found:
            raise FileNotFoundError("tinyproxy is missing; ./dev test installs it")
        self.launch([found, "-d", "-c", str(self.config)])
        wait_until(self.listens, 10, lambda: f"tinyproxy listens:\n{self.tail()}")

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def asked_for(self, target):
        return f"CONNECT {target} " in self.log.read_text(errors="replace")


class WayTest(GatewayTest):
    def setUp(self):
        super().setUp()
        self.identity = self.pki.device()
        self.device_id = self.identity.device_id

    def proxy(self, *rules):
        proxy = Tinyproxy(self.directory, *rules)
        self.addCleanup(proxy.kill)
        return proxy

    def start_on(self, **upstream):
        if upstream.get("transport") == "websocket":
            upstream.setdefault("port", self.hub.ws_port)
        return self.start_gateway(extra={"upstream": upstream})

    def online(self):
        device = self.gateway.connected(self.identity)
        self.addCleanup(device.close)
        self.await_metric(1, "upstream_sessions")
        return device

    def await_reason(self, *parts):
        def said():
            return [line["reason"] for line in self.gateway.log_lines("hub link down") if all(part in line["reason"] for part in parts)]

        wait_until(said, 20, lambda: f"a reason with {parts}:\n{self.gateway.tail()}")

    def check_both_ways(self):
        """Telemetry from small to the largest, cloud to device, a twin, a method's filter: all that a link carries."""
        device = self.online()
        sizes = [0, 1, 125, 126, 4096, 65535, 65536, LARGEST]
        for number, size in enumerate(sizes):
            device.publish(f"n={number}", bytes([number]) * size)
        found = self.hub.await_messages(self.device_id, len(sizes))
        self.assertEqual([message["payload"] for message in found], [bytes([number]) * size for number, size in enumerate(sizes)])

        cloud = f"devices/{self.device_id}/messages/devicebound/#"
        device.subscribe([(cloud, 1), ("$iothub/twin/res/#", 0)])
        for number in range(20):
            self.hub.send_to(self.device_id, bytes([number]) * 32000)
        self.assertEqual([device.message().payload for _ in range(20)], [bytes([number]) * 32000 for number in range(20)])
        device.request("$iothub/twin/PATCH/properties/reported/?$rid=1", b'{"way": "open"}')
        self.assertTrue(device.message().topic.startswith("$iothub/twin/res/204/?$rid=1"))
        self.assertEqual(self.hub.twin(self.device_id)["properties"]["reported"]["way"], "open")
        wait_until(lambda: len(self.hub.completed(self.device_id)) == 20, 20, "all completed")
        self.await_drained()

    def check_outage(self, cut, heal, reason=""):
        """What is published while the way is cut arrives when it is back, all of it and in order."""
        device = self.online()
        device.publish("", b"0")
        self.hub.await_messages(self.device_id, 1)
        cut()
        for number in range(1, 11):
            device.publish("", str(number).encode())
        self.await_metric(0, "upstream_sessions")
        self.await_reason(reason)
        heal()
        self.hub.await_messages(self.device_id, 11, timeout=60)
        self.await_drained()
        seen = [int(message["payload"]) for message in self.hub.messages(self.device_id)]
        self.assertEqual(list(dict.fromkeys(seen)), list(range(11)))


class WebSocket(WayTest):
    def test_all_that_a_link_carries(self):
        self.start_on(transport="websocket")
        self.check_both_ways()

    def test_an_outage(self):
        self.start_on(transport="websocket")
        self.check_outage(lambda: self.hub.faults(outage=True), self.hub.heal)

    def test_many_devices_and_a_hub_that_drops_them_all(self):
        self.start_on(transport="websocket")
        devices = [self.gateway.connected(self.pki.device(index)) for index in range(self.DEVICES)]
        for device in devices:
            self.addCleanup(device.close)
        self.await_metric(self.DEVICES, "upstream_sessions")
        for round_ in range(3):
            for device in devices:
                device.publish_all(((f"r={round_}", bytes(2000)) for _ in range(50)), window=20)
            self.hub.drop()
        for index in range(self.DEVICES):
            self.hub.await_messages(self.pki.ids[index], 150, timeout=60)
        self.await_drained()

    def test_a_stop_says_disconnect(self):
        self.start_on(transport="websocket")
        self.online().publish("", b"last words")
        self.hub.await_messages(self.device_id, 1)
        self.assertEqual(self.gateway.stop(), 0)
        wait_until(lambda: any(packet["type"] == "DISCONNECT" for packet in self.hub.transcript(self.device_id)
                               if packet["from"] == "device"), 5, "DISCONNECT at the hub")

    def test_a_port_that_does_not_speak_websocket(self):
        self.start_on(transport="websocket", port=self.hub.port)
        with self.gateway.connected(self.identity) as device:
            device.publish("", b"kept")
            self.await_reason("WebSocket upgrade with 127.0.0.1:")


class Proxy(WayTest):
    def test_all_that_a_link_carries(self):
        proxy = self.proxy()
        self.start_on(proxy=proxy.address)
        self.check_both_ways()
        self.assertTrue(proxy.asked_for(f"localhost:{self.hub.port}"), proxy.tail())

    def test_all_over_websocket_with_a_login(self):
        proxy = self.proxy(f"BasicAuth {USER} {PASSWORD}")
        secret = self.directory / "proxy.password"
        secret.write_text(PASSWORD + "\n")
        self.start_on(transport="websocket", proxy=proxy.address, proxy_user=USER, proxy_password_file=str(secret))
        self.check_both_ways()
        self.assertTrue(proxy.asked_for(f"localhost:{self.hub.ws_port}"), proxy.tail())

    def test_an_outage_of_the_hub(self):
        self.start_on(proxy=self.proxy().address)
        self.check_outage(lambda: self.hub.faults(outage=True), self.hub.heal)

    def test_a_proxy_that_dies_and_returns(self):
        for transport in ("mqtt", "websocket"):
            with self.subTest(transport):
                proxy = self.proxy()
                self.start_on(transport=transport, proxy=proxy.address)
                self.check_outage(proxy.kill, proxy.start, f"TCP connect to the proxy 127.0.0.1:{proxy.port}: Connection refused")
                self.gateway.stop()
                proxy.kill()
                self.hub.reset()
                shutil.rmtree(self.directory / "queue")

    def test_refusals_say_what_to_do(self):
        proxy = self.proxy("ConnectPort 443")
        self.start_on(proxy=proxy.address)
        device = self.gateway.connected(self.identity)
        self.addCleanup(device.close)
        device.publish("", b"kept")
        self.await_reason(f"CONNECT localhost:{self.hub.port} through the proxy", "403 Forbidden; let the proxy allow CONNECT")

    def test_a_wrong_password_is_named_and_not_shown(self):
        secret = self.directory / "proxy.password"
        secret.write_text("battery-staple")
        proxy = self.proxy(f"BasicAuth {USER} another")
        self.start_on(proxy=proxy.address, proxy_user=USER, proxy_password_file=str(secret))
        device = self.gateway.connected(self.identity)
        self.addCleanup(device.close)
        device.publish("", b"kept")
        self.await_reason("CONNECT localhost:", "check upstream.proxy_user and the password")
        log = self.gateway.log.read_text()
        self.assertNotIn("battery-staple", log)
        self.assertIsNone(re.search(r"Basic \S{8,}", log))

    def test_a_hub_that_the_proxy_does_not_reach(self):
        proxy = self.proxy()
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.start_on(proxy=proxy.address, port=closed.getsockname()[1])
            device = self.gateway.connected(self.identity)
            self.addCleanup(device.close)
            device.publish("", b"kept")
            self.await_reason("CONNECT localhost:", "the proxy does not reach the hub")

    def test_a_missing_password_file_ends_the_start(self):
        gateway = Gateway(self.directory, self.pki, self.hub.port, extra={
            "upstream": {"proxy": "http://127.0.0.1:1", "proxy_user": USER, "proxy_password_file": "/none/password"}})
        self.addCleanup(gateway.kill)
        gateway.start(wait=False)
        self.assertEqual(gateway.process.wait(20), 78)
        self.assertIn("upstream.proxy_password_file: /none/password", gateway.tail())


class Inspection(WayTest):
    def test_whoever_is_in_between_is_named(self):
        self.start_on(ca=str(self.pki.gateway_root))  # as if the hub's certificate came from somebody else
        device = self.gateway.connected(self.identity)
        self.addCleanup(device.close)
        device.publish("", b"kept")
        self.await_reason("certificate verify failed", 'issued by "CN=', "if this site inspects TLS")


if __name__ == "__main__":
    unittest.main()
