"""What an Azure Sphere fleet needs of its gateway, each in a test of its own. Two more are where their commands are tested: hot add and remove
of a CA under load (test_reload), the size of the exported trust file (test_init)."""

import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest
from pathlib import Path

from certificates import Workshop
from device import Closed, Identity, Refused, tls_context
from harness import PROGRAMS, Gateway, GatewayTest, Pki, program, wait_until

GUID = "6f1c2a34-0b5d-4e7f-8a90-1b2c3d4e5f60"
SKEW_SECONDS = 600


class AcceptanceTest(GatewayTest):
    def must_serve(self, identity, tls=None, server_name=None, text=b"in", **options):
        with self.gateway.connected(identity, tls=tls, server_name=server_name, **options) as device:
            device.publish("", text)
            device.disconnect()

    def must_refuse(self, identity, result, *words, tls=None):
        before = self.gateway.metric("tls_handshakes_total", result=result)
        with self.assertRaises(Closed), self.gateway.device(identity, tls=tls) as device:
            device.connect()
        self.await_metric(before + 1, "tls_handshakes_total", result=result)
        if words:
            wait_until(lambda: any(all(word in str(line) for word in words) for line in self.gateway.log_lines("device refused")), 10,
                       lambda: f"{words} in {self.gateway.log_lines('device refused')}")

    def folder_with(self, name, *sources):
        folder = self.directory / name
        folder.mkdir()
        for position, source in enumerate(sources, 1):
            shutil.copy(self.pki.path(source), folder / f"{position}.pem")
        return folder


class Chains(AcceptanceTest):
    def test_leaf_only_and_leaf_with_its_ca(self):
        self.start_gateway()
        own = self.pki.device()
        chain = self.directory / "chain.pem"
        for issuer in ("tenant-ca.d/tenant-a.pem", "sphere-policy.pem"):
            chain.write_text(Path(own.certificate).read_text() + self.pki.path(issuer).read_text())
            for version in ("1.2", "1.3"):
                with self.subTest(issuer, tls=version):
                    self.must_serve(own, version)
                    self.must_serve(own._replace(certificate=str(chain)), version)

    def test_two_cas_of_one_name_in_either_order(self):
        old, new = "tenant-ca.d/tenant-a.pem", "tenant-a-new.pem"
        for order in ((old, new), (new, old)):
            self.start_gateway(tenant_ca=self.folder_with(f"first-{order[0].replace('/', '-')}", *order))
            for version in ("1.2", "1.3"):
                for half, identity in (("old", self.pki.device(0)), ("new", self.pki.new_device(1))):
                    with self.subTest(order=order, tls=version, half=half):
                        self.must_serve(identity, version)
            self.gateway.stop()

    def test_before_during_and_after_a_rotation(self):
        old, new = "tenant-ca.d/tenant-a.pem", "tenant-a-new.pem"
        for name, sources, served in (("before", (old,), (True, False)), ("during", (old, new), (True, True)), ("after", (new,), (False, True))):
            self.start_gateway(tenant_ca=self.folder_with(name, *sources))
            for identity, welcome in zip((self.pki.device(0), self.pki.new_device(0)), served):
                with self.subTest(name, welcome=welcome):
                    if welcome:
                        self.must_serve(identity)
                    else:
                        self.must_refuse(identity, "unknown_ca", "the name of a pinned CA but another key")
            self.gateway.stop()

    def own_fleet(self, **made):
        """A tenant CA of the test's own, and a device of it."""
        workshop = Workshop(self.directory / "made")
        name = hashlib.sha512(b"a device").hexdigest()

        def tenant(**how):
            return workshop.make(f"Microsoft Azure Sphere {GUID}", ca=True, **how)

        def device(ca):
            leaf = workshop.make(name, issuer=ca, days=(-0.003, 1))
            return Identity(name, str(leaf.certificate), str(leaf.key))

        return tenant, device

    def test_expired_old_ca_beside_the_new_one(self):
        tenant, device = self.own_fleet()
        old, new = tenant(key="p384", days=(-730, -1)), tenant(key="p384")
        for order in ((old, new), (new, old)):
            folder = self.directory / f"order-{order.index(old)}"
            folder.mkdir()
            for position, ca in enumerate(order):
                shutil.copy(ca.certificate, folder / f"{position}.pem")
            self.start_gateway(tenant_ca=folder)
            with self.subTest(old_at=order.index(old)):
                self.must_serve(device(new))
                self.must_refuse(device(old), "ca_expired", "expired 1 d")
            self.gateway.stop()

    def test_tenant_ca_with_a_p256_key(self):
        tenant, device = self.own_fleet()
        ca = tenant()
        self.start_gateway(tenant_ca=ca.certificate)
        for version in ("1.2", "1.3"):
            self.must_serve(device(ca), version)

    def test_another_tenant_under_the_same_root_that_sends_its_ca(self):
        self.start_gateway()
        for version in ("1.2", "1.3"):
            self.must_refuse(self.pki.variant("tenant_b_chain"), "unknown_ca", tls=version)

    def test_certificate_of_a_proof_of_possession(self):
        self.start_gateway()
        for version in ("1.2", "1.3"):
            self.must_refuse(self.pki.variant("pop"), "not_a_client_certificate", tls=version)


