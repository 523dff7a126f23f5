"""The official Azure IoT device SDK for Node, with an X.509 identity of 128 characters, through the gateway to the hub.

The SDK comes from the npm registry into the build directory. SPHEREGATE_SKIP_NODE=1 leaves the test out where there is none.
"""

import json
import subprocess
import unittest

from harness import GatewayTest, wait_until
from node_sdk import installed_sdk, needs_node


@needs_node
class NodeSdk(GatewayTest):
    COUNT = 1000

    def test_a_thousand_messages_with_their_properties(self):
        directory = installed_sdk()
        self.start_gateway()
        who = self.pki.device()

        def node(script, *arguments):
            done = subprocess.run(["node", script, *map(str, arguments)], cwd=directory, capture_output=True, text=True, timeout=180,
                                  check=False)
            self.assertEqual(done.returncode, 0, f"{script}: {done.stdout}{done.stderr}")
            return json.loads(done.stdout)

        sent = node("send.js", "localhost", self.gateway.port, who.device_id, who.certificate, who.key, self.pki.gateway_root,
                    self.COUNT, "contoso.azure-devices.net")
        self.assertEqual((sent["sent"], sent["acknowledged"]), (self.COUNT, self.COUNT))
        self.await_drained()
        arrived = node("verify.js", self.hub.http_port, who.device_id, self.COUNT)
        self.assertEqual(arrived, {"arrived": self.COUNT, "again": 0})
        # The hub's own name takes the place of the one the device used; the rest of the user name is the SDK's.
        username = self.hub.call("GET", "/connections")[-1]["username"]
        self.assertRegex(username, rf"^localhost/{who.device_id}/\?api-version=.*DeviceClientType=")

    def test_twin_method_and_cloud_to_device_message(self):
        directory = installed_sdk()
        self.start_gateway()
        who = self.pki.device()
        self.hub.call("PUT", f"/devices/{who.device_id}", {"deviceId": who.device_id})
        self.hub.desire(who.device_id, {"color": "grün"})
        running = subprocess.Popen(
            ["node", "downlink.js", "localhost", str(self.gateway.port), who.device_id, who.certificate, who.key, self.pki.gateway_root,
             "contoso.azure-devices.net"], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(running.kill)
        self.assertEqual(running.stdout.readline(), "ready\n")
        self.assertEqual(self.hub.twin(who.device_id)["properties"]["reported"]["seen"], {"color": "grün"})

        def invoked():
            status, answer = self.hub.invoke(who.device_id, "measure", {"value": 21})
            return answer if status == 200 else None  # 404 until the hub knows the subscription

        self.assertEqual(wait_until(invoked, 20, "the method"), {"status": 200, "payload": {"doubled": 42}})
        self.hub.send_to(who.device_id, "Grüße".encode(), iothub_messageid="m1", iothub_app_unit="C/%&=")
        # The SDK subscribes to changes on its own time.
        wait_until(lambda: self.hub.completed(who.device_id), 20, "the message completed")
        number = 0

        def changed():
            nonlocal number
            number += 1
            self.hub.desire(who.device_id, {"number": number})
            return running.poll() is not None

        wait_until(changed, 20, "the change of desired properties")
        output, errors = running.communicate(timeout=20)
        self.assertEqual(running.returncode, 0, errors)
        seen = json.loads(output)
        self.assertEqual((seen["color"], seen["method"]), ("grün", {"value": 21}))
        self.assertIn("number", seen["desired"])
        self.assertEqual((seen["message"]["id"], seen["message"]["text"]), ("m1", "Grüße"))
        self.assertIn(["unit", "C/%&="], seen["message"]["properties"])


if __name__ == "__main__":
    unittest.main()
