"""A real Prometheus scrapes real gateways: it takes the rules, nothing fires while all is well, and every query of the dashboard finds data."""

import tempfile
import unittest
from pathlib import Path

from device import GATEWAY_NAME, Closed
from harness import Gateway, GatewayTest, wait_until
from prometheus import RULES, Prometheus, alerts, filled_in, hastened, marks, queries
from sites import free_port
from ways_of_working import WaysOfWorking, with_http_port

TWIN_ANSWERS = "$iothub/twin/res/#"


class RealPrometheus(WaysOfWorking, GatewayTest):
    def fleet(self):
        """{way of working: gateway} on ports that are known beforehand."""
        gateways = {}
        place = Path(tempfile.mkdtemp(dir=self.base))  # a socket's path must be short
        for way, extra in self.ways().items():
            directory = place / way
            directory.mkdir()
            gateways[way] = Gateway(directory, self.pki, self.hub.port, extra=with_http_port(free_port(), extra))
            self.addCleanup(gateways[way].kill)
            gateways[way].start()
        return gateways

    def lived_in(self, gateways):
        """Something of everything has happened: telemetry, twins, refusals, an outage with messages on the disk."""
        device_id = self.pki.ids[0]
        with gateways["transparent"].connected(self.pki.device(0), clean=False) as device:
            device.subscribe([(TWIN_ANSWERS, 0)])
            device.publish("", b"live")
            self.hub.await_messages(device_id, 1)
            device.request("$iothub/twin/GET/?$rid=1")
            device.message()
            self.hub.faults(outage=True)
            wait_until(lambda: gateways["transparent"].metric("upstream_connected") == 0, 20, "the outage")
            device.publish("", b"on the disk")
            with self.assertRaises(Closed):
                gateways["transparent"].connected(self.pki.variant("tenant_b"))
            self.hub.heal()
            self.hub.await_messages(device_id, 2)
        for way, index in (("shared", 1), ("on-behalf", 2), ("provisioning", 3)):
            with gateways[way].connected(self.pki.device(index)) as device:
                device.publish("", b"x")

    def test_every_query_of_the_dashboard_finds_data_and_nothing_fires(self):
        gateways = self.fleet()
        targets = [f"127.0.0.1:{one.http_port}" for one in gateways.values()]
        server = Prometheus(self.directory, {one: {} for one in targets}, hastened(RULES.read_text(), 30), interval="500ms")
        self.addCleanup(server.kill)
        wait_until(lambda: len(server.targets_up()) == len(targets), 20, lambda: server.call("targets"))
        self.lived_in(gateways)
        missing = queries()

        def all_found():
            missing[:] = [(title, query) for title, query in missing if not server.has_numbers(filled_in(query, targets))]
            return not missing

        wait_until(all_found, 20, lambda: "data for\n" + "\n".join(map(str, missing)))
        for name, query in marks():
            self.assertFalse(server.has_numbers(filled_in(query, targets)), f"{name}: nothing of that has happened")
        self.assertEqual(len(server.call("rules")["groups"]), 6)
        self.assertEqual([one["lastError"] for group in server.call("rules")["groups"] for one in group["rules"] if one.get("lastError")], [])
        self.assertEqual(sum(len(group["rules"]) for group in server.call("rules")["groups"]), len(alerts()))
        self.assertEqual(server.firing(), {})

    def test_a_gateway_that_is_gone_is_told_of(self):
        """The way of an alert from end to end, over TLS and with a password; all others are in `./dev test-alerts`."""
        def secured(gateway):
            return {"http": {"listen": f"127.0.0.1:{free_port()}", "certificate": str(self.pki.path("gateway.pem")),
                             "private_key": str(self.pki.path("gateway.key")), "user": "prometheus",
                             "password_file": gateway.secret("http.password", "secret\n")}}

        self.start_gateway(wait=False, extra=secured)
        target = self.gateway.settings["http"]["listen"]
        scrape = {"scheme": "https", "tls_config": {"ca_file": self.pki.gateway_root, "server_name": GATEWAY_NAME},
                  "basic_auth": {"username": "prometheus", "password_file": str(self.gateway.directory / "http.password")}}
        server = Prometheus(self.directory, {target: {"site": "plant-7"}}, hastened(RULES.read_text(), 120), "500ms", scrape)
        self.addCleanup(server.kill)
        wait_until(lambda: server.targets_up() == [target], 20, lambda: server.call("targets"))
        self.gateway.kill()
        said = wait_until(lambda: server.firing().get(("SpheregateDown", target)), 15, lambda: server.call("alerts"))
        self.assertIn(f"no answer from {target}", said)
        self.assertEqual(server.query("ALERTS{alertname='SpheregateDown'}")[0][0]["site"], "plant-7")
        self.gateway.start(wait=False)
        wait_until(lambda: server.firing() == {}, 15, lambda: server.call("alerts"))


if __name__ == "__main__":
    unittest.main()
