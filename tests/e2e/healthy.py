"""Set-ups as people rightly have them. The check has nothing to say against any of them, with the daemon and without."""

import json
import ssl

from device import Device, Identity
from faults import plant_fleet
from harness import made_up_key

SETUPS = {}


def setup(function):
    SETUPS[function.__name__] = function
    return function


def must_be_content(site, *options):
    bad = [one for one in site.check(*options) if one["verdict"] in ("fail", "warn")]
    assert not bad, json.dumps(bad, indent=1)


def must_run_content(site, identity=None, address="127.0.0.1"):
    """Before the start, with the daemon and a device, and as a device."""
    must_be_content(site)
    site.start()
    if address == "127.0.0.1":
        root = getattr(site, "root", site.pki.gateway_root)
        with Device(identity or site.pki.device(), site.gateway.port, root).connect() as device:
            device.publish("", b"hello")
            must_be_content(site)
            device.disconnect()
    must_be_content(site, "--as-device")
    must_be_content(site)


@setup
def as_it_comes(site):
    must_run_content(site)


@setup
def dialled_by_address(site):
    site.name("127.0.0.1")
    must_run_content(site)


@setup
def certificate_with_an_rsa_key(site):
    site.server(key=2048)
    must_run_content(site)


@setup
def certificate_and_root_with_rsa_keys(site):
    site.server(key=2048, root_key=2048)
    must_be_content(site)


@setup
def certificate_with_a_p384_key(site):
    site.server(key="p384", root_key="p384")
    must_be_content(site)


@setup
def certificate_for_a_wildcard(site):
    site.server(san="DNS:*.plant.example")
    must_be_content(site)


@setup
def certificate_without_extended_use(site):
    site.server(usage="")
    must_run_content(site)


@setup
def chain_without_the_root(site):
    site.server(chain=lambda leaf, root: leaf.pem())
    must_be_content(site, "--root", site.root)
    site.start()
    must_be_content(site, "--as-device", "--root", site.root)


@setup
def chain_of_three(site):
    root = site.workshop.make("Plant Root", ca=True)
    between = site.workshop.make("Plant Issuer", issuer=root, ca=True)
    leaf = site.workshop.make("gateway.plant.example", issuer=between, san="DNS:gateway.plant.example", usage="serverAuth")
    # The daemon sorts what stands behind the leaf.
    site.set("tls", certificate=site.file("server.pem", leaf.pem() + root.pem() + between.pem()), private_key=str(leaf.key))
    site.root = str(root.certificate)
    must_run_content(site)


@setup
def two_cas_of_one_name(site):
    folder = site.directory / "cas"
    folder.mkdir()
    for name in ("tenant-ca.d/tenant-a.pem", "tenant-a-new.pem"):
        (folder / name.replace("/", "-")).write_text(site.pki.path(name).read_text())
    site.set("devices", tenant_ca=str(folder))
    must_run_content(site, site.pki.new_device(1))


@setup
def tenant_ca_in_der_form(site):
    der = ssl.PEM_cert_to_DER_cert(site.pki.path("tenant-ca.d/tenant-a.pem").read_text())
    site.set("devices", tenant_ca=site.file("tenant.cer", der), tenant_id="6f1c2a34-0b5d-4e7f-8a90-1b2c3d4e5f60")
    must_be_content(site)


@setup
def any_private_ca(site):
    authority = site.workshop.make("Plant Devices", ca=True)
    press = site.workshop.make("press-7", issuer=authority, usage="clientAuth", days=(-1, 30))
    site.set("devices", identity="any", tenant_ca=str(authority.certificate))
    must_run_content(site, Identity("press-7", str(press.certificate), str(press.key)))


@setup
def deny_and_allow_lists(site):
    site.set("devices", deny_file=site.file("deny.txt", f"# gone\n{site.pki.ids[1]}\n"),
             allow_file=site.file("allow.txt", "\r\n".join(site.pki.ids[:2]) + "\r\n"))
    must_run_content(site)


@setup
def listening_on_every_address_of_ipv6(site):
    site.set("listen", address="::")
    must_run_content(site)


@setup
def listening_on_ipv6_alone(site):
    site.set("listen", address="::1")
    site.hosts["gateway.plant.example"] = "::1"
    must_run_content(site, address="::1")


@setup
def tls_1_3_alone(site):
    site.set("tls", min_version="1.3")
    must_be_content(site)


@setup
def shared_mode(site):
    auth = {"type": "gateway_sas", "device_id": "plant", "key_file": site.file("gateway.key", made_up_key("the plant's gateway"), 0o600)}
    site.set("upstream", mode="shared", auth=auth)
    must_be_content(site)


@setup
def keys_of_the_devices(site):
    lines = "".join(f"{one},{made_up_key(one)}\n" for one in site.pki.ids)
    site.set("upstream", auth={"type": "device_keys", "keys_file": site.file("keys.csv", lines, 0o600)})
    must_be_content(site)
    must_be_content(site, "--login-as", site.pki.ids[0])


@setup
def revocation_lists_that_are_current(site):
    press = plant_fleet(site, site.random.choice(["require", "prefer"]))
    must_run_content(site, press)


@setup
def edge_device_that_speaks_for_its_devices(site):
    auth = {"type": "on_behalf_of", "edge_device_id": "edge", "module_key_file": site.file("module.key", made_up_key("edge hub"), 0o600)}
    site.set("upstream", auth=auth)
    must_be_content(site)


@setup
def shell_that_names_a_proxy(site):
    """Only `upstream.proxy` counts; here nobody listens."""
    site.env["https_proxy"] = site.random.choice(["", "http://127.0.0.1:1"])
    site.env["http_proxy"] = site.env["https_proxy"]
    must_be_content(site, "--login-as", site.pki.ids[0])
    auth = {"type": "gateway_sas", "device_id": "plant", "key_file": site.file("gateway.key", made_up_key("the plant's gateway"), 0o600)}
    site.set("upstream", mode="shared", auth=auth)
    must_be_content(site)
