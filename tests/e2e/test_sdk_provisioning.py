"""The official provisioning SDK for Node at the simulated provisioning service, then the device SDK at the hub it was assigned to.

Straight, without the gateway: devices behind one are not provisioned through it (reference 3.3, 6.2, 6.3).
"""

import base64
import hashlib
import hmac
import unittest

from harness import SECOND_HUB, GatewayTest, Hubsim, wait_until
from node_sdk import end_play, needs_node, start_play

SCOPE = "0ne00000A0A"
GROUP_KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
PUMP_KEY = base64.b64encode(b"the key of one pump, and of no other").decode()


def derived_key(registration_id):
    return base64.b64encode(hmac.new(base64.b64decode(GROUP_KEY), registration_id.encode(), hashlib.sha256).digest()).decode()


@needs_node
class Provisioning(GatewayTest):
    DEVICES = 1

    def setUp(self):
        super().setUp()
        self.hub.kill()
        self.hub = Hubsim(self.directory, self.pki, client_ca=self.pki.path("tenant-ca.d/tenant-a.pem"), dps={
            "id_scope": SCOPE, "assign_polls": 1, "retry_after": 1,
            "groups": [{"name": "plant", "key": GROUP_KEY}, {"name": "spheres", "x509": True}],
            "enrollments": [{"id": "pump-7", "key": PUMP_KEY, "device_id": "Pump.7"},
                            {"id": "pump-8", "key": PUMP_KEY, "status": "disabled"}]})
        self.addCleanup(self.hub.kill)

    def started(self, registration_id, **more):
        running = start_play("provision.js", {"host": "localhost", "port": self.hub.port, "dpsPort": self.hub.dps_port,
                                              "ca": str(self.pki.path("hub-root.pem")), "idScope": SCOPE,
                                              "registrationId": registration_id, **more})
        self.addCleanup(running.kill)
        return running

    def assigned(self, registration_id, device_id=None, polls=1, **more):
        """Registers, asks so often until it is answered, connects, sends; what the provisioning service answered."""
        device_id = device_id or registration_id
        summary = end_play(self.started(registration_id, **more))
        self.assertNotIn("refused", summary)
        answer = summary["assigned"]
        self.assertEqual((answer["status"], answer["deviceId"], answer["registrationId"]), ("assigned", device_id, registration_id))
        self.assertEqual([one["payload"] for one in self.hub.messages(device_id)], [f"hello from {device_id}".encode()])
        asked = [one["topic"].split("/?")[0] for one in summary["wire"] if one["type"] == "PUBLISH" and one["from"] == "device"]
        self.assertEqual(asked, ["$dps/registrations/PUT/iotdps-register"] + polls * ["$dps/registrations/GET/iotdps-get-operationstatus"] +
                         [f"devices/{device_id}/messages/events/"])
        return answer

    def test_an_individual_enrolment_with_a_key(self):
        self.hub.rules(dps_assign_polls=3)
        payload = {"modelId": "dtmi:com:example:Pump;1"}
        answer = self.assigned("pump-7", "Pump.7", polls=3, sharedAccessKey=PUMP_KEY, payload=payload)
        self.assertEqual(answer["assignedHub"], "localhost")
        self.assertIn("symmetricKey", answer)
        self.assertEqual(self.hub.call("GET", "/dps")["registrations"][0]["payload"], payload)

    def test_a_group_whose_devices_derive_their_keys(self):
        self.assertEqual(derived_key("sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"), "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=")
        answer = self.assigned("sensor-1", sharedAccessKey=derived_key("sensor-1"))
        self.assertEqual(answer["symmetricKey"], {"enrollmentGroupId": "plant"})

    def test_a_group_of_certificates_with_names_of_128_characters(self):
        who = self.pki.device()
        answer = self.assigned(who.device_id, cert=who.certificate, key=who.key)
        self.assertEqual(answer["x509"], {"enrollmentGroupId": "spheres"})

    def test_a_device_that_moves_to_another_hub(self):
        key = derived_key("mover")
        self.assertEqual(self.assigned("mover", sharedAccessKey=key)["assignedHub"], "localhost")
        self.hub.reset()
        self.hub.rules(dps_assigned_hub=SECOND_HUB)
        self.hub.call("DELETE", "/devices/mover")
        self.assertEqual(self.assigned("mover", sharedAccessKey=key)["assignedHub"], SECOND_HUB)

    def test_who_is_not_enrolled_or_has_another_key(self):
        for registration_id, key in (("sensor-2", derived_key("sensor-3")), ("pump-7", derived_key("pump-7")), ("pump-8", PUMP_KEY)):
            with self.subTest(registration_id=registration_id):
                self.assertIn("refused", end_play(self.started(registration_id, sharedAccessKey=key)))
        self.assertEqual(self.hub.stats()["messages"], 0)

    def test_a_service_that_is_busy_is_asked_again(self):
        self.hub.faults(dps_throttle=True)
        running = self.started("sensor-4", sharedAccessKey=derived_key("sensor-4"))
        wait_until(lambda: self.hub.call("GET", "/dps")["throttled"] >= 2, 30, "two answers of 429")
        self.hub.faults(dps_throttle=False)
        self.assertEqual(end_play(running)["assigned"]["deviceId"], "sensor-4")


if __name__ == "__main__":
    unittest.main()
