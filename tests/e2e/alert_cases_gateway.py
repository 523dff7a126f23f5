"""What goes wrong with the gateway and its devices: trust, configuration, the door, the process."""

import base64
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from alert_cases import case
from alert_site import SCRAPE_PASSWORD
from certificates import Workshop
from device import Closed, GATEWAY_NAME, Refused
from harness import program, wait_until
from sites import WRONG_CLOCK
from soft_tpm import HANDLE, SoftTpm


# Trust.

@case("CertificateExpires", "CertificateExpiresSoon", "TenantCaExpires", "TenantCaExpiresSoon", "RevocationListStale")
def certificates_expire(site):
    workshop = Workshop(site.directory / "fleet")

    def last(days, list_days):
        """Days left of the server certificate, of the tenant CA and of the revocation list."""
        authority = workshop.make("Plant Devices", ca=True, days=(-1, days + 5))
        site.set("devices", identity="any", tenant_ca=str(authority.certificate), crl_policy="prefer",
                 crl=str(workshop.revocation_list(authority, days=(-40, list_days))))
        site.server(days=(-1, days))

    last(20, -1)
    site.begin()
    site.fires("CertificateExpires", "TenantCaExpires", "RevocationListStale")
    last(1, 10)
    site.fires("CertificateExpiresSoon", "TenantCaExpiresSoon")
    site.clears("CertificateExpires", "TenantCaExpires", "RevocationListStale")
    last(200, 10)
    site.clears("CertificateExpiresSoon", "TenantCaExpiresSoon")


@case("RenewalFails")
def server_certificate_not_renewed(site):
    made = site.directory / "by-init"
    subprocess.run([program("spheregate"), "init", "--hostname", GATEWAY_NAME, "--dir", str(made)], capture_output=True, check=True,
                   env={**os.environ, "LD_PRELOAD": str(WRONG_CLOCK), "WRONG_CLOCK_SECONDS": str(300 * 86400)})
    site.set("tls", certificate=str(made / "tls/server.pem"), private_key=str(made / "tls/server.key"), authority=str(made / "authority"))
    root = made / "authority/root-1.key"
    key = root.read_text()
    root.write_text("oops")
    site.begin()
    site.gateway.process.send_signal(signal.SIGHUP)
    site.fires("RenewalFails")
    root.write_text(key)
    site.gateway.process.send_signal(signal.SIGHUP)
    wait_until(lambda: site.gateway.metric("certificate_renewals_total", result="ok") == 1, 30, site.gateway.tail)
    site.clears("RenewalFails")


@case("ServerKeyFails", "HandshakesFail")
def tpm_lost(site):
    def tpm(name):
        folder = site.directory / name
        folder.mkdir()
        made = SoftTpm(folder)
        site.beside.append(made)
        made.keep(site.pki.path("gateway.key"), HANDLE)
        site.env["TPM2OPENSSL_TCTI"] = made.tcti
        return made

    lost = tpm("lost")
    site.set("tls", private_key=HANDLE)
    site.begin()
    lost.kill()
    deadline = time.monotonic() + 60
    while ("SpheregateServerKeyFails", site.target) not in site.ledger.now and time.monotonic() < deadline:
        try:
            site.gateway.connected(site.pki.device(1)).close()
        except (Closed, Refused, OSError):
            pass
        time.sleep(1)
    site.fires("ServerKeyFails")
    tpm("found")
    site.restart()
    site.gateway.connected(site.pki.device(1)).disconnect()
    site.clears("ServerKeyFails")


@case("ClockBehind")
def clock_behind(site):
    site.env["WRONG_CLOCK_SECONDS"] = str(10 * 365 * 86400)
    site.begin()
    site.fires("ClockBehind")
    del site.env["WRONG_CLOCK_SECONDS"]
    site.restart()
    site.clears("ClockBehind")


@case("GraceInUse")
def certificates_not_renewed(site):
    site.set("devices", expired_grace="72h")
    site.start()
    site.gateway.connected(site.pki.device()).disconnect()
    wait_until(lambda: site.gateway.metric("known_devices") == 1, 20, "a known device")
    site.gateway.stop()
    site.env["WRONG_CLOCK_SECONDS"] = str(-30 * 3600)
    site.begin()
    site.gateway.connected(site.pki.device()).disconnect()
    site.fires("GraceInUse")
    site.clears("GraceInUse")


@case("ConfigNotReloaded", "RestartNeeded")
def change_not_taken(site):
    site.begin()
    good = site.gateway.config.read_text()
    site.gateway.config.write_text(good + "extra: 1\n")
    site.fires("ConfigNotReloaded")
    site.gateway.config.write_text(good.replace("connect_rate: 80", "connect_rate: 70"))
    site.clears("ConfigNotReloaded")
    site.fires("RestartNeeded")
    site.restart()
    site.clears("RestartNeeded")


