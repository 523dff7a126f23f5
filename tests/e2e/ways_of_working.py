"""The configurations that together have every metric and every part of the status that there is."""

from harness import POLICY_KEY, made_up_key

KEY = made_up_key("the plant's gateway")
GROUP_KEY = made_up_key("enrolment group")
SCOPE = "0ne00000A0A"


class WaysOfWorking:
    """Beside GatewayTest: a hub that takes them all, and `extra` of a gateway by name."""

    def registry(self):
        return {"hub": "localhost", "policies": [{"name": "gateway", "key": POLICY_KEY}], "accept_unknown_devices": True,
                "devices": [{"id": "plant", "key": KEY}, {"id": "edge", "edge": True, "edge_hub_key": KEY},
                            {"id": self.pki.ids[2], "parent": "edge"}],
                "dps": {"id_scope": SCOPE, "groups": [{"name": "plant", "key": GROUP_KEY}]}}

    def ways(self):
        return {
            "transparent": lambda gateway: {},
            "shared": lambda gateway: {"upstream": {"mode": "shared", "auth": {
                "type": "gateway_sas", "device_id": "plant", "key_file": gateway.secret("gateway.key", KEY)}}},
            "on-behalf": lambda gateway: {"upstream": {"auth": {
                "type": "on_behalf_of", "edge_device_id": "edge", "module_key_file": gateway.secret("module.key", KEY)}}},
            "provisioning": lambda gateway: {"upstream": {"auth": {
                "type": "dps_group", "id_scope": SCOPE, "group_key_file": gateway.secret("group.key", GROUP_KEY),
                "endpoint": f"localhost:{self.hub.dps_port}", "registrations_per_minute": 6000}}}}


def with_http_port(port, extra=None):
    """`extra` with a known port for HTTP, so that a gateway that is restarted is the same target."""
    def settings(gateway):
        found = extra(gateway) if callable(extra) else dict(extra or {})
        return {**found, "http": {"listen": f"127.0.0.1:{port}"}}
    return settings
