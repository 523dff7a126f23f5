"""MQTT 3.1.1 packets as bytes, just enough to be a device. It also makes packets that no honest device would send."""

import struct
from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 1, 2, 3, 4, 8, 9, 10, 11
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14


class Packet(NamedTuple):
    kind: int
    flags: int
    body: bytes

    @property
    def packet_id(self):
        return struct.unpack_from("!H", self.body)[0]


class Message(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    dup: bool
    retain: bool
    packet_id: int


class Will(NamedTuple):
    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("!H", len(data)) + data


def packet(kind, body=b"", flags=0):
    length, remaining = b"", len(body)
    while True:
        digit, remaining = remaining % 128, remaining // 128
        length += bytes([digit | (0x80 if remaining else 0)])
        if not remaining:
            return bytes([kind << 4 | flags]) + length + body


def connect(client_id, username=None, keep_alive=60, clean=True, will=None, level=4):
    flags = 0x02 if clean else 0
    payload = text(client_id)
    if will is not None:
        flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        payload += text(will.topic) + text(will.payload)
    if username is not None:
        flags |= 0x80
        payload += text(username)
    return packet(CONNECT, text("MQTT") + bytes([level, flags]) + struct.pack("!H", keep_alive) + payload)


def publish(topic, payload, qos=1, packet_id=1, dup=False, retain=False):
    flags = (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    number = struct.pack("!H", packet_id) if qos else b""
    return packet(PUBLISH, text(topic) + number + payload, flags)


def subscribe(packet_id, filters):
    body = struct.pack("!H", packet_id) + b"".join(text(name) + bytes([qos]) for name, qos in filters)
    return packet(SUBSCRIBE, body, flags=2)


def unsubscribe(packet_id, filters):
    return packet(UNSUBSCRIBE, struct.pack("!H", packet_id) + b"".join(text(name) for name in filters), flags=2)


def puback(packet_id):
    return packet(PUBACK, struct.pack("!H", packet_id))


def parse_publish(found):
    length = struct.unpack_from("!H", found.body)[0]
    topic, rest, qos = found.body[2:2 + length].decode(), found.body[2 + length:], found.flags >> 1 & 3
    packet_id = struct.unpack_from("!H", rest)[0] if qos else 0
    return Message(topic, rest[2:] if qos else rest, qos, bool(found.flags & 8), bool(found.flags & 1), packet_id)


def take(buffer):
    """The first whole packet of a bytearray, removed from it; None when there is none yet."""
    length, shift, at = 0, 0, 1
    while True:
        if at >= len(buffer):
            return None
        digit = buffer[at]
        length |= (digit & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not digit & 0x80:
            break
    if len(buffer) < at + length:
        return None
    found = Packet(buffer[0] >> 4, buffer[0] & 15, bytes(buffer[at:at + length]))
    del buffer[:at + length]
    return found