# Devices.

@case("HandshakesFail", "ConnectsRefused")
def devices_refused(site):
    site.begin()
    for _ in range(40):
        for attempt in (lambda: site.gateway.connected(site.pki.variant("tenant_b")),
                        lambda: site.gateway.connected(site.pki.device(), client_id="somebody-else")):
            try:
                attempt().close()
            except (Closed, Refused, OSError):
                pass
        time.sleep(0.5)
    site.fires("HandshakesFail", "ConnectsRefused")
    site.clears("HandshakesFail", "ConnectsRefused")


@case("DevicesGone")
def most_devices_leave(site):
    site.begin()
    devices = [site.gateway.connected(site.pki.device(index)) for index in range(12)]
    wait_until(lambda: dict_of(site, "spheregate_devices_connected") == 12, 20, "a scrape with all devices")
    for device in devices[:8]:
        device.close()
    site.fires("DevicesGone")
    devices[:8] = [site.gateway.connected(site.pki.device(index)) for index in range(8)]
    site.clears("DevicesGone")
    for device in devices:
        device.close()


def dict_of(site, series):
    """What Prometheus has of this gateway."""
    return dict((labels["instance"], value) for labels, value in site.ledger.server.query(series)).get(site.target)


# The process.

@case("Down", "Restarts")
def gateway_killed(site):
    site.begin()
    site.gateway.kill()
    site.fires("Down")
    site.start()
    site.clears("Down")
    for _ in range(3):
        site.restart()
        time.sleep(3)  # Prometheus has to see each
    site.fires("Restarts")
    site.clears("Restarts")


@case("WrongPasswords")
def passwords_tried(site):
    site.set("http", user="prometheus", password_file=site.gateway.secret("http.password", SCRAPE_PASSWORD + "\n"))
    site.begin()
    for guess in range(15):
        with socket.create_connection(tuple_of(site.target), 10) as connection:
            login = base64.b64encode(f"prometheus:{guess}".encode()).decode()
            connection.sendall(f"GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {login}\r\n\r\n".encode())
            wait_until(lambda: not connection.recv(4096), 20, "an answer")
        time.sleep(0.5)
    site.fires("WrongPasswords")
    site.clears("WrongPasswords")


def tuple_of(target):
    host, port = target.rsplit(":", 1)
    return host, int(port)


@case("FilesNearLimit", "NoSockets")
def files_run_out(site):
    site.gateway.wrapper = ["prlimit", "--nofile=64:64"]
    site.begin()
    held = [None] * (64 - 5 - int(site.gateway.metric("process_open_fds")))
    deadline = time.monotonic() + 100
    while ("SpheregateFilesNearLimit", site.target) not in site.ledger.now and time.monotonic() < deadline:
        for at, old in enumerate(held):  # one that says nothing is closed after ten seconds
            if old:
                old.close()
            held[at] = socket.create_connection(tuple_of(site.target), 5)
        time.sleep(4)
    site.fires("FilesNearLimit")
    # The rest of them, and then somebody at the other door.
    held += [socket.create_connection(tuple_of(site.target), 5) for _ in range(5)]
    held += [socket.create_connection(("127.0.0.1", site.port), 5) for _ in range(3)]
    site.fires("NoSockets")
    for one in held:
        one.close()
    site.clears("FilesNearLimit", "NoSockets")


@case("MemoryNearLimit")
def memory_runs_out(site):
    """Control groups as the gateway sees them, in a mount namespace that only it has."""
    site.gateway.wrapper = site.namespace('mount -t tmpfs none /sys/fs/cgroup && exec "$@"', "memory_runs_out")
    site.begin()
    limit = Path(f"/proc/{site.gateway.process.pid}/root/sys/fs/cgroup/memory.max")
    limit.write_text(str(int(site.gateway.metric("process_resident_memory_bytes") / 0.9)))
    site.fires("MemoryNearLimit")
    limit.write_text("max")
    site.clears("MemoryNearLimit")


@case("LoopSlow", "Down")
def loop_held_up(site):
    site.begin()
    deadline = time.monotonic() + 100
    while ("SpheregateLoopSlow", site.target) not in site.ledger.now and time.monotonic() < deadline:
        site.gateway.process.send_signal(signal.SIGSTOP)
        time.sleep(0.6)
        site.gateway.process.send_signal(signal.SIGCONT)
        time.sleep(0.15)
    site.fires("LoopSlow")
    site.clears("LoopSlow")
