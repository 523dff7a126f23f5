"""Devices of an enrolment group: registered at the provisioning service, sent to the hub it names, and found again when they move."""

import base64
import hashlib
import hmac
import socket
import time
import unittest

from harness import GatewayTest, made_up_key, wait_until
from test_ways_to_the_hub import Tinyproxy

GROUP_KEY = made_up_key("enrolment group")
SCOPE = "0ne00000A0A"


def keys_of(registration_id):
    """What the gateway derives, for an individual enrolment of the same device."""
    derived = hmac.new(base64.b64decode(GROUP_KEY), registration_id.encode(), hashlib.sha256).digest()
    key = base64.b64encode(derived).decode()
    return {"type": "symmetricKey", "symmetricKey": {"primaryKey": key, "secondaryKey": key}}


class Provisioning(GatewayTest):
    def registry(self):
        """One process plays two hubs, by two names of one machine."""
        return {"hub": ["localhost", "127.0.0.1"],
                "dps": {"id_scope": SCOPE, "groups": [{"name": "plant", "key": GROUP_KEY}], "retry_after": 1}}

    def start(self, group_key=GROUP_KEY, hub=None, upstream=None, **auth):
        def extra(gateway):
            gateway.settings["upstream"].pop("hub")
            return {"upstream": {**({"hub": hub} if hub else {}), **(upstream or {}), "auth": {
                "type": "dps_group", "id_scope": SCOPE, "group_key_file": gateway.secret("group.key", group_key),
                "endpoint": f"localhost:{self.hub.dps_port}", "registrations_per_minute": 6000, **auth}}}
        return self.start_gateway(extra=extra)

    def online(self, index=0):
        device = self.gateway.connected(self.pki.device(index))
        self.addCleanup(device.close)
        return device

    def await_up(self, index=0, timeout=30):
        device_id = self.pki.ids[index]
        wait_until(lambda: self.gateway.link(device_id)["state"] == "up", timeout, lambda: (self.gateway.link(device_id), self.hub.dps()))

    def await_error(self, words, index=0, timeout=30):
        device_id = self.pki.ids[index]
        return wait_until(lambda: words in self.gateway.link(device_id).get("last_error", ""), timeout, lambda: self.gateway.link(device_id))

    def test_devices_are_registered_and_their_messages_arrive(self):
        self.start()
        for index in range(self.DEVICES):
            self.online(index).publish("a=b", b"%d" % index)
        for index, device_id in enumerate(self.pki.ids):
            self.assertEqual(self.hub.await_messages(device_id, 1)[0]["payload"], b"%d" % index)
        self.assertEqual(self.hub.dps()["registers"], self.DEVICES)
        self.assertEqual(self.gateway.status()["provisioning"], {"assigned": self.DEVICES, "waiting": 0, "running": 0})
        self.assertEqual(self.gateway.metric("provisioning_registrations_total", result="assigned"), self.DEVICES)

    def test_a_start_without_the_service(self):
        self.start()
        self.online()
        self.await_up()
        self.hub.faults(dps_outage=True)
        self.gateway.kill()
        self.gateway.start()
        self.online().publish("", b"without DPS")
        self.hub.await_messages(self.pki.ids[0], 1)
        # A device that was never assigned waits, and comes in when the service is back.
        self.online(1).publish("", b"later")
        self.await_error("provisioning service", 1)
        self.assertIn("provisioning service", self.gateway.status()["provisioning"]["last_error"])
        self.hub.faults(dps_outage=False)
        self.hub.await_messages(self.pki.ids[1], 1, timeout=90)

    def test_a_device_that_moved_to_another_hub_is_found(self):
        self.start()
        device = self.online()
        self.await_up()
        self.hub.rules(dps_assigned_hub="127.0.0.1")
        self.hub.unregister(self.pki.ids[0])
        device.publish("", b"kept meanwhile")
        self.hub.await_messages(self.pki.ids[0], 1, timeout=90)
        self.assertTrue(self.hub.connections(self.pki.ids[0])[-1]["username"].startswith("127.0.0.1/"))
        self.assertEqual(self.hub.connects()[-1]["result"], "accepted")
        self.assertGreaterEqual(sum(one["result"] != "accepted" for one in self.hub.connects()), 3)
        # And stays there without being asked again.
        registers = self.hub.dps()["registers"]
        self.gateway.kill()
        self.gateway.start()
        self.online()
        self.await_up()
        self.assertEqual(self.hub.dps()["registers"], registers)
        self.assertTrue(self.hub.connections(self.pki.ids[0])[-1]["username"].startswith("127.0.0.1/"))

    def test_the_old_assignment_stays_while_the_service_is_away(self):
        self.start()
        self.online()
        self.await_up()
        self.hub.faults(dps_outage=True, refuse_connack=5)
        self.hub.drop()
        wait_until(lambda: len(self.hub.connects()) >= 5, 60, lambda: self.hub.connects())
        self.hub.faults(refuse_connack=0)
        self.await_up(timeout=90)
        self.assertEqual(self.hub.dps()["registers"], 1)

    def test_a_wrong_group_key_is_said_and_does_not_storm(self):
        self.start(group_key=made_up_key("another group"))
        for index in range(self.DEVICES):
            self.online(index)
        for index in range(self.DEVICES):
            self.await_error("upstream.auth.id_scope, the key", index)
        time.sleep(5)
        self.assertEqual(self.hub.dps()["connects"], self.DEVICES)  # each again after a minute
        self.assertEqual(self.hub.connects(), [])

    def test_failed_and_disabled_registrations_are_said(self):
        self.hub.call("PUT", f"/enrollments/{self.pki.ids[1]}",
                      {"attestation": keys_of(self.pki.ids[1]), "provisioningStatus": "disabled"})
        self.start()
        self.online(1)
        self.await_error("the enrolment is disabled", 1)
        self.hub.faults(dps_fail=400208)
        self.online(0)
        self.await_error("400208")

    def test_an_overloaded_service_is_left_alone_as_long_as_it_asks(self):
        self.hub.faults(dps_throttle=True)
        self.start()
        for index in range(self.DEVICES):
            self.online(index)
        self.await_error("overloaded")
        time.sleep(6)
        self.assertLessEqual(self.hub.dps()["connects"], 8)
        self.hub.faults(dps_throttle=False)
        for index in range(self.DEVICES):
            self.await_up(index, 90)

    def test_another_hub_than_the_one_that_is_named(self):
        self.start(hub="127.0.0.1")
        self.online()
        self.await_error("upstream.hub allows only 127.0.0.1")
        self.assertEqual(self.hub.connects(), [])

    def test_another_device_id_is_refused(self):
        self.hub.call("PUT", f"/enrollments/{self.pki.ids[0]}", {"attestation": keys_of(self.pki.ids[0]), "deviceId": "pump-7"})
        self.start()
        self.online()
        self.await_error("pump-7")
        self.assertEqual(self.hub.connects(), [])

    def test_through_a_proxy(self):
        proxy = Tinyproxy(self.directory, "BasicAuth plant correct-horse")
        self.addCleanup(proxy.kill)
        password = self.directory / "proxy.password"
        password.write_text("correct-horse\n")
        self.start(upstream={"proxy": proxy.address, "proxy_user": "plant", "proxy_password_file": str(password)})
        self.online().publish("", b"by proxy")
        self.hub.await_messages(self.pki.ids[0], 1)
        self.assertTrue(proxy.asked_for(f"localhost:{self.hub.dps_port}"), proxy.tail())

    def assert_stops_at_once(self):
        began = time.monotonic()
        self.assertEqual(self.gateway.stop(), 0)
        self.assertLess(time.monotonic() - began, 8)

    def test_stopping_while_the_service_does_not_answer(self):
        self.hub.faults(dps_loss=1.0)
        self.start()
        self.online()
        wait_until(lambda: self.hub.dps()["registers"] > 0, 20, "a registration")
        self.assert_stops_at_once()

    def test_stopping_while_something_silent_stands_in_for_the_service(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.start(endpoint=f"localhost:{silent.getsockname()[1]}")
            for index in range(self.DEVICES):
                self.online(index)
            silent.accept()
            time.sleep(0.5)
            self.assert_stops_at_once()


class Gateway(GatewayTest):
    """The gateway itself, registered under one name for all of its devices."""

    def registry(self):
        return {"hub": ["localhost", "127.0.0.1"],
                "dps": {"id_scope": SCOPE, "groups": [{"name": "spheres", "x509": True}], "retry_after": 1,
                        "enrollments": [{"id": "plant-7", "key": GROUP_KEY, "device_id": "Plant7"}]}}

    def client_ca(self):
        return self.pki.path("tenant-ca.d/tenant-a.pem")

    def start(self, **auth):
        def extra(gateway):
            gateway.settings["upstream"].pop("hub")
            key = {"type": "gateway_sas", "device_id": "plant-7", "key_file": gateway.secret("gateway.key", GROUP_KEY)}
            return {"upstream": {"mode": "shared", "auth": {
                **(auth or key), "id_scope": SCOPE, "endpoint": f"localhost:{self.hub.dps_port}"}}}
        return self.start_gateway(extra=extra)

    def publish(self, text, index=0):
        with self.gateway.connected(self.pki.device(index)) as device:
            device.publish("", text)

    def test_with_a_key_under_the_device_id_that_was_assigned(self):
        self.start()
        self.publish(b"one")
        self.assertEqual(self.hub.await_messages("Plant7", 1)[0]["payload"], b"one")
        # It needs the service once.
        self.hub.faults(dps_outage=True)
        self.gateway.kill()
        self.gateway.start()
        self.publish(b"two")
        self.hub.await_messages("Plant7", 2)
        # It moves to another hub when the old one refuses it and the service says so.
        self.hub.faults(dps_outage=False)
        self.hub.rules(dps_assigned_hub="127.0.0.1")
        self.hub.unregister("Plant7")
        self.publish(b"three")
        wait_until(lambda: self.hub.connections("Plant7")[-1]["username"].startswith("127.0.0.1/"), 90, lambda: self.hub.connects())
        self.hub.await_messages("Plant7", 1)

    def test_with_a_certificate(self):
        """Which gives the registration its name, here that of a device."""
        own = self.pki.device(3)
        self.start(type="gateway_x509", device_id=own.device_id, certificate=own.certificate, private_key=own.key)
        self.publish(b"one")
        self.assertEqual(self.hub.await_messages(own.device_id, 1)[0]["payload"], b"one")

    def test_a_wrong_key_is_said(self):
        file = self.pki.path("wrong.key")
        file.write_text(made_up_key("wrong"))
        self.start(type="gateway_sas", device_id="plant-7", key_file=str(file))
        self.publish(b"kept")
        wait_until(lambda: "upstream.auth.id_scope, the key" in self.gateway.link(self.pki.ids[0]).get("last_error", ""), 20,
                   lambda: self.gateway.status())
        self.assertEqual(self.gateway.metric("queue_messages"), 1)


if __name__ == "__main__":
    unittest.main()
