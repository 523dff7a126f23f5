"""A hundred devices of each credential type against everything the hub verifies; and when it refuses: a state that says what to do, no storm."""

import os
import time
import unittest

from harness import PROGRAMS, SANITIZED, GatewayTest, made_up_key, wait_until

RATE = 40  # new hub connections a second
BURST = RATE / 4 + 5  # what a second may hold on top, handshakes arriving bunched
FEW, MANY = 5, 100
SCOPE = "0ne00000A0A"


class Logins(GatewayTest):
    """What the types have in common; run by each of them."""

    DEVICES = MANY
    REMEDY = ""  # words that the state of a refused device must have

    def entry(self, device_id):
        """Of a device in the hub's registry."""
        return {"id": device_id}

    def registry(self):
        return {"hub": "localhost", "devices": [self.entry(device_id) for device_id in self.pki.ids]}

    def auth(self, gateway, wrong):
        """`upstream.auth`, with the right secret or with another."""
        raise NotImplementedError

    def start(self, wrong=False, env=None, **auth):
        def extra(gateway):
            gateway.env = env
            return {"upstream": {"auth": {**self.auth(gateway, wrong), **auth}}}
        return self.start_gateway(extra=extra, connect_rate=RATE)

    def all_online(self, devices=MANY):
        for index in range(devices):
            device = self.gateway.connected(self.pki.device(index))
            self.addCleanup(device.close)
            device.publish("", b"%d" % index)

    def await_links(self, condition, count, timeout=90):
        def links():
            return [one["link"] for one in self.gateway.status()["devices"]]
        wait_until(lambda: sum(map(condition, links())) == count, timeout, lambda: f"{count}: {links()[:3]}")

    def connects(self):
        """CONNECTs of devices; the gateway's own module, where it has one, is none."""
        return [one for one in self.hub.connects() if "/$edgeHub" not in one["device"]]

    def assert_paced(self, connects):
        """No second, and no five, with more than the rate allows, wherever they begin."""
        times = [one["seconds"] for one in connects]
        for span in (1, 5):
            for index, begin in enumerate(times):
                inside = sum(begin <= at < begin + span for at in times[index:])
                self.assertLessEqual(inside, RATE * span + BURST, f"CONNECTs in the {span} s from {begin:.1f}")

    def refused_with_a_reason_and_without_a_storm(self, *results):
        self.all_online()
        self.await_links(lambda link: "not authorized" in link.get("last_error", "") and self.REMEDY in link["last_error"], MANY)
        time.sleep(35 - min(30, time.monotonic() - self.began))
        connects = self.connects()
        self.assertEqual({one["result"] for one in connects}, set(results))
        self.assertEqual(len({one["device"] for one in connects}), MANY)
        self.assert_paced(connects)
        first = connects[0]["seconds"]
        early = sum(one["seconds"] < first + 10 for one in connects)
        late = sum(first + 20 <= one["seconds"] < first + 30 for one in connects)
        self.assertLess(late, early * 0.6, "attempts fall off")
        self.assertEqual(self.gateway.metric("queue_messages"), MANY)

    def setUp(self):
        super().setUp()
        self.began = time.monotonic()

    def test_all_log_in(self):
        self.start()
        self.all_online()
        for index in range(MANY):
            self.assertEqual(self.hub.await_messages(self.pki.ids[index], 1)[0]["payload"], b"%d" % index)
        self.assertEqual({one["result"] for one in self.connects()}, {"accepted"})
        self.assertEqual(len(self.connects()), MANY)
        self.assert_paced(self.connects())

    def test_disabled_devices_do_not_hold_up_the_others(self):
        for device_id in self.pki.ids[:MANY // 2]:
            self.hub.register(device_id, status="disabled")
        self.start()
        self.all_online()
        self.await_links(lambda link: link["state"] == "up", MANY // 2)
        self.await_links(lambda link: "enabled" in link.get("last_error", ""), MANY // 2)
        self.assert_paced(self.connects())
        for device_id in self.pki.ids[:FEW]:
            self.hub.register(device_id, status="enabled")
        for device_id in self.pki.ids[:FEW]:
            self.hub.await_messages(device_id, 1, timeout=90)


class HubPolicy(Logins):
    REMEDY = "names a policy with the permission device connect"

    def registry(self):
        return {**super().registry(), "policies": [{"name": "gateway", "key": made_up_key("policy")}]}

    def auth(self, gateway, wrong):
        return {"type": "hub_policy", "policy_name": "gateway", "key_file": gateway.secret("policy.key", made_up_key("x" if wrong else "policy"))}

    def test_wrong_key(self):
        self.start(wrong=True)
        self.refused_with_a_reason_and_without_a_storm("bad_signature")

    def test_unknown_policy(self):
        self.start(policy_name="other")
        self.all_online(FEW)
        self.await_links(lambda link: self.REMEDY in link.get("last_error", ""), FEW)
        self.assertEqual({one["result"] for one in self.connects()}, {"unknown_policy"})

    @unittest.skipIf(SANITIZED, "a sanitizer's runtime wants to be loaded first")
    def test_expired_tokens_of_a_gateway_whose_clock_is_slow(self):
        clock = {**os.environ, "LD_PRELOAD": str(PROGRAMS / "libspheregate_wrong_clock.so"), "WRONG_CLOCK_SECONDS": "300"}
        self.start(env=clock, token_life="1m")
        self.all_online(FEW)
        self.await_links(lambda link: "this machine's clock" in link.get("last_error", ""), FEW)
        self.assertEqual({one["result"] for one in self.connects()}, {"expired"})

    def test_tokens_that_end_while_connected_are_renewed(self):
        self.hub.faults(token_life_seconds=2)
        self.start()
        self.all_online(FEW)
        wait_until(lambda: len(self.connects()) >= 3 * FEW, 30, lambda: self.connects())
        self.assertEqual({one["result"] for one in self.connects()}, {"accepted"})


class DeviceKeys(Logins):
    REMEDY = "its key in upstream.auth.keys_file is the hub's"

    def entry(self, device_id):
        return {"id": device_id, "key": made_up_key(device_id)}

    def auth(self, gateway, wrong):
        lines = [f"{device_id},{made_up_key('x' + device_id if wrong else device_id)}" for device_id in self.pki.ids]
        return {"type": "device_keys", "keys_file": gateway.secret("device.keys", "\n".join(lines))}

    def test_wrong_keys(self):
        self.start(wrong=True)
        self.refused_with_a_reason_and_without_a_storm("bad_signature")


class OnBehalfOf(Logins):
    REMEDY = "is a child of the edge device"
    edge = "edge1"

    def registry(self):
        edges = [{"id": edge, "edge": True, "edge_hub_key": made_up_key(edge)} for edge in ("edge1", "edge2")]
        return {"hub": "localhost", "devices": edges + [{"id": device_id, "parent": "edge1"} for device_id in self.pki.ids]}

    def auth(self, gateway, wrong):
        return {"type": "on_behalf_of", "edge_device_id": self.edge,
                "module_key_file": gateway.secret("module.key", made_up_key("x" if wrong else self.edge))}

    def test_wrong_module_key(self):
        self.start(wrong=True)
        self.refused_with_a_reason_and_without_a_storm("bad_signature")

    def test_wrong_chain(self):
        """The right key of an edge that is not theirs."""
        self.edge = "edge2"
        self.start()
        self.refused_with_a_reason_and_without_a_storm("bad_auth_chain")


class DpsGroup(Logins):
    REGISTRATIONS = 1200  # a minute

    def registry(self):
        return {"hub": "localhost", "dps": {"id_scope": SCOPE, "groups": [{"name": "plant", "key": made_up_key("group")}], "retry_after": 1}}

    def auth(self, gateway, wrong):
        return {"type": "dps_group", "id_scope": SCOPE, "endpoint": f"localhost:{self.hub.dps_port}",
                "registrations_per_minute": self.REGISTRATIONS,
                "group_key_file": gateway.secret("group.key", made_up_key("x" if wrong else "group"))}

    def test_all_log_in(self):
        super().test_all_log_in()
        self.assertEqual(self.hub.dps()["connects"], MANY)
        # The second time nobody is registered.
        self.gateway.kill()
        self.gateway.start()
        self.all_online()
        self.await_links(lambda link: link["state"] == "up", MANY)
        self.assertEqual(self.hub.dps()["connects"], MANY)

    def test_disabled_devices_do_not_hold_up_the_others(self):
        """Disabled at the hub, not at the provisioning service, which stands by its assignments."""
        self.start()
        self.all_online()
        self.await_links(lambda link: link["state"] == "up", MANY)
        for device_id in self.pki.ids[:MANY // 2]:
            self.hub.register(device_id, status="disabled")
        self.await_links(lambda link: "enabled" in link.get("last_error", ""), MANY // 2)
        self.await_links(lambda link: link["state"] == "up", MANY // 2)
        time.sleep(15)
        self.assert_paced(self.connects())
        self.assertLessEqual(self.hub.dps()["connects"], MANY + MANY // 2)

    def test_wrong_group_key(self):
        self.start(wrong=True)
        self.all_online()
        self.await_links(lambda link: "upstream.auth.id_scope, the key" in link.get("last_error", ""), MANY)
        connects = self.hub.dps()["connects"]
        self.assertLessEqual(connects, MANY + 5)
        time.sleep(10)
        self.assertLessEqual(self.hub.dps()["connects"], connects + 5)  # each again after half a minute or more
        self.assertEqual(self.connects(), [])


def load_tests(loader, _tests, _pattern):
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (HubPolicy, DeviceKeys, OnBehalfOf, DpsGroup))


if __name__ == "__main__":
    unittest.main()
