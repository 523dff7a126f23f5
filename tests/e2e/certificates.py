"""Certificates that spheregate-testpki does not make, by openssl: any dates, any names, any chain."""

import datetime
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

# A name of Azure Sphere has twice the characters that X.509 allows.
CONFIGURATION = """
openssl_conf = init
[init]
stbl_section = wide
[wide]
commonName = min:1,max:128,flags:nomask
[ca]
default_ca = here
[here]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
"""


class Issued(NamedTuple):
    certificate: Path
    key: Path

    def pem(self):
        return self.certificate.read_text()


def run(*arguments, configuration=None):
    env = {**os.environ, "OPENSSL_CONF": str(configuration)} if configuration else None
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0:
        raise AssertionError(f"openssl {' '.join(map(str, arguments))}: {done.stderr}")


def moment(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")


class Workshop:
    """Makes them in a directory of its own."""

    def __init__(self, folder):
        self.folder, self.count = Path(folder), 0
        self.folder.mkdir(parents=True, exist_ok=True)

    def make(self, name, issuer=None, san="", usage="", ca=False, key="ec", days=(-1, 365), digest="sha256"):
        """`days`: from and until, from now. `key`: ec, p384, or the bits of an RSA key. Without an issuer it signs itself."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        (folder / "index.txt").touch()
        (folder / "serial").write_text(os.urandom(8).hex() + "\n")
        configuration, extensions = folder / "openssl.cnf", folder / "extensions.cnf"
        configuration.write_text(CONFIGURATION.format(folder=folder))
        lines = ["basicConstraints = critical,CA:TRUE", "keyUsage = critical,keyCertSign,cRLSign"] if ca else ["basicConstraints = critical,CA:FALSE"]
        lines += [f"subjectAltName = {san}"] if san else []
        lines += [f"extendedKeyUsage = {usage}"] if usage else []
        extensions.write_text("\n".join(lines) + "\n")
        private, request, certificate = folder / "made.key", folder / "made.csr", folder / "made.pem"
        kind = ["EC", "-pkeyopt", f"ec_paramgen_curve:{'P-384' if key == 'p384' else 'P-256'}"] if isinstance(key, str) else [
            "RSA", "-pkeyopt", f"rsa_keygen_bits:{key}"]
        run("genpkey", "-algorithm", *kind, "-out", private)
        private.chmod(0o600)
        run("req", "-new", "-config", configuration, "-key", private, "-subj", f"/CN={name}", "-out", request, configuration=configuration)
        by = ["-selfsign", "-keyfile", private] if issuer is None else ["-cert", issuer.certificate, "-keyfile", issuer.key]
        run("ca", "-batch", "-notext", "-config", configuration, "-in", request, "-out", certificate, *by, "-md", digest,
            "-startdate", moment(days[0]), "-enddate", moment(days[1]), "-extfile", extensions, configuration=configuration)
        return Issued(certificate, private)

    def revocation_list(self, issuer, revoked=(), days=(-1, 30)):
        """The path of a PEM file."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        (folder / "serial").write_text("01\n")
        (folder / "crlnumber").write_text("01\n")
        lines = [f"R\t{moment(365)[2:]}\t{moment(-1)[2:]}\t{serial_of(one)}\tunknown\t/CN=gone\n" for one in revoked]
        (folder / "index.txt").write_text("".join(lines))
        configuration, made = folder / "openssl.cnf", folder / "list.pem"
        configuration.write_text(CONFIGURATION.format(folder=folder))
        run("ca", "-gencrl", "-config", configuration, "-cert", issuer.certificate, "-keyfile", issuer.key, "-md", "sha256",
            "-crl_lastupdate", moment(days[0]), "-crl_nextupdate", moment(days[1]), "-out", made, configuration=configuration)
        return made


def serial_of(issued):
    text = subprocess.run(["openssl", "x509", "-in", issued.certificate, "-noout", "-serial"], capture_output=True, text=True, check=True).stdout
    return text.strip().split("=")[1]
