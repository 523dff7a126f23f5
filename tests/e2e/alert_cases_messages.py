"""What goes wrong on the way of the messages: the uplink, the queue, the disk, the store."""

import os
import shutil
import sqlite3
import time

from alert_cases import case
from alert_site import PLANT_KEY
from harness import made_up_key, program, wait_until

GROUP_KEY, SCOPE = made_up_key("enrolment group"), "0ne00000A0A"


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
    site.gateway.wrapper = site.namespace('mount -t tmpfs -o size=48m none "$0" && exec "$@"', str(queue))
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


@case("StoreUnreadable", "UplinkDown", "QueueGrowing")
def store_out_of_reach(site):
    messages = 200
    site.set("queue", memory_max_bytes="1MiB")
    site.begin()
    site.hub.faults(outage=True)
    with site.gateway.connected(site.pki.device()) as device:
        device.publish_all(("", bytes(40_000)) for _ in range(messages))
    oldest = min((site.directory / "queue").glob("journal-*.seg"))
    away = oldest.rename(site.directory / oldest.name)
    site.hub.heal()
    site.fires("StoreUnreadable")
    away.rename(oldest)
    wait_until(lambda: site.gateway.metric("messages_delivered_total") == messages, 60, lambda: f"all messages at the hub:\n{site.gateway.tail()}")
    site.clears("StoreUnreadable")


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


@case("StateDamaged")
def state_damaged(site):
    site.begin()
    site.gateway.connected(site.pki.device(), clean=False).disconnect()
    site.gateway.kill()
    state = site.directory / "queue" / "state"
    (state / "state.db-wal").unlink(missing_ok=True)
    (state / "state.db").write_bytes(bytes(20000))
    site.start()
    site.fires("StateDamaged")
    site.clears("StateDamaged")


@case("SyncSlow", "UplinkDown", "QueueGrowing")
def disk_is_slow(site):
    site.env["LD_PRELOAD"] = program("libspheregate_slow_file.so")
    site.begin()
    site.hub.faults(outage=True)
    site.sends(0, pause=0.1)
    hold = site.directory / "queue" / "journal-0000000001.seg.hold"
    deadline = time.monotonic() + 120
    while ("SpheregateSyncSlow", site.target) not in site.ledger.now and time.monotonic() < deadline:
        hold.touch()
        time.sleep(0.7)
        hold.unlink()
        time.sleep(0.01)
    site.fires("SyncSlow")
    site.hub.heal()
    site.clears("SyncSlow")
