"""From an empty directory to a device that publishes, with the program's own commands, and what each of them refuses."""

import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from device import Device
from harness import POLICY_KEY, Gateway, GatewayTest, Pki, Process, program, wait_until

HOST = "gateway.plant.example"
TENANT_A = "6f1c2a34-0b5d-4e7f-8a90-1b2c3d4e5f60"
BUFFER_OF_DEVICES = 3072
DAY = 86_400


def spheregate(*arguments, stdin=None, env=None):
    return subprocess.run([program("spheregate"), *map(str, arguments)], input=stdin, capture_output=True, timeout=60, check=False,
                          env={**os.environ, **(env or {})})


def in_the_past(days):
    """An environment in which a program lives so many days ago."""
    return {"LD_PRELOAD": program("libspheregate_wrong_clock.so"), "WRONG_CLOCK_SECONDS": str(days * DAY)}


class MadeGateway(Gateway):
    """A daemon on a configuration that `spheregate init` wrote."""

    def __init__(self, directory, pki):
        Process.__init__(self, Path(directory) / "gateway.log")
        self.pki, self.directory, self.wrapper, self.env = pki, Path(directory), [], None
        self.config = self.directory / "gw" / "spheregate.yaml"
        self.port = self.http_port = 0


class Setup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = Path(tempfile.mkdtemp(prefix="spheregate-e2e-"))
        cls.pki = Pki(cls.base / "pki", 1)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.base)

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix=self._testMethodName + "-", dir=self.base))
        self.gw = self.directory / "gw"

    def good(self, *arguments, **options):
        done = spheregate(*arguments, **options)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout!r} {done.stderr!r}")
        return done.stdout.decode()

    def refused(self, code, *arguments, **options):
        done = spheregate(*arguments, **options)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout!r} {done.stderr!r}")
        return done.stderr.decode()

    def init(self, *more, **options):
        return self.good("init", "--hostname", HOST, "--dir", self.gw, *more, **options)

    def listed(self):
        return json.loads(self.good("tenant", "list", "--json", "--dir", self.gw))["cas"]

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=30, check=False)

    # init

    def test_a_second_tenant_is_no_surprise(self):
        self.init()
        first = spheregate("tenant", "add", self.pki.path("tenant-ca.d/tenant-a.pem"), "--dir", self.gw)
        self.assertNotIn("tenants are pinned", first.stderr.decode())
        second = spheregate("tenant", "add", "--json", self.pki.path("tenant-b.pem"), "--dir", self.gw)
        self.assertEqual(json.loads(second.stdout)["notes"], ["CAs of 2 tenants are pinned now: devices of each are let in"])

    def test_everything_of_a_gateway_elsewhere_is_there(self):
        self.init("--hub", "contoso.azure-devices.net")
        shown = self.good("config", "show", self.gw / "spheregate.yaml")
        for place in ("queue", "admin.sock", "deny.txt", "aliases.csv"):
            self.assertIn(f'"{self.gw / place}"', shown)
        for file in ("deny.txt", "aliases.csv"):
            self.assertTrue((self.gw / file).read_text().startswith("# "))
        device = (self.pki.directory / "devices/ids.txt").read_text().split()[0]
        self.assertIn("added to the deny list", self.good("devices", "deny", device, "--config", self.gw / "spheregate.yaml"))
        self.assertIn("is already in the deny list", self.good("devices", "--config", self.gw / "spheregate.yaml", "deny", device))

    def test_init_makes_what_a_gateway_needs(self):
        self.init("--ip", "10.0.0.5", "--queue", self.directory / "q")
        modes = {"authority": 0o700, "authority/root-1.key": 0o600, "authority/root-2.key": 0o600, "tls/server.key": 0o600,
                 "tls/server.pem": 0o644, "secrets": 0o700, "tenant-ca.d": 0o755, "spheregate.yaml": 0o644}
        for name, mode in modes.items():
            self.assertEqual(stat.S_IMODE((self.gw / name).stat().st_mode), mode, name)
        self.assertFalse([path for path in self.gw.rglob(".*")], "drafts are left")
        # Only the hub is missing, and with it the configuration is good.
        problems = self.refused(78, "config", "check", self.gw / "spheregate.yaml").splitlines()
        self.assertEqual(len(problems), 1, problems)
        self.assertIn("upstream.hub: this is missing", problems[0])
        text = (self.gw / "spheregate.yaml").read_text()
        (self.gw / "spheregate.yaml").write_text(text.replace("# hub: contoso", "hub: contoso"))
        checked = spheregate("config", "check", self.gw / "spheregate.yaml")
        self.assertEqual((checked.returncode, checked.stdout.decode()), (0, f"{self.gw}/spheregate.yaml: good\n"))
        self.assertIn(b"looked at by `spheregate check`", checked.stderr)
        self.assertEqual(spheregate("config", "check", "--json", self.gw / "spheregate.yaml").stderr, b"")
        self.assertIn("  # port: 8883", text)
        self.assertIn(f"  path: {self.directory / 'q'}", text)

    def test_init_tells_of_files_that_the_daemon_cannot_read(self):
        said = self.init("--set", f"upstream.ca={self.directory}/absent.pem")
        self.assertIn(f"note     {self.directory}/absent.pem (upstream.ca): does not exist; put the file there, or correct upstream.ca\n", said)
        shutil.rmtree(self.gw)
        user = "echo spheregate:x:65534:65534::/:/bin/false >/etc/passwd; "
        said = self.init_of_the_package(user, "--set", f"upstream.ca={self.pki.path('hub-root.pem')}")
        self.assertIn("(upstream.ca): the user spheregate, as whom the daemon runs, has no permission to read it; copy it to /etc/spheregate", said)

    def init_of_the_package(self, made, *more):
        """What it says at the usual place of a machine whose /etc and /run have nothing but what the script `made` makes."""
        alone = ["unshare", "--mount", "sh", "-ec"]
        if os.geteuid() != 0 or subprocess.run([*alone, "mount -t tmpfs none /etc"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no mounts here")
        script = f"mount -t tmpfs none /run; mount -t tmpfs none /etc; {made}exec {program('spheregate')} init --hostname {HOST} {' '.join(more)}"
        return subprocess.run([*alone, script], capture_output=True, text=True, timeout=60, check=True).stdout

    def test_init_names_the_next_commands_as_they_are_typed_here(self):
        self.assertTrue(self.init().endswith(f"  spheregate run --config {self.gw}/spheregate.yaml\n"))
        units = "mkdir -p /etc/systemd/system; : >/etc/systemd/system/spheregate.service; "
        runs = "mkdir -p /run/systemd/system; "
        for made, last in ((units, "spheregate run"), (units + runs, "systemctl enable --now spheregate")):
            said = self.init_of_the_package(made)
            self.assertTrue(said.endswith(f"  spheregate check\n  {last}\n"), said)

    def test_init_keeps_its_modes_whatever_the_umask(self):
        old = os.umask(0o077)
        try:
            self.init()
        finally:
            os.umask(old)
        self.assertEqual(stat.S_IMODE((self.gw / "tenant-ca.d").stat().st_mode), 0o755)
        self.assertEqual(stat.S_IMODE((self.gw / "tls/server.pem").stat().st_mode), 0o644)

    def test_devices_verify_the_server_by_name_and_by_address(self):
        self.init("--ip", "10.0.0.5", "--ip", "fd00::5")
        root = self.directory / "root.pem"
        self.good("export-root", "--dir", self.gw, "--out", root)
        self.assertLess(root.stat().st_size, BUFFER_OF_DEVICES)
        server = self.gw / "tls/server.pem"
        for how, dialled in (("-verify_hostname", HOST), ("-verify_ip", "10.0.0.5"), ("-verify_ip", "fd00::5")):
            done = self.openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, how, dialled, server)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        wrong = self.openssl("verify", "-CAfile", root, "-verify_hostname", "other.example", server)
        self.assertNotEqual(wrong.returncode, 0)

    def test_init_twice_changes_nothing(self):
        self.init()
        before = {path: path.read_bytes() for path in self.gw.rglob("*") if path.is_file()}
        said = self.refused(1, "init", "--hostname", "other.plant.example", "--dir", self.gw)
        self.assertIn(f"{self.gw}: there is a gateway already, and nothing was changed", said)
        self.assertEqual(before, {path: path.read_bytes() for path in self.gw.rglob("*") if path.is_file()})

    def test_init_finishes_what_was_cut_off_and_takes_other_names(self):
        self.init()
        key, root = (self.gw / "tls/server.key").read_bytes(), (self.gw / "authority/root-1.pem").read_bytes()
        (self.gw / "tls/server.pem").unlink()
        self.assertIn("kept     ", self.init("--ip", "10.9.9.9"))
        self.assertEqual(((self.gw / "tls/server.key").read_bytes(), (self.gw / "authority/root-1.pem").read_bytes()), (key, root))
        names = self.openssl("x509", "-in", self.gw / "tls/server.pem", "-noout", "-ext", "subjectAltName").stdout
        self.assertIn("10.9.9.9", names)

    def test_init_refuses_names_that_devices_cannot_dial(self):
        for name, why in (("gateway", "`gateway` has no dot; use a name with a dot"), ("a b.example", "is not a host name"),
                          ("https://a.example", "is not a host name"), ("x" * 300 + ".example", "has 308 characters"),
                          ("10.0.0.300", "neither an IPv4 address nor a host name")):
            self.assertIn(why, self.refused(2, "init", "--hostname", name, "--dir", self.gw))
        self.assertIn("`10.0.0` is not an IP address", self.refused(2, "init", "--hostname", HOST, "--ip", "10.0.0", "--dir", self.gw))
        self.assertIn("is not a key of the configuration",
                      self.refused(2, "init", "--hostname", HOST, "--dir", self.gw, "--set", "listen.prot=1"))
        self.assertIn("listen.port: ", self.refused(2, "init", "--hostname", HOST, "--dir", self.gw, "--set", "listen.port=99999"))
        self.assertIn("devices.identity: ", self.refused(2, "init", "--hostname", HOST, "--dir", self.gw, "--identity", "everybody"))
        self.assertFalse(self.gw.exists(), "something was made")

    def test_init_says_where_it_may_not_write(self):
        (self.directory / "file").write_text("")
        said = self.refused(1, "init", "--hostname", HOST, "--dir", self.directory / "file" / "gw")
        self.assertIn("file/gw: cannot be made (", said)

    def test_init_refuses_a_clock_that_was_never_set(self):
        said = self.refused(1, "init", "--hostname", HOST, "--dir", self.gw, env=in_the_past(56 * 365))
        self.assertIn("this machine's clock says 19", said)
        self.assertFalse((self.gw / "authority").exists())

    def test_init_puts_the_secret_of_a_connection_string_into_a_file(self):
        policy = f"HostName=contoso.azure-devices.net;SharedAccessKeyName=device;SharedAccessKey={POLICY_KEY}"
        edge = f"HostName=contoso.azure-devices.net;DeviceId=edge1;ModuleId=$edgeHub;SharedAccessKey={POLICY_KEY}"
        device = f"HostName=contoso.azure-devices.net;DeviceId=plant-gateway;SharedAccessKey={POLICY_KEY}"
        for text, lines in ((policy, ["type: hub_policy", "policy_name: device"]), (edge, ["type: on_behalf_of", "edge_device_id: edge1"]),
                            (device, ["mode: shared", "type: gateway_sas", "device_id: plant-gateway"])):
            gw = self.directory / lines[0].split()[-1]
            said = self.good("init", "--hostname", HOST, "--dir", gw, "--connection-string-file", "-", stdin=text.encode() + b"\n")
            self.good("config", "check", gw / "spheregate.yaml")
            shown = self.good("config", "show", gw / "spheregate.yaml").replace('"', "")
            for line in lines + ["hub: contoso.azure-devices.net"]:
                self.assertIn(line, shown)
            self.assertEqual((gw / "secrets/hub.key").read_text(), POLICY_KEY + "\n")
            self.assertEqual(stat.S_IMODE((gw / "secrets/hub.key").stat().st_mode), 0o600)
            self.assertNotIn(POLICY_KEY, said + (gw / "spheregate.yaml").read_text())

    def test_init_repeats_no_secret_of_a_wrong_connection_string(self):
        for text, why in ((f"SharedAccessKey={POLICY_KEY}", "has no HostName"), (POLICY_KEY[:-1], "is not a connection string"),
                          ("HostName=a.azure-devices.net;DeviceId=d", "has no SharedAccessKey"),
                          (f"HostName=a.azure-devices.net;DeviceId=d;ModuleId=m;SharedAccessKey={POLICY_KEY}", "is of another module than $edgeHub"),
                          ("HostName=a.azure-devices.net;SharedAccessKeyName=p;SharedAccessKey=%%%", "has a SharedAccessKey that is not base64"),
                          ("HostName=a.azure-devices.net;SharedAccessSignature=sr%3d", "has a signature that expires"),
                          ("HostName=a.azure-devices.net;DeviceId=d;x509=true", "is of a device with a certificate")):
            said = self.refused(1, "init", "--hostname", HOST, "--dir", self.gw, "--connection-string-file", "-", stdin=text.encode())
            self.assertIn(f"stdin: {why}", said)
            self.assertNotIn(POLICY_KEY[:-1], said)
        self.assertFalse(self.gw.exists(), "something was made")

    # tenant

    def test_tenant_add_takes_every_form(self):
        for file in sorted((self.pki.directory / "imports/good").iterdir()):
            with self.subTest(file.name):
                shutil.rmtree(self.gw, ignore_errors=True)
                self.init()
                said = self.good("tenant", "add", file, "--dir", self.gw)
                found = self.listed()
                self.assertEqual([ca["tenant_id"] for ca in found], [TENANT_A])
                fingerprint = self.openssl("x509", "-in", self.pki.path("tenant-ca.d/tenant-a.pem"), "-noout", "-fingerprint", "-sha256")
                self.assertEqual(found[0]["sha256"], fingerprint.stdout.split("=")[1].strip().replace(":", "").lower())
                for shown in (TENANT_A, found[0]["sha256"], found[0]["sha1"], found[0]["not_after"], f"in {found[0]['days_left']} d"):
                    self.assertIn(shown, said)
                placed = Path(found[0]["file"])
                self.assertEqual(placed.name, f"{TENANT_A}-{found[0]['sha256'][:16]}.pem")
                self.assertEqual(stat.S_IMODE(placed.stat().st_mode), 0o644)

    def test_tenant_add_refuses_everything_else_by_its_name(self):
        self.init()
        words = {"leaf.pem": "is not a CA but a leaf", "leaf.cer": "is not a CA but a leaf", "private-key.pem": "holds a private key",
                 "ca-with-key.pem": "holds a private key", "page.cer": "is a web page", "empty.cer": "is empty", "utf16.pem": "is UTF-16 text",
                 "utf16-unmarked.pem": "is UTF-16 text", "request.pem": "is a certificate request (CSR)",
                 "request.der": "is a certificate request (CSR)", "revocations.pem": "is a revocation list (CRL)",
                 "revocations.crl": "is a revocation list (CRL)", "device.pfx": "is a PKCS#12 container", "damaged.cer": "is a damaged DER file",
                 "damaged.pem": "is damaged", "text.pem": "is neither a PEM nor a DER file", "policy.cer": "holds no tenant CA, only",
                 "root.cer": "holds no tenant CA, only", "root-and-policy.p7b": "holds no tenant CA, only"}
        files = sorted((self.pki.directory / "imports/bad").iterdir())
        self.assertEqual({file.name for file in files}, set(words))
        for file in files:
            said = self.refused(1, "tenant", "add", file, "--dir", self.gw)
            self.assertIn(f"{file}: ", said)
            self.assertIn(words[file.name], said)
            self.assertIn("; ", said)
        large = self.directory / "large.cer"
        with open(large, "wb") as disk_image:
            disk_image.truncate(17 * 1024 * 1024)
        self.assertIn("is larger than 16 MiB", self.refused(1, "tenant", "add", large, "--dir", self.gw))
        self.assertIn("is larger than 16 MiB", self.refused(1, "tenant", "add", "-", "--dir", self.gw, stdin=large.read_bytes()))
        self.assertIn("is a directory", self.refused(1, "tenant", "add", self.directory, "--dir", self.gw))
        self.assertIn("cannot be read (No such file or directory); check the path\n",
                      self.refused(1, "tenant", "add", self.directory / "absent", "--dir", self.gw))
        self.assertEqual(self.listed(), [])

    def test_tenant_rotation_by_hand(self):
        self.init()
        self.good("tenant", "add", "-", "--dir", self.gw, stdin=self.pki.path("tenant-ca.d/tenant-a.pem").read_bytes())
        self.assertIn("is there already", self.good("tenant", "add", self.pki.path("tenant-ca.d/tenant-a.pem"), "--dir", self.gw))
        self.good("tenant", "add", self.pki.path("tenant-a-new.pem"), "--dir", self.gw)
        old, new = sorted(self.listed(), key=lambda ca: ca["sha256"])
        self.assertIn("is not a fingerprint", self.refused(1, "tenant", "remove", "x", "--dir", self.gw))
        self.assertIn("has the fingerprint 00000000", self.refused(1, "tenant", "remove", "00000000", "--dir", self.gw))
        removed = spheregate("tenant", "remove", old["sha256"][:20], "--dir", self.gw)
        self.assertEqual((removed.returncode, removed.stdout.decode().count(old["sha256"])), (0, 1), removed.stderr)
        self.assertIn(b"note: devices whose certificates it signed are refused from now on.", removed.stderr)
        self.assertNotIn(b"taken it", removed.stdout + removed.stderr, "there is no gateway yet")
        self.assertEqual([ca["sha256"] for ca in self.listed()], [new["sha256"]])
        last = spheregate("tenant", "remove", new["sha1"].upper(), "--dir", self.gw)
        self.assertEqual(last.returncode, 0, last.stderr)
        self.assertIn(b"WARNING: no tenant CA is left", last.stderr)
        self.assertNotIn(b"refused from now on", last.stderr, "nobody is refused while the gateway keeps those it has")

    def test_tenant_add_obeys_the_pin(self):
        self.init("--set", f"devices.tenant_id={TENANT_A}")
        said = self.refused(1, "tenant", "add", self.pki.path("tenant-b.pem"), "--dir", self.gw)
        self.assertIn(f"devices.tenant_id is {TENANT_A}", said)
        self.good("tenant", "add", self.pki.path("tenant-ca.d/tenant-a.pem"), "--config", self.gw / "spheregate.yaml")

    def test_any_private_ca_where_names_are_free(self):
        private = self.pki.path("hub-root.pem")
        self.init()
        self.assertIn("carries no tenant's GUID", self.refused(1, "tenant", "add", private, "--dir", self.gw))
        shutil.rmtree(self.gw)
        self.init("--identity", "any")
        self.good("tenant", "add", private, "--dir", self.gw)
        self.assertTrue(Path(self.listed()[0]["file"]).name.startswith("ca-"))

    def test_commands_without_a_gateway_say_so(self):
        for command in (["tenant", "list"], ["tenant", "add", "-"], ["export-root"]):
            self.assertIn(f"{self.gw}/spheregate.yaml: cannot read the file", self.refused(78, *command, "--dir", self.gw))
        for wrong in (["tenant"], ["tenant", "add"], ["tenant", "remove"], ["init"], ["export-root", "--dir", "a", "--config", "b"]):
            self.refused(2, *wrong)

    # export-root

    def test_export_root_gives_the_lines_of_the_manifest(self):
        self.init()
        self.assertIn("no tenant CA is known yet", spheregate("export-root", "--dir", self.gw).stderr.decode())
        self.good("tenant", "add", self.pki.directory / "imports/good/chain.p7b", "--dir", self.gw)
        done = spheregate("export-root", "--dir", self.gw)
        self.assertEqual(done.stdout.count(b"BEGIN CERTIFICATE"), 2)
        self.assertLess(len(done.stdout), BUFFER_OF_DEVICES)
        manifest = json.loads("{" + done.stderr.decode().split("app_manifest.json:")[1].split("Into CMakeLists")[0] + "}")
        self.assertEqual(manifest, {"CmdArgs": ["--Hostname", HOST, "--IoTEdgeRootCAPath", "certs/gateway-root.pem"],
                                    "Capabilities": {"AllowedConnections": [HOST], "DeviceAuthentication": TENANT_A}})
        shown = json.loads(self.good("export-root", "--json", "--dir", self.gw))
        self.assertEqual((shown["pem"].encode(), shown["manifest"], shown["bytes"]), (done.stdout, manifest, len(done.stdout)))

    def test_export_root_of_somebody_elses_certificate_is_refused(self):
        self.init("--set", "tls.authority=")
        self.assertIn("tls.authority is empty", self.refused(1, "export-root", "--dir", self.gw))


class Walk(GatewayTest):
    """What the 24 steps of the usual guide do, in five commands."""

    DEVICES = 2

    def registry(self):
        return {"hub": "localhost", "policies": [{"name": "device", "key": POLICY_KEY}], "accept_unknown_devices": True}

    def command(self, *arguments, **options):
        done = spheregate(*arguments, **options)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout!r} {done.stderr!r}")
        return done.stdout

    def made(self, **options):
        """Everything but the start, by the commands that people type."""
        gw = self.directory / "gw"
        secret = f"HostName=localhost;SharedAccessKeyName=device;SharedAccessKey={POLICY_KEY}"
        # Where the simulated hub is, and ports that are free: what a real site leaves out.
        here = {"upstream.port": self.hub.port, "upstream.ca": self.pki.path("hub-root.pem"), "listen.address": "127.0.0.1", "listen.port": 0,
                "http.listen": "127.0.0.1:0", "admin.socket": self.base / f"{self.directory.name[-8:]}.sock"}
        sets = [word for key, value in here.items() for word in ("--set", f"{key}={value}")]
        self.command("init", "--hostname", HOST, "--ip", "127.0.0.1", "--dir", gw, "--queue", self.directory / "queue",
                     "--connection-string-file", "-", *sets, stdin=secret.encode(), **options)
        self.command("tenant", "add", self.pki.directory / "imports/good/chain.p7b", "--dir", gw)
        (self.directory / "root.pem").write_bytes(self.command("export-root", "--dir", gw))
        self.command("config", "check", gw / "spheregate.yaml")
        return gw

    def started(self):
        self.gateway = MadeGateway(self.directory, self.pki)
        self.addCleanup(self.gateway.kill)
        return self.gateway.start()

    def device(self, index=0, dialled=HOST):
        return Device(self.pki.device(index), self.gateway.port, str(self.directory / "root.pem"), server_name=dialled)

    def test_the_articles_walk(self):
        self.made()       # four commands
        self.started()    # the fifth
        who = self.pki.device()
        with self.device() as device:
            device.connect()
            device.publish("site=north", b"hello")
            found = self.hub.await_messages(who.device_id, 1)
        self.assertEqual(found[0]["payload"], b"hello")
        self.assertEqual(found[0]["properties"], [["site", "north"]])

    def test_wolfssl_trusts_the_exported_file_by_name_and_by_address(self):
        self.made()
        self.started()
        who = self.pki.device()
        for dialled in (HOST, "127.0.0.1"):
            done = subprocess.run([program("spheregate_wolfssl_client"), "127.0.0.1", str(self.gateway.port), str(self.directory / "root.pem"),
                                   who.certificate, who.key, who.device_id, "10", dialled], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, dialled + done.stdout + done.stderr)
            self.assertIn("acknowledged 10", done.stdout)
        wrong = subprocess.run([program("spheregate_wolfssl_client"), "127.0.0.1", str(self.gateway.port), str(self.directory / "root.pem"),
                                who.certificate, who.key, who.device_id, "10", "other.example"], capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(wrong.returncode, 0, "the client does not look at names")

    def test_a_certificate_that_is_due_is_new_before_the_first_device(self):
        gw = self.made(env=in_the_past(300))
        before = (gw / "tls/server.pem").read_bytes()
        self.started()
        self.assertNotEqual((gw / "tls/server.pem").read_bytes(), before)
        self.assertEqual(self.gateway.metric("certificate_renewals_total", result="ok"), 1)
        with self.device() as device:
            device.connect().publish("", b"new")

    def test_a_retired_root_changes_the_certificate_and_disturbs_nobody(self):
        gw = self.made()
        self.started()
        with self.device() as old:
            old.connect()
            (gw / "authority/root-1.key").unlink()
            self.gateway.process.send_signal(1)  # SIGHUP
            self.await_metric(1, "certificate_renewals_total", result="ok")
            # The first file of the devices has the second root too.
            second = self.directory / "second.pem"
            second.write_bytes((gw / "authority/root-2.pem").read_bytes())

            def shows_the_new_one():
                try:
                    with Device(self.pki.device(1), self.gateway.port, str(second), server_name=HOST) as one:
                        one.connect()
                    return True
                except Exception:
                    return False

            wait_until(shows_the_new_one, 20, "a handshake with a certificate of the second root")
            with self.device(1) as new:
                new.connect().publish("", b"new")
            old.publish("", b"old")

    def test_a_renewal_that_fails_is_told_and_stops_nothing(self):
        gw = self.made(env=in_the_past(300))
        (gw / "authority/root-1.key").write_text("oops")
        self.started()
        self.assertEqual(self.gateway.metric("certificate_renewals_total", result="failed"), 1)
        line = self.gateway.log_lines("server certificate cannot be renewed")[0]
        self.assertIn("root-1.key: holds no private key that can be read", line["reason"])
        with self.device() as device:
            device.connect().publish("", b"still the old one")


if __name__ == "__main__":
    unittest.main()
