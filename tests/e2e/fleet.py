"""Hundreds of devices in one process that publish numbered messages and notice when they are disconnected."""

import resource
import selectors
import struct
import time

import mqtt_packets as mqtt
from device import Closed, Device

KEEP_ALIVE = 600  # nobody pings


def allow_files(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


class Member:
    def __init__(self, identity):
        self.identity, self.device = identity, None
        self.sent = self.acknowledged = 0
        self.due = 0.0
        self.lost = None  # why its connection ended, when it did so by itself


class Fleet:
    """One message of a device is on its way at a time. Time passes for the devices only in `run` and `run_until`."""

    def __init__(self, port, ca, pause=0.5):
        self.port, self.ca, self.pause = port, str(ca), pause
        self.members, self.selector = [], selectors.DefaultSelector()

    def add(self, identity):
        member = Member(identity)
        member.due = time.monotonic() + self.pause * (len(self.members) % 97) / 97
        self.members.append(member)
        self.connect(member)
        return member

    def connect(self, member):
        member.device = Device(member.identity, self.port, self.ca).connect(keep_alive=KEEP_ALIVE)
        self.selector.register(member.device.pipe.socket, selectors.EVENT_READ, member)

    def leave(self, member):
        """As a device that goes of its own will, with nothing on its way."""
        self.run_until(lambda: member.sent == member.acknowledged or member.lost, 30, hold=member)
        self.selector.unregister(member.device.pipe.socket)
        member.device.disconnect()

    def move(self, member, identity):
        """The device has a new certificate and connects with it."""
        self.leave(member)
        member.identity = identity
        self.connect(member)

    def run(self, seconds):
        end = time.monotonic() + seconds
        while True:
            self._turn(max(0.0, min(0.02, end - time.monotonic())))
            if time.monotonic() >= end:
                return

    def run_until(self, condition, timeout, what="", hold=None):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout:g} s: {what}")
            self._turn(0.01, hold)

    def settle(self, timeout=60.0):
        """Everything that is on its way has been acknowledged."""
        pause, self.pause = self.pause, 1e9
        for member in self.members:
            member.due = time.monotonic() + 1e9
        self.run_until(lambda: all(one.lost or one.sent == one.acknowledged for one in self.members), timeout, "all PUBACKs")
        self.pause = pause

    def lost(self):
        return [one for one in self.members if one.lost]

    def close(self):
        for member in self.members:
            if member.device:
                member.device.close()
        self.selector.close()

    def _turn(self, wait, hold=None):
        now = time.monotonic()
        for member in self.members:
            if member.due <= now and member is not hold and not member.lost and member.sent == member.acknowledged:
                self._publish(member, now)
        for key, _ in self.selector.select(wait):
            self._hear(key.data)

    def _publish(self, member, now):
        member.due = now + self.pause
        member.sent += 1
        packet_id = (member.sent - 1) % 65535 + 1
        try:
            member.device.send(mqtt.publish(member.device.prefix, struct.pack("!Q", member.sent), 1, packet_id))
        except (Closed, OSError) as error:
            self._lose(member, error)

    def _hear(self, member):
        try:
            while True:
                packet = member.device.receive(0.0)
                if packet is None:
                    return
                if packet.kind == mqtt.PUBACK:
                    if packet.packet_id != (member.acknowledged % 65535) + 1:
                        raise AssertionError(f"PUBACK {packet.packet_id} after {member.acknowledged} messages")
                    member.acknowledged += 1
        except (Closed, OSError) as error:
            self._lose(member, error)

    def _lose(self, member, error):
        if member.lost is None:
            member.lost = error
            self.selector.unregister(member.device.pipe.socket)


def numbers_at(hub, device_id):
    return [struct.unpack("!Q", message["payload"])[0] for message in hub.messages(device_id)]
