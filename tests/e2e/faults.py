"""What people get wrong when they set a gateway up. Each spoils a healthy site, and says by what the check or the log must name it."""

import os
import socket
import ssl
import subprocess
import tempfile
import threading

import mqtt_packets as mqtt
from device import Closed, Device, Identity, Refused, tls_context
from harness import made_up_key
from sites import free_port

FAULTS = {}


def fault(function):
    FAULTS[function.__name__] = function
    return function


# Files and configuration.

@fault
def a_key_that_does_not_exist(site):
    site.set("queue", max_byte="1GiB")
    site.must_say("configuration", "queue.max_byte", "did you mean `max_bytes`")


@fault
def host_name_without_a_dot(site):
    site.name("gateway")
    site.must_say("configuration", "hostname", "dot")


@fault
def a_file_is_missing(site):
    section, key = site.random.choice([("tls", "certificate"), ("tls", "private_key"), ("devices", "tenant_ca"), ("upstream", "ca")])
    path = str(site.directory / "gone.pem")
    site.set(section, **{key: path})
    site.must_say("files", path, f"{section}.{key}", "does not exist")


@fault
def the_secret_of_the_hub_is_missing(site):
    os.remove(site.gateway.settings["upstream"]["auth"]["key_file"])
    site.must_say("files", "upstream.auth.key_file", "does not exist")


@fault
def everybody_can_read_a_secret(site):
    key = site.random.choice([site.gateway.settings["upstream"]["auth"]["key_file"], site.server().key])
    os.chmod(key, 0o644)
    site.must_say("files", str(key), "every user", "chmod")


@fault
def the_key_of_another_certificate(site):
    site.set("tls", private_key=str(site.workshop.make("other").key))
    site.must_say("server certificate", "does not belong to the certificate")


# The server certificate.

@fault
def an_intermediate_is_missing(site):
    root = site.workshop.make("Plant Root", ca=True)
    between = site.workshop.make("Plant Issuer", issuer=root, ca=True)
    leaf = site.workshop.make("gateway.plant.example", issuer=between, san="DNS:gateway.plant.example", usage="serverAuth")
    listed = site.random.choice([leaf.pem() + root.pem(), root.pem() + leaf.pem(), leaf.pem()])
    site.set("tls", certificate=site.file("server.pem", listed), private_key=str(leaf.key))
    if listed.startswith(root.pem()):
        site.must_say("server certificate", "belongs to certificate 2", "put that one first")
    elif listed == leaf.pem():
        site.must_say("server certificate", "intermediate is missing", options=("--root", str(root.certificate)))
    else:
        site.must_say("server certificate", "did not issue", "Plant Root")


@fault
def the_server_certificate_expired(site):
    site.server(days=(-40, -10))
    site.must_say("server certificate", "expired 10 d", "this machine's clock says")


@fault
def the_server_certificate_is_not_yet_valid(site):
    site.server(days=(2, 40))
    site.must_say("server certificate", "not yet valid", "this machine's clock says")


@fault
def the_certificate_lacks_the_host_name(site):
    site.server(san="DNS:edge.plant.example,IP:10.0.0.7")
    site.must_say("server certificate", "devices dial `gateway.plant.example`", "edge.plant.example, 10.0.0.7")


@fault
def the_certificate_lacks_the_address_that_devices_dial(site):
    site.name("127.0.0.2")
    site.must_say("server certificate", "devices dial `127.0.0.2`", "subject alternative name")


@fault
def a_certificate_for_clients_as_server(site):
    site.server(usage="clientAuth")
    site.must_say("server certificate", "server authentication", "serverAuth")


# Tenant CAs, lists.

def must_refuse_ca(site, file, *words, item="tenant ca"):
    site.set("devices", tenant_ca=str(file))
    site.must_say(item, str(file), *words)


@fault
def a_device_instead_of_the_tenant_ca(site):
    must_refuse_ca(site, site.pki.path("devices/000.pem"), "not a CA")


@fault
def a_private_key_instead_of_the_tenant_ca(site):
    must_refuse_ca(site, site.pki.path("gateway.key"), "private key")


@fault
def a_web_page_instead_of_the_tenant_ca(site):
    must_refuse_ca(site, site.file("ca.cer", "<!DOCTYPE html><html><body>Sign in</body></html>"), "web page")


@fault
def an_empty_file_instead_of_the_tenant_ca(site):
    must_refuse_ca(site, site.file("ca.pem", ""), "empty")


@fault
def a_container_instead_of_the_tenant_ca(site):
    form = site.random.choice(["DER", "PEM"])
    file = site.directory / "chain.p7b"
    subprocess.run(["openssl", "crl2pkcs7", "-nocrl", "-certfile", site.pki.path("sphere-root.pem"), "-certfile",
                    site.pki.path("tenant-ca.d/tenant-a.pem"), "-outform", form, "-out", file], check=True)
    must_refuse_ca(site, file, "PKCS#7")


