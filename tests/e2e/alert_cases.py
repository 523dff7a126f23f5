"""Faults for the run of the alerts. Each has a gateway of its own, breaks it, waits for its alerts, mends it, and waits until they clear."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

from alert_site import PLANT_KEY
from certificates import Workshop
from device import Closed, Refused
from harness import made_up_key, wait_until

CASES = []
GROUP_KEY, SCOPE = made_up_key("enrolment group"), "0ne00000A0A"


def case(*expected, registry=None):
    """All alerts that may fire at this gateway. `registry` of the hub, where it is not the usual one."""
    def add(deed):
        deed.expected, deed.registry = set(expected), registry
        CASES.append(deed)
        return deed
    return add


# The uplink.

@case("UplinkDown", "QueueGrowing")
def uplink_cut(site):
    site.begin()
    site.sends(0)
    wait_until(lambda: site.gateway.metric("upstream_connected") == 1, 20, "the uplink")
    site.hub.faults(outage=True)
    site.fires("UplinkDown", "QueueGrowing")
    site.hub.heal()
    site.clears("UplinkDown", "QueueGrowing")


@case("UplinkStalls", "QueueGrowing")
def hub_does_not_acknowledge(site):
    site.set("upstream", ack_timeout="1s")
    site.begin()
    site.sends(0)
    site.hub.faults(puback_loss=1)
    site.fires("UplinkStalls")
    site.hub.heal()
    site.clears("UplinkStalls")


@case("HubRefuses", "UplinkDown", "QueueGrowing")
def hub_refuses_the_key(site):
    site.begin()
    site.hub.faults(refuse_connack=5)
    for index in range(6):
        site.sends(index)
    site.fires("HubRefuses", "UplinkDown")
    site.hub.heal()
    site.restart()  # as after the right key
    site.clears("HubRefuses", "UplinkDown")


@case("HubThrottles", "UplinkDown", "QueueGrowing", "QueueStuck")
def quota_used_up(site):
    site.begin()
    for index in range(8):
        site.sends(index, pause=0.3)
    site.hub.faults(quota_exceeded=True)
    site.fires("HubThrottles")
    site.hub.heal()
    site.clears("HubThrottles")


@case("ProvisioningFails", "UplinkDown", "QueueGrowing",
      registry=lambda pki: {"dps": {"id_scope": SCOPE, "groups": [{"name": "plant", "key": GROUP_KEY}]}})
def provisioning_service_away(site):
    site.set("upstream", auth={"type": "dps_group", "id_scope": SCOPE, "group_key_file": site.gateway.secret("group.key", GROUP_KEY),
                               "endpoint": f"localhost:{site.hub.dps_port}"})
    site.begin()
    site.hub.faults(dps_outage=True)
    site.sends(0)
    site.fires("ProvisioningFails")
    site.hub.faults(dps_outage=False)
    site.clears("ProvisioningFails")


@case("CloudMessagesLost")
def cloud_messages_without_a_target(site):
    site.set("upstream", mode="shared", auth={"type": "gateway_sas", "device_id": "plant", "key_file": site.gateway.secret("plant.key", PLANT_KEY)})
    site.begin()
    wait_until(lambda: site.gateway.metric("upstream_connected") == 1 or site.gateway.metric("upstream_sessions") == 1, 20, "the uplink")
    site.hub.send_to("plant", b"to whom?")
    site.fires("CloudMessagesLost")
    site.clears("CloudMessagesLost")


# The queue and the disk.

@case("QueueFilling", "QueueNearLimit", "DevicesHeld", "UplinkDown", "QueueGrowing")
def queue_fills(site):
    site.set("queue", max_bytes="16MiB")
    site.begin()
    site.hub.faults(outage=True)
    site.sends(0, size=40_000, pause=0.1)
    site.fires("QueueFilling", "QueueNearLimit", "DevicesHeld")
    site.hub.heal()
    site.clears("DevicesHeld", "QueueNearLimit", "QueueFilling")


@case("DiskFilling", "DiskNearlyFull", "StoreClosed", "StateNotStored", "UplinkDown", "QueueFilling", "QueueGrowing")
def disk_fills(site):
    """A file system of its own, in a mount namespace that only the gateway has."""
    queue = site.directory / "queue"
    queue.mkdir(mode=0o700)
    own = ["unshare", "-m" if os.geteuid() == 0 else "-rm"]
    mount = [*own, "sh", "-c", 'mount -t tmpfs -o size=48m none "$0" && exec "$@"', str(queue)]
    if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode != 0:
        site.skip("a mount namespace cannot be made here")
    site.gateway.wrapper = mount
    site.set("queue", max_bytes="64MiB")
    site.begin()
    ballast = f"/proc/{site.gateway.process.pid}/root{queue}/ballast"
    with open(ballast, "ab", buffering=0) as file:
        for _ in range(44):
            file.write(bytes(1 << 20))
            time.sleep(1)
        site.fires("DiskFilling", "DiskNearlyFull")
        site.hub.faults(outage=True)
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
    site.sends(0, size=50_000, pause=0.1)
    site.fires("StoreClosed", "StateNotStored")
    os.remove(ballast)
    site.hub.heal()
    site.restart()
    site.clears("StoreClosed", "DiskNearlyFull", "DiskFilling", "StateNotStored")


@case("MessagesDropped", "MessagesExpired", "MessagesDeadLettered", "UplinkDown", "QueueNearLimit", "QueueFilling", "QueueGrowing")
def messages_are_given_up(site):
    site.set("queue", max_bytes="8MiB", when_full="drop_newest", message_ttl="10s")
    site.begin()
    site.hub.faults(outage=True)
    sender = site.sends(0, size=200_000, pause=0.05)
    site.fires("MessagesDropped", "MessagesExpired")
    sender.over.set()
    site.hub.heal()
    site.hub.faults(poison_property="poison")
    with site.gateway.connected(site.pki.device(1)) as device:
        for suffix in ("n=1", "poison=1", "n=2"):
            device.publish(suffix, b"x")
    site.fires("MessagesDeadLettered")
    site.hub.heal()
    site.clears("MessagesDropped", "MessagesExpired", "MessagesDeadLettered")


@case("QueueStuck", "QueueGrowing", registry=lambda pki: {"accept_unknown_devices": False, "devices": [{"id": pki.ids[0]}]})
def one_device_is_not_in_the_hub(site):
    site.begin()
    site.sends(0)
    with site.gateway.connected(site.pki.device(1)) as device:
        device.publish("", b"waits")
    site.fires("QueueStuck")
    site.hub.register(site.pki.ids[1])
    site.clears("QueueStuck")


@case("StoreQuarantined", "MessagesDropped", "UplinkDown", "QueueGrowing")
def store_tampered_with(site):
    site.begin()
    site.hub.faults(outage=True)
    with site.gateway.connected(site.pki.device()) as device:
        device.publish_all((f"n={number}", b"promised" * 100) for number in range(200))
    site.gateway.stop()
    segment = max((site.directory / "queue").glob("journal-*.seg"), key=lambda one: one.stat().st_size)
    content = bytearray(segment.read_bytes())
    middle = content.find(b"promised", len(content) // 2)
    content[middle] ^= 0xFF
    segment.write_bytes(content)
    site.start()
    site.hub.heal()
    site.fires("StoreQuarantined", "MessagesDropped")
    for file in (site.directory / "queue" / "quarantine").iterdir():
        file.unlink()
    site.clears("StoreQuarantined", "MessagesDropped")


@case("StateUnusable")
def state_of_a_newer_version(site):
    folder = site.directory / "queue" / "state"
    folder.mkdir(parents=True, mode=0o700)
    with sqlite3.connect(folder / "state.db") as newer:
        newer.execute("PRAGMA user_version = 99")
        newer.execute("CREATE TABLE later (key, value)")
    newer.close()
    site.begin()
    site.fires("StateUnusable")
    shutil.rmtree(folder)
    site.restart()
    site.clears("StateUnusable")


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


@case("FilesNearLimit")
def files_run_out(site):
    site.gateway.wrapper = ["prlimit", "--nofile=64:64"]
    site.begin()
    address = site.target.split(":")
    held = [None] * (64 - 5 - int(site.gateway.metric("process_open_fds")))
    deadline = time.monotonic() + 100
    while ("SpheregateFilesNearLimit", site.target) not in site.ledger.now and time.monotonic() < deadline:
        for at, old in enumerate(held):  # one that says nothing is closed after ten seconds
            if old:
                old.close()
            held[at] = socket.create_connection((address[0], int(address[1])), 5)
        time.sleep(4)
    site.fires("FilesNearLimit")
    for one in held:
        one.close()
    site.clears("FilesNearLimit")


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
