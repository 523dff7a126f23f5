"""The gateway in the place of edgeHub: children of an edge device reach the hub through its $edgeHub module, by the hub's full rules."""

import json
import threading
import unittest

from harness import GatewayTest, made_up_key, wait_until

MODULE_KEY = made_up_key("edge1's $edgeHub")
AUDIENCE = "localhost%2Fdevices%2Fedge1%2Fmodules%2F%2524edgeHub"
TWIN_ANSWERS, DESIRED, METHODS = "$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#", "$iothub/methods/POST/#"


class OnBehalf(GatewayTest):
    def registry(self):
        """Two children of edge1, one of edge2, and one device of nobody; X.509 devices have no keys."""
        ids = self.pki.ids
        return {"hub": "localhost", "devices": [
            {"id": "edge1", "edge": True, "edge_hub_key": MODULE_KEY},
            {"id": "edge2", "edge": True, "edge_hub_key": made_up_key("edge2")},
            {"id": ids[0], "parent": "edge1"}, {"id": ids[1], "parent": "edge1"},
            {"id": ids[2], "parent": "edge2"}, {"id": ids[3]}]}

    def start(self, module_key=MODULE_KEY, **auth):
        return self.start_gateway(extra=lambda gateway: {"upstream": {"auth": {
            "type": "on_behalf_of", "edge_device_id": "edge1", "module_key_file": gateway.secret("module.key", module_key), **auth}}})

    def online(self, index=0):
        device = self.gateway.connected(self.pki.device(index))
        self.addCleanup(device.close)
        return device

    def await_up(self, index=0):
        device_id = self.pki.ids[index]
        wait_until(lambda: self.gateway.link(device_id)["state"] == "up", 20, lambda: self.gateway.link(device_id))

    def refused_for(self, index, *reasons):
        """The device is connected and its messages are kept, but the hub refuses its login."""
        device = self.online(index)
        device.publish("", b"kept")
        device_id = self.pki.ids[index]
        wait_until(lambda: any(self.hub.stats()["connects_refused"].get(reason) for reason in reasons), 20,
                   lambda: self.hub.stats()["connects_refused"])
        error = wait_until(lambda: self.gateway.link(device_id).get("last_error"), 20, "an error in /status")
        self.assertIn("not authorized", error)
        self.assertIn("is a child of the edge device", error)
        self.assertEqual(self.gateway.metric("queue_messages"), 1)
        return device

    def both_ways(self):
        device, device_id = self.online(), self.pki.ids[0]
        cloud = f"devices/{device_id}/messages/devicebound/#"
        device.subscribe([(cloud, 1), (TWIN_ANSWERS, 0), (DESIRED, 0), (METHODS, 0)])
        self.await_up()
        device.publish("a=b", b"telemetry")
        self.hub.await_messages(device_id, 1)
        self.hub.send_to(device_id, b"to the device")
        self.assertEqual(device.message().payload, b"to the device")
        wait_until(lambda: self.hub.completed(device_id), 20, "completed")
        device.request("$iothub/twin/GET/?$rid=1")
        self.assertEqual(device.message().topic, "$iothub/twin/res/200/?$rid=1")
        self.hub.desire(device_id, {"speed": 3})
        self.assertEqual(json.loads(device.message().payload)["speed"], 3)
        self.call_method(device, device_id)

    def call_method(self, device, device_id):
        answers = []
        caller = threading.Thread(target=lambda: answers.append(self.hub.invoke(device_id, "blink", {"n": 1})))
        caller.start()
        rid = device.message().topic.split("$rid=")[1]
        device.request(f"$iothub/methods/res/200/?$rid={rid}", b'{"ok":true}')
        caller.join()
        self.assertEqual(answers, [(200, {"status": 200, "payload": {"ok": True}})])

    def test_both_ways_with_the_chain(self):
        self.start()
        self.both_ways()
        visit = self.hub.connections(self.pki.ids[0])[-1]
        self.assertEqual((visit["auth_chain"], visit["token_sr"], visit["acting_edge"]), (f"{self.pki.ids[0]};edge1", AUDIENCE, "edge1"))
        self.assertTrue(visit["username"].endswith(f"&auth-chain={self.pki.ids[0]}%3Bedge1"), visit["username"])

    def test_both_ways_without_the_chain(self):
        self.start(send_auth_chain=False)
        self.both_ways()
        visit = self.hub.connections(self.pki.ids[0])[-1]
        self.assertEqual((visit["auth_chain"], visit["token_sr"]), (None, AUDIENCE))

    def test_a_hub_that_wants_the_chain(self):
        self.hub.rules(require_auth_chain=True)
        self.start()
        self.online()
        self.online(1)
        self.await_up()
        self.await_up(1)

    def test_wrong_module_key(self):
        self.start(module_key=made_up_key("another"))
        self.refused_for(0, "bad_signature")

    def test_child_of_another_edge(self):
        self.start()
        self.refused_for(2, "bad_auth_chain")

    def test_child_of_nobody_without_the_chain(self):
        self.start(send_auth_chain=False)
        self.refused_for(3, "out_of_scope")

    def test_disabled_child_comes_back_when_it_is_enabled(self):
        self.hub.register(self.pki.ids[1], status="disabled")
        self.start()
        self.refused_for(1, "disabled")
        self.hub.register(self.pki.ids[1], status="enabled")
        self.assertEqual(self.hub.await_messages(self.pki.ids[1], 1, timeout=60)[0]["payload"], b"kept")

    def test_a_child_that_is_disabled_while_connected_does_not_take_the_other_along(self):
        self.start()
        self.online(0)
        other = self.online(1)
        self.await_up(0)
        self.await_up(1)
        self.hub.register(self.pki.ids[0], status="disabled")
        wait_until(lambda: "not authorized" in self.gateway.link(self.pki.ids[0]).get("last_error", ""), 20,
                   lambda: self.gateway.link(self.pki.ids[0]))
        other.publish("", b"still here")
        self.hub.await_messages(self.pki.ids[1], 1)


if __name__ == "__main__":
    unittest.main()