@fault
def the_root_of_all_tenants_is_pinned(site):
    which = site.random.choice(["sphere-root.pem", "sphere-policy.pem"])
    must_refuse_ca(site, site.file("tenant.pem", site.pki.path(which).read_text()), "other tenants")


@fault
def another_tenant_than_the_pinned_one(site):
    site.set("devices", tenant_id="6f1c2a34-0b5d-4e7f-8a90-1b2c3d4e5f60", tenant_ca=str(site.pki.path("tenant-b.pem")))
    site.must_say("tenant ca", "belongs to tenant", "devices.tenant_id")


@fault
def the_tenant_ca_expired(site):
    site.set("devices", identity="any", tenant_ca=str(site.workshop.make("Plant Devices", ca=True, days=(-40, -3)).certificate))
    site.must_say("tenant ca", "expired 3 d", "current CA")


def plant_fleet(site, policy, **lists):
    """A CA of the site's own with one device, and its revocation list."""
    authority = site.workshop.make("Plant Devices", ca=True)
    press = site.workshop.make("press-7", issuer=authority, usage="clientAuth", days=(-1, 30))
    revoked = [press] if lists.pop("revoked", False) else []
    site.set("devices", identity="any", tenant_ca=str(authority.certificate), crl_policy=policy,
             crl=str(site.workshop.revocation_list(authority, revoked, **lists)))
    return Identity("press-7", str(press.certificate), str(press.key))


@fault
def a_stale_revocation_list(site):
    policy = site.random.choice(["require", "prefer"])
    plant_fleet(site, policy, days=(-40, -2))
    site.must_say("revocation", "stale", "due 2 d ago", verdict="fail" if policy == "require" else "warn")


@fault
def a_revoked_device(site):
    press = plant_fleet(site, site.random.choice(["require", "prefer"]), revoked=True)
    site.start()
    site.refused(press)
    site.must_log("revoked")


@fault
def upper_case_ids_in_a_list(site):
    key = site.random.choice(["deny_file", "allow_file"])
    site.set("devices", **{key: site.file("ids.txt", f"# by hand\n{site.pki.ids[0].upper()}\n")})
    site.must_say("device lists", "ids.txt:2", "lower")


# This machine.

@fault
def the_clock_says_1970(site):
    site.env["WRONG_CLOCK_SECONDS"] = str(50 * 365 * 86400)
    site.must_say("clock", "before this version was released", "timedatectl")


@fault
def the_clock_is_two_years_ahead(site):
    site.env["WRONG_CLOCK_SECONDS"] = str(-2 * 365 * 86400 - 86400)
    site.must_say("server certificate", "expired", "this machine's clock says", "correct the clock")


@fault
def somebody_has_the_port(site):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", site.port))
        holder.listen()
        site.must_say("port", f":{site.port}", "in use by", "python3" if os.geteuid() == 0 else "")


@fault
def the_host_name_is_of_another_machine(site):
    site.hosts["gateway.plant.example"] = "192.0.2.7"
    site.must_say("own name", "192.0.2.7", "this machine has none of these", verdict="warn")


@fault
def the_store_cannot_be_made(site):
    place = site.random.choice(["/proc/queue", site.file("no-directory", "") + "/queue"])
    site.set("queue", path=place)
    site.must_say("disk", place, "queue.path")


@fault
def the_store_is_in_memory(site):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        site.set("queue", path=place)
        site.must_say("disk", "tmpfs", "power failure")


@fault
def the_disk_is_smaller_than_the_queue_may_grow(site):
    site.set("queue", max_bytes="60000GiB")
    site.must_say("disk", "free", "queue.max_bytes", verdict="warn")


# The hub.

@fault
def the_name_of_the_hub_is_wrong(site):
    site.set("upstream", hub="contso.invalid")
    site.must_say("hub name", "contso.invalid", "upstream.hub")


@fault
def nobody_answers_at_the_port_of_the_hub(site):
    site.set("upstream", port=free_port())
    site.must_say("hub tcp", "Connection refused", "firewall")


@fault
def the_file_with_the_root_of_the_hub_is_another(site):
    site.set("upstream", ca=str(site.pki.path("gateway-root.pem")))
    site.must_say("hub tls", "Spheregate Test Hub Root", "upstream.ca")


@fault
def the_site_inspects_tls(site):
    """Its root is among the system's, so that nothing seems wrong."""
    inspector = site.workshop.make("Plant Inspection Root", ca=True)
    hub = site.workshop.make("contoso.azure-devices.net", issuer=inspector, san="DNS:contoso.azure-devices.net", usage="serverAuth")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(hub.certificate, hub.key)
    site.hosts["contoso.azure-devices.net"] = "127.0.0.1"
    with TlsServer(context) as server:
        site.env["SSL_CERT_FILE"] = str(inspector.certificate)
        site.set("upstream", hub="contoso.azure-devices.net", port=server.port, ca=None)
        site.must_say("hub tls", "Plant Inspection Root", "inspects TLS")