class Handshakes(AcceptanceTest):
    def test_server_name_absent_wrong_or_an_address(self):
        self.start_gateway()
        for version in ("1.2", "1.3"):
            for name in (None, "gateway.plant.example", "localhost", "127.0.0.1"):
                with self.subTest(sni=name, tls=version):
                    self.must_serve(self.pki.device(), version, server_name=name)
            for name in ("somebody.else.example", "x", "a" * 63 + ".example"):
                with self.subTest(sni=name, tls=version):
                    self.serve_named(name, version)

    def serve_named(self, name, version):
        """A device that says one name and does not compare it."""
        context = tls_context(self.pki.gateway_root, self.pki.device(), version)
        device = self.gateway.device(self.pki.device())
        device.pipe.tls = context.wrap_bio(device.pipe.incoming, device.pipe.outgoing, server_hostname=name)
        with device:
            device.connect()
            device.publish("", b"in")

    def test_tls_1_2_alone_with_a_leaf_signed_with_sha384(self):
        self.start_gateway()
        own = self.pki.device()
        text = subprocess.run(["openssl", "x509", "-in", own.certificate, "-noout", "-text"], capture_output=True, text=True, check=True).stdout
        self.assertIn("ecdsa-with-SHA384", text)
        self.must_serve(own, "1.2")

    def test_resumption_is_a_whole_handshake(self):
        self.start_gateway()
        own = self.pki.device()
        for version in ("1.2", "1.3"):
            context, session = tls_context(self.pki.gateway_root, own, version), None
            for turn in range(3):
                with self.subTest(tls=version, turn=turn):
                    device = self.gateway.device(own)
                    device.pipe.tls = context.wrap_bio(device.pipe.incoming, device.pipe.outgoing, session=session)
                    with device:
                        device.connect()
                        device.publish("", b"in")
                        self.assertFalse(device.pipe.tls.session_reused)
                        session = device.pipe.tls.session
        # Each was judged by its certificate.
        self.assertEqual(self.gateway.metric("tls_handshakes_total", result="ok"), 6)

    def test_wolfssl_over_tls_1_2_without_sni(self):
        count = 1000
        self.start_gateway()
        who = self.pki.device()
        done = subprocess.run([program("spheregate_wolfssl_client"), "127.0.0.1", str(self.gateway.port), self.pki.gateway_root,
                               who.certificate, who.key, who.device_id, str(count)],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("TLSv1.2", done.stdout)
        self.assertIn(f"acknowledged {count}", done.stdout)
        self.await_drained()
        found = self.hub.messages(who.device_id)
        self.assertEqual([message["payload"].decode() for message in found], [f'{{"number":{number}}}' for number in range(1, count + 1)])
        self.assertEqual([message["properties"] for message in found],
                         [[["n", str(number)], ["$.ct", "application/json"]] for number in range(1, count + 1)])
        username = self.hub.call("GET", "/connections")[-1]["username"]
        self.assertEqual(username, f"localhost/{who.device_id}/?api-version=2020-09-30&model-id=dtmi:e2e:sphere;1")


class Logins(AcceptanceTest):
    def test_username_with_any_host(self):
        """The certificate says who it is; the host is what the device was told to dial, and the hub gets its own name."""
        self.start_gateway()
        own = self.pki.device()
        for host in ("gateway.plant.example", "localhost", "127.0.0.1", "contoso.azure-devices.net"):
            with self.subTest(host), self.gateway.connected(own, username=f"{host}/{own.device_id}/?api-version=2020-09-30") as device:
                device.publish("", b"in")
                self.await_drained()
                visit = self.hub.connections(own.device_id)[-1]
                self.assertEqual(visit["username"], f"localhost/{own.device_id}/?api-version=2020-09-30")
                device.disconnect()

    def test_client_id_in_upper_case(self):
        self.start_gateway()
        own = self.pki.device()
        with self.assertRaises(Refused) as caught, self.gateway.device(own) as device:
            device.connect(client_id=own.device_id.upper())
        self.assertEqual(caught.exception.code, 5)
        wait_until(lambda: any("letter case" in line["reason"] for line in self.gateway.log_lines("device refused")), 10, "a line about the case")

    def test_client_id_of_128_characters_and_username_over_400_bytes(self):
        self.start_gateway()
        own = self.pki.device()
        self.assertEqual(len(own.device_id), 128)
        kind = "iothubclient%2F1.3.9%20%28native%3B%20AzureSphere%3B%20" + "x" * 200 + "%29"
        username = f"gateway.plant.example/{own.device_id}/?api-version=2020-09-30&DeviceClientType={kind}&model-id=dtmi%3Acom%3Aexample%3Aplant%3B1"
        self.assertGreater(len(username), 400)
        with self.gateway.connected(own, username=username, clean=False, keep_alive=240) as device:
            device.publish("", b"in")
        self.await_drained()
        self.assertEqual(self.hub.call("GET", "/connections")[-1]["username"], username.replace("gateway.plant.example", "localhost"))


class Clocks(AcceptanceTest):
    def start_with_clock(self, pki, behind):
        self.gateway = Gateway(self.directory, self.pki, self.hub.port, tenant_ca=pki.path("tenant-ca.d"))
        self.addCleanup(self.gateway.kill)
        self.gateway.env = {**os.environ, "LD_PRELOAD": str(PROGRAMS / "libspheregate_wrong_clock.so"), "WRONG_CLOCK_SECONDS": str(behind)}
        self.gateway.start()

    def minted(self, name, minutes_ago):
        subprocess.run([program("spheregate-testpki"), str(self.directory / name), "--devices", "1", "--issued-minutes-ago", str(minutes_ago)],
                       check=True, stdout=subprocess.DEVNULL)
        return Pki.existing(self.directory / name)

    def test_clock_ten_minutes_ahead(self):
        fresh, old = self.minted("fresh", 5), self.minted("old", 24 * 60 - 5)
        self.start_with_clock(fresh, -SKEW_SECONDS)
        self.must_serve(fresh.device())
        self.gateway.kill()
        self.start_with_clock(old, -SKEW_SECONDS)
        self.must_refuse(old.device(), "expired", "the gateway's clock says", "clock")

    def test_clock_ten_minutes_behind(self):
        fresh, older = self.minted("fresh", 5), self.minted("older", 30)
        self.start_with_clock(older, SKEW_SECONDS)
        self.must_serve(older.device())
        self.gateway.kill()
        # Azure Sphere's certificates are dated back five minutes, so a clock that is slower than that makes them a thing of the future.
        self.start_with_clock(fresh, SKEW_SECONDS)
        self.must_refuse(fresh.device(), "not_yet_valid", "the gateway's clock says", "timedatectl")


class Knockers(AcceptanceTest):
    DEVICES = 101
    SECONDS = 10

    def test_a_hundred_rejected_devices_that_knock_once_a_second(self):
        """The sample application does so for ever. The long run is in the attack test."""
        self.start_gateway(tenant_ca=self.pki.path("tenant-a-new.pem"))
        refused, ends = [self.pki.device(index) for index in range(1, self.DEVICES)], time.monotonic() + self.SECONDS
        contexts = [tls_context(self.pki.gateway_root, one, "1.2") for one in refused]
        knocks = [0] * len(refused)

        def knock(share):
            while time.monotonic() < ends:
                turn = time.monotonic()
                for index in share:
                    self.knock(contexts[index])
                    knocks[index] += 1
                time.sleep(max(0.0, turn + 1 - time.monotonic()))

        threads = [threading.Thread(target=knock, args=(range(begin, len(refused), 4),)) for begin in range(4)]
        for thread in threads:
            thread.start()
        with self.gateway.connected(self.pki.new_device(0)) as honest:
            for number in range(50):
                honest.publish("", str(number).encode())
                time.sleep(0.02)
            for thread in threads:
                thread.join()
            honest.publish("", b"still here")
        self.assertGreaterEqual(min(knocks), 2)
        self.assertEqual(self.gateway.metric("tls_handshakes_total", result="ok"), 1)
        self.hub.await_messages(self.pki.ids[0], 51)
        # A small burst of lines for each, not one a knock.
        self.assertLess(len(self.gateway.log_lines("device refused")), sum(knocks))

    def knock(self, context):
        with socket.create_connection(("127.0.0.1", self.gateway.port), 10) as plain:
            plain.settimeout(10)
            try:
                with context.wrap_socket(plain):
                    raise AssertionError("it was let in")
            except (ssl.SSLError, OSError):
                pass


if __name__ == "__main__":
    unittest.main()
