#!/usr/bin/env python3
"""testssl.sh against the gateway's door: ends with 1 when it finds anything above LOW that is not explained here."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import Gateway, Hubsim, Pki

# What a scanner of web sites says of a private PKI. Devices pin the gateway's root, and there is nobody to ask about revocation.
EXPLAINED = {
    "cert_trust": "the scanner dials an address; devices dial a name of the certificate",
    "cert_chain_of_trust": "the root is the gateway's own, which devices carry",
    "cert_revocation": "the gateway's own PKI has no revocation service; a certificate is replaced",
    "cert_crlDistributionPoints": "as above",
    "DNS_CAArecord": "for public CAs",
    "overall_grade": "of a web site",
}
SEVERE = ("MEDIUM", "HIGH", "CRITICAL")


def main():
    scanner = shutil.which("testssl") or shutil.which("testssl.sh")
    if not scanner:
        sys.exit("tls_scan: install the package testssl.sh")
    directory = Path(tempfile.mkdtemp(prefix="spheregate-scan-"))
    pki = Pki(directory / "pki")
    hub = Hubsim(directory, pki)
    gateway = Gateway(directory, pki, hub.port)
    report = directory / "testssl.json"
    try:
        gateway.start()
        subprocess.run([scanner, "--quiet", "--color", "0", "--warnings", "off", "--openssl-timeout", "20", "-p", "-s", "-f", "-P", "-S",
                        "-U", "--add-ca", pki.gateway_root, "--jsonfile", str(report), f"127.0.0.1:{gateway.port}"],
                       stdout=(directory / "testssl.log").open("w"), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
        alive = gateway.running
    finally:
        gateway.kill()
        hub.kill()
    findings = json.loads(report.read_text())
    counts, faults = {}, []
    for finding in findings:
        severity, name = finding["severity"], finding["id"].split(" ")[0]
        counts[severity] = counts.get(severity, 0) + 1
        if severity in SEVERE:
            known = EXPLAINED.get(name)
            print(f"{severity:<10}{finding['id']}: {finding['finding']}" + (f" (expected: {known})" if known else ""))
            faults += [] if known else [name]
    print("testssl.sh: " + ", ".join(f"{count} {severity}" for severity, count in sorted(counts.items())))
    if not alive:
        faults.append("the gateway ended")
    # Whoever scans nothing finds nothing.
    if not any(finding["id"] == "TLS1_2" for finding in findings) or not any(finding["id"] == "secure_client_renego" for finding in findings):
        faults.append("the scan is not complete")
    print(f"nothing above LOW that is not explained; {report}" if not faults else f"FAULT: {', '.join(faults)}; see {directory}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