@fault
def the_hub_refuses_the_key(site):
    auth = {"type": "gateway_sas", "device_id": "plant", "key_file": site.file("gateway.key", made_up_key("another"), 0o600)}
    site.set("upstream", mode="shared", auth=auth)
    site.must_say("hub login", "refused", "CONNACK 5", "key")


@fault
def the_hub_has_no_such_policy(site):
    site.set("upstream", auth={**site.gateway.settings["upstream"]["auth"], "policy_name": "gatewy"})
    site.must_say("hub login", "refused", "CONNACK 5", "policy", options=("--login-as", site.pki.ids[0]))


# Devices, whom only the running daemon sees.

@fault
def a_device_without_certificate(site):
    site.start()
    site.refused(Identity(site.pki.ids[0], None, None), tls=site.random.choice(["1.2", "1.3"]))
    site.must_log("no certificate")


@fault
def a_device_that_speaks_an_old_tls(site):
    site.start()
    who = site.pki.device()
    subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{site.gateway.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0",
                    "-cert", who.certificate, "-key", who.key], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
    site.must_log("protocol", "TLS 1.2")


@fault
def a_device_with_another_root(site):
    site.start()
    context = tls_context(str(site.pki.path("hub-root.pem")), site.pki.device(), site.random.choice(["1.2", "1.3"]))
    with socket.create_connection(("127.0.0.1", site.gateway.port), 10) as plain:
        try:
            context.wrap_socket(plain)
        except ssl.SSLError:
            pass
    site.must_log("unknown ca")


@fault
def a_device_of_another_tenant(site):
    site.start()
    site.refused(site.pki.variant(site.random.choice(["tenant_b", "tenant_b_chain"])))
    site.must_log("CA of tenant", "devices.tenant_ca")


@fault
def a_device_with_an_expired_certificate(site):
    site.start()
    site.refused(site.pki.variant("expired"))
    site.must_log("expired 2 h ago", "the gateway's clock says")


@fault
def a_denied_device(site):
    if site.random.random() < 0.5:
        site.set("devices", deny_file=site.file("deny.txt", site.pki.ids[0] + "\n"))
    else:
        site.set("devices", allow_file=site.file("allow.txt", site.pki.ids[1] + "\n"))
    site.start()
    site.refused(site.pki.device(0))
    site.must_log("devices.deny_file" if "deny_file" in site.gateway.settings["devices"] else "devices.allow_file")


@fault
def a_proof_of_possession_as_device_certificate(site):
    site.start()
    site.refused(site.pki.variant("pop"))
    site.must_log("clientAuth")


@fault
def a_common_name_of_the_wrong_form(site):
    variant, words = site.random.choice([("short_cn", "128"), ("two_cn", "common name"), ("non_hex", "hexadecimal"), ("upper_case", "lower")])
    site.start()
    site.refused(site.pki.variant(variant))
    site.must_log(words)


def refused_with(site, code, **options):
    with Device(site.pki.device(), site.gateway.port, site.pki.gateway_root) as device:
        try:
            device.connect(**options)
        except Refused as refusal:
            assert refusal.code == code, refusal
            return
    raise AssertionError("it was let in")


@fault
def a_client_id_of_another_device(site):
    site.start()
    refused_with(site, 5, client_id=site.pki.ids[1])
    site.must_log("client id")


@fault
def a_client_id_in_upper_case(site):
    site.start()
    refused_with(site, 5, client_id=site.pki.ids[0].upper())
    site.must_log("case")


@fault
def a_topic_of_another_device(site):
    site.start()
    with Device(site.pki.device(), site.gateway.port, site.pki.gateway_root) as device:
        device.connect()
        device.send(mqtt.publish(f"devices/{site.pki.ids[1]}/messages/events/", b"", 1, 1))
        device.await_close(10)
    site.must_log("publish only to devices/", event="publish refused")


@fault
def no_tls_at_the_port_for_tls(site):
    site.start()
    first, words = site.random.choice([(mqtt.connect("a", "b", 60, True, None), "without TLS"), (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP")])
    with socket.create_connection(("127.0.0.1", site.gateway.port), 10) as plain:
        plain.sendall(first)
        plain.settimeout(10)
        try:
            plain.recv(100)
        except OSError:
            pass
    site.must_log(words)


@fault
def a_source_that_knocks_too_often(site):
    site.set("devices", connect_rate_per_source=0.1)
    site.start()
    for _ in range(4):
        try:
            with Device(site.pki.device(), site.gateway.port, site.pki.gateway_root) as device:
                device.connect()
        except (Closed, OSError):
            pass
    site.must_log("connect_rate_per_source")


class TlsServer:
    """Shakes hands with whoever comes, and says nothing."""

    def __init__(self, context):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.context = context

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(peer, server_side=True) as tls:
                    tls.settimeout(10)
                    tls.recv(1)
            except OSError:
                pass

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
