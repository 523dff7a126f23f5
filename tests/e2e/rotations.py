#!/usr/bin/env python3
"""A hundred rotations each of server certificate, tenant CAs, revocation list and deny file, under a connected fleet.

After each the time is taken until a new handshake meets the new material. Nobody but the one device that is denied, revoked or without
its CA may lose its connection, and a broken file must change nothing but the metric.
"""

import argparse
import hashlib
import shutil
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path

from device import Closed, Device
from fleet import Fleet, allow_files
from harness import Gateway, Hubsim, Pki
from own_ca import Material, replace

NEW_MATERIAL_MAX = 1.0  # seconds until a new handshake meets it
ENDED_MAX = 5.0         # seconds until a session ends that may not go on
WAIT = 30.0


class Site:
    def __init__(self, directory, devices):
        self.directory = Path(directory)
        self.pki = Pki(self.directory / "pki", devices + 1)
        self.hub = Hubsim(self.directory, self.pki, record=False)
        self.material = Material(self.directory, self.pki)
        shutil.copy(self.pki.path("crls/nobody.crl"), self.material.lists / "a.crl")
        extra = self.material.extra(crl=str(self.material.lists), crl_policy="prefer")
        self.gateway = Gateway(self.directory, self.pki, self.hub.port, connect_rate=1000, extra=extra)
        self.gateway.start()
        self.fleet = Fleet(self.gateway.port, self.material.own.root, pause=max(1.0, devices / 200))
        for index in range(1, devices + 1):
            self.fleet.add(self.pki.device(index))

    def close(self):
        self.fleet.close()
        self.gateway.kill()
        self.hub.kill()

    def shown(self):
        """The certificate that a new handshake is shown."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(str(self.material.own.root))
        one = self.pki.device(1)
        context.load_cert_chain(one.certificate, one.key)
        with socket.create_connection(("127.0.0.1", self.gateway.port), WAIT) as plain:
            with context.wrap_socket(plain, server_hostname="gateway.plant.example") as tls:
                return hashlib.sha256(tls.getpeercert(True)).hexdigest()

    def admits(self, identity):
        """The device, connected, or None when it is refused."""
        device = Device(identity, self.gateway.port, str(self.material.own.root))
        try:
            return device.connect()
        except Closed:
            device.close()
            return None

    def reloads(self, result):
        return self.gateway.metric("config_reloads_total", result=result)


def sha256_of(pem):
    first = pem.decode().split("-----END")[0] + "-----END CERTIFICATE-----\n"
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


class Kind:
    """One kind of material: `turn` changes it and answers how long a new handshake did not notice."""

    def __init__(self, site):
        self.site, self.guest, self.ended = site, None, []

    def until(self, condition, began, what):
        while not condition():
            if time.monotonic() - began > WAIT:
                raise AssertionError(f"not within {WAIT:g} s: {what}")
            self.site.fleet.run(0.0)
        return time.monotonic() - began


class ServerCertificate(Kind):
    name = "server certificate"

    def turn(self, number):
        certificate, key = self.site.material.own.server()
        self.site.material.show(certificate, key)
        began = time.monotonic()
        wanted = sha256_of(certificate)
        return self.until(lambda: self.site.shown() == wanted, began, "the new certificate")

    def spoil(self):
        return self.site.material.certificate, b"-----BEGIN CERTIFICATE-----\nnonsense\n"


class OnAndOff(Kind):
    """Material that lets one device in and keeps it out, in turns. While it is in it stays connected, and must go in time."""

    def turn(self, number):
        opens = number % 2 == 0
        (self.open if opens else self.shut)()
        began = time.monotonic()
        if opens:
            def admitted():
                self.guest = self.site.admits(self.identity())
                return self.guest
            return self.until(admitted, began, "the device to be admitted")
        took = self.until(lambda: not self.still_admitted(), began, "the device to be refused")
        if self.guest:
            self.guest.await_close(WAIT)
            self.ended.append(time.monotonic() - began)
            self.guest = None
        return took

    def still_admitted(self):
        # Another device of the same kind, so that it does not take the guest's place.
        other = self.site.admits(self.identity())
        if other:
            self.guest.close()
            self.guest = other
        return other


class TenantCas(OnAndOff):
    name = "tenant CAs"

    def identity(self):
        return self.site.pki.new_device(0)

    def open(self):
        self.site.material.trust_new()

    def shut(self):
        (self.site.material.cas / "new.pem").unlink()

    def spoil(self):
        return self.site.material.cas / "old.pem", b"<html>Sign in</html>"


class RevocationList(OnAndOff):
    name = "revocation list"

    def identity(self):
        return self.site.pki.device(0)

    def open(self):
        replace(self.site.material.lists / "a.crl", self.site.pki.path("crls/nobody.crl").read_bytes())

    def shut(self):
        replace(self.site.material.lists / "a.crl", self.site.pki.path("crls/first.crl").read_bytes())

    def spoil(self):
        return self.site.material.lists / "a.crl", b"nonsense"


class DenyFile(OnAndOff):
    name = "deny file"

    def identity(self):
        return self.site.pki.device(0)

    def open(self):
        replace(self.site.material.deny, "# nobody\n")

    def shut(self):
        replace(self.site.material.deny, self.site.pki.ids[0] + "\n")

    def spoil(self):
        return self.site.material.deny, b"not a device id\n"


def broken(site, kind):
    """A broken file: the old stays, the metric moves, and the good one is taken again."""
    file, text = kind.spoil()
    good, errors = file.read_bytes(), site.reloads("error")
    shown = site.shown()
    replace(file, text)
    site.fleet.run_until(lambda: site.reloads("error") > errors, WAIT, f"the metric for a broken {kind.name}")
    if site.shown() != shown or site.gateway.metric("config_last_reload_successful") != 0:
        raise AssertionError(f"a broken {kind.name} changed what is in force")
    visitor = site.admits(site.pki.device(0))
    if visitor is None:
        raise AssertionError(f"a broken {kind.name} keeps devices out")
    visitor.disconnect()
    taken = site.reloads("ok")
    replace(file, good)
    site.fleet.run_until(lambda: site.reloads("ok") > taken, WAIT, f"the good {kind.name} again")


def run(devices, rotations, out=print):
    """Prints the table; the list of what was not as it must be."""
    faults = []
    allow_files(devices * 2 + 200)
    directory = Path(tempfile.mkdtemp(prefix="spheregate-rotations-"))
    site = Site(directory, devices)
    try:
        site.fleet.run(1.0)
        out(f"{devices} devices connected, {rotations} rotations each; seconds until a new handshake meets the new material")
        out(f"{'':20} {'p50':>7} {'p99':>7} {'max':>7}   {'ended':>6}  disconnected")
        for make in (ServerCertificate, TenantCas, RevocationList, DenyFile):
            kind, times = make(site), []
            before = len(site.fleet.lost())
            for number in range(rotations):
                times.append(kind.turn(number))
                site.fleet.run(0.01)
            if isinstance(kind, OnAndOff):
                kind.turn(0)
                kind.guest.close()
            broken(site, kind)
            lost = len(site.fleet.lost()) - before
            times.sort()
            p50, p99 = times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)]
            ended = f"{max(kind.ended):.2f}" if kind.ended else "-"
            out(f"{kind.name:20} {p50:7.3f} {p99:7.3f} {times[-1]:7.3f}   {ended:>6}  {lost}")
            if times[-1] >= NEW_MATERIAL_MAX:
                faults.append(f"{kind.name}: {times[-1]:.2f} s until a new handshake met it")
            if kind.ended and max(kind.ended) >= ENDED_MAX:
                faults.append(f"{kind.name}: {max(kind.ended):.2f} s until a session ended")
            if lost:
                faults.append(f"{kind.name}: {lost} devices lost their connection")
        site.fleet.settle()
        acknowledged = sum(one.acknowledged for one in site.fleet.members)
        out(f"{acknowledged} messages acknowledged meanwhile; reloads: {site.reloads('ok'):.0f} taken, {site.reloads('error'):.0f} refused")
        if site.gateway.metric("devices_connected") < devices:
            faults.append("the gateway counts fewer devices than there are")
        if not acknowledged:
            faults.append("no message was acknowledged")
    finally:
        site.close()
        shutil.rmtree(directory, ignore_errors=True)
    return faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--rotations", type=int, default=100)
    chosen = parser.parse_args()
    found = run(chosen.devices, chosen.rotations)
    print("\n".join(found) or "all as it must be")
    sys.exit(1 if found else 0)
