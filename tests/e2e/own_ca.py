"""Server certificates that are made while a test runs, all of one root that the test's devices trust."""

import os
import shutil
import subprocess
from pathlib import Path


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def replace(target, text):
    """As careful tools write: beside it, then renamed over it."""
    target = Path(target)
    beside = target.with_name(f".{target.name}.new")
    beside.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.chmod(beside, 0o600)
    os.replace(beside, target)


class OwnCa:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir()
        self.root, self.count = self.directory / "root.pem", 0
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "800", "-subj", "/CN=Test Root",
                "-keyout", str(self.directory / "root.key"), "-out", str(self.root))

    def server(self, days=400):
        """(certificate with its issuer, key), as bytes."""
        self.count += 1
        key, request, leaf, names = (self.directory / f"{self.count}{ending}" for ending in (".key", ".csr", ".pem", ".ext"))
        names.write_text("subjectAltName=DNS:gateway.plant.example,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=gateway.plant.example",
                "-keyout", str(key), "-out", str(request))
        openssl("x509", "-req", "-in", str(request), "-CA", str(self.root), "-CAkey", str(self.directory / "root.key"), "-days", str(days),
                "-set_serial", str(self.count), "-extfile", str(names), "-out", str(leaf))
        return leaf.read_bytes() + self.root.read_bytes(), key.read_bytes()


class Material:
    """Everything a gateway can be reloaded with, in files of the test's own."""

    def __init__(self, directory, pki):
        self.pki, self.directory = pki, Path(directory)
        self.certificate, self.key = self.directory / "server.pem", self.directory / "server.key"
        self.cas, self.lists = self.directory / "tenant-ca.d", self.directory / "crl.d"
        self.deny, self.allow = self.directory / "deny.txt", self.directory / "allow.txt"
        self.own = OwnCa(self.directory / "own-ca")
        self.show(*self.own.server())
        for folder in (self.cas, self.lists):
            folder.mkdir()
        shutil.copy(pki.path("tenant-ca.d/tenant-a.pem"), self.cas / "old.pem")
        self.deny.write_text("# nobody\n")

    def show(self, certificate, key):
        """Two files, one after the other."""
        replace(self.certificate, certificate)
        replace(self.key, key)

    def trust_new(self):
        replace(self.cas / "new.pem", self.pki.path("tenant-a-new.pem").read_bytes())

    def extra(self, **devices):
        """For Gateway(extra=...)."""
        return {"tls": {"certificate": str(self.certificate), "private_key": str(self.key)},
                "devices": {"tenant_ca": str(self.cas), "deny_file": str(self.deny), **devices}}
