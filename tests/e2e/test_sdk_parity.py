"""One play on the official device SDK for Node, straight against the simulated hub and through the gateway: nobody sees a difference.

What may differ, and why (sections of the reference on the dialect of IoT Hub and on edgeHub):

    packet ids, request ids, words of errors   1.5, 1.10 and MQTT 3.1.1 2.3.1: made up by each sender; see transcripts.py
    CONNECT of the link to the hub             4.1, 5.8: the link is the gateway's, so are its session, keep-alive and token
    when the hub hears of a subscription       5.2: SUBACK at once, its effects upstream after it
    the link when the device comes and goes    5.8: it stays open, so there are UNSUBSCRIBEs instead of DISCONNECTs
    the subscriptions of a kept session        1.3, 5.2: the hub keeps the one to devicebound, a gateway all of them
    a patch that the hub would refuse          5.5: answered by the gateway, the hub never sees it
"""

import subprocess
import unittest

from device import Identity
from harness import Gateway, GatewayTest, Hubsim
from node_sdk import needs_node, play
from transcripts import OF_THE_CONNECTION, by_step_and_way, family, plain, subscribed, without_refused_patches

TWIN_ANSWERS = ("$iothub/twin/res/#", 0)


class Run:
    """What one run left behind, at the device and at the hub."""

    def __init__(self, hub, port, ca, who):
        played = play("scenario.js", host="localhost", port=port, httpPort=hub.http_port, deviceId=who.device_id, hub="localhost", ca=str(ca),
                      cert=who.certificate, key=who.key)
        self.observed, self.wire = played["observed"], played["wire"]
        self.transcript = hub.transcript(who.device_id)
        self.messages = hub.messages(who.device_id)
        self.cloud_messages = hub.cloud_messages(who.device_id)
        self.twin = hub.twin(who.device_id)
        self.connections = hub.call("GET", "/connections")


@needs_node
class Parity(GatewayTest):
    DEVICES = 1
    maxDiff = 4000

    def compare(self, who, authority, extra=None):
        straight_to, behind = self.directory / "straight", self.directory / "behind"
        straight_to.mkdir()
        behind.mkdir()
        hub = Hubsim(straight_to, self.pki, client_ca=authority)
        self.addCleanup(hub.kill)
        straight = Run(hub, hub.port, self.pki.path("hub-root.pem"), who)
        self.gateway = Gateway(behind, self.pki, self.hub.port, tenant_ca=authority, extra=extra)
        self.addCleanup(self.gateway.kill)
        self.gateway.start()
        through = Run(self.hub, self.gateway.port, self.pki.gateway_root, who)
        self.recorder_is_honest(straight)
        self.device_saw_the_same(straight, through)
        self.hub_saw_the_same(straight, through)

    def recorder_is_honest(self, straight):
        """With nothing between them, device and hub write down the same."""
        heard = by_step_and_way(plain([packet for packet in straight.wire if "step" not in packet]))
        self.assertEqual(heard, by_step_and_way(plain(straight.transcript)))

    def device_saw_the_same(self, straight, through):
        def told(run):
            """{(step, event): in order}; the words of an error are left out."""
            found, step = {}, ""
            for one in run.observed:
                step = one["name"] if one["event"] == "step" else step
                kept = {key: value is not None if key == "error" else value for key, value in one.items()}
                if "errorCode" in (kept.get("json") or {}):
                    kept["json"] = kept["json"]["errorCode"]
                found.setdefault((step, one["event"]), []).append(kept)
            return found

        self.assertEqual(told(straight), told(through))
        self.assertNotIn("disconnect", {one["event"] for one in through.observed})
        self.same_by_key(by_step_and_way(plain(straight.wire)), by_step_and_way(plain(through.wire)))

    def hub_saw_the_same(self, straight, through):
        def content(run):
            kept = plain(without_refused_patches(run.transcript))
            return by_step_and_way([packet for packet in kept if family(packet) not in OF_THE_CONNECTION])

        self.same_by_key(content(straight), content(through))
        self.assertEqual(subscribed(straight.transcript) | {TWIN_ANSWERS}, subscribed(through.transcript))
        for what in ("topic", "payload", "properties", "qos", "dup", "retain", "acknowledged"):
            self.assertEqual([one[what] for one in straight.messages], [one[what] for one in through.messages], what)
        self.assertEqual(straight.cloud_messages, through.cloud_messages)
        self.assertEqual(timeless(straight.twin), timeless(through.twin))
        for what in ("api_version", "model_id", "device_client_type", "username", "client_id"):
            first, second = ({one.get(what) for one in run.connections} for run in (straight, through))
            self.assertEqual(first, second, what)

    def same_by_key(self, first, second):
        self.assertEqual(sorted(first), sorted(second))
        for key, expected in first.items():
            self.assertEqual(expected, second[key], key)

    def test_a_device_whose_name_has_128_digits(self):
        self.compare(self.pki.device(), self.pki.path("tenant-ca.d/tenant-a.pem"))

    def test_a_device_with_every_mark_in_its_name(self):
        authority, who = self.another_authority("Line-7.press_3:(50%)=$x,!*'?@")
        self.compare(who, authority, extra={"devices": {"identity": "any"}})

    def another_authority(self, name):
        def openssl(*arguments):
            subprocess.run(["openssl", *map(str, arguments)], cwd=self.directory, check=True, capture_output=True)

        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", "-x509", *key, "-days", 1, "-subj", "/CN=Another Authority", "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", *key, "-subj", f"/CN={name}", "-keyout", "device.key", "-out", "device.csr")
        openssl("x509", "-req", "-in", "device.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", 1, "-out", "device.pem")
        return self.directory / "ca.pem", Identity(name, str(self.directory / "device.pem"), str(self.directory / "device.key"))


def timeless(twin):
    """Without what only says when, or whether anybody is connected: the gateway's link stays for a while."""
    if not isinstance(twin, dict):
        return twin
    return {key: timeless(value) for key, value in twin.items() if key not in ("$metadata", "connectionState")}


if __name__ == "__main__":
    unittest.main()
