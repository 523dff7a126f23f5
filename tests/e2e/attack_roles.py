"""The actors of attack.py that speak TLS, each a process of its own: `python3 attack_roles.py ROLE SETTINGS`, until SIGTERM.

honest     devices that publish; prints a line of JSON: [when it was sent, seconds to the PUBACK] of every message, and those without one
rejected   devices that are refused, each once a second for ever, as the sample app of Azure Sphere does
crumbs     devices with good certificates that send their CONNECT a byte at a time
chains     devices that send a hundred certificates
"""

import ctypes
import json
import selectors
import signal
import sys
import threading
import time

import mqtt_packets as mqtt
from device import API, GATEWAY_NAME, Closed, Device, Identity, Refused

EXPECTED = (Closed, Refused, OSError, TimeoutError)
PR_SET_PDEATHSIG = 1


class Ended(Exception):
    pass


def end(*_):
    raise Ended


def honest(settings):
    devices = [Device(Identity(*one), settings["port"], settings["ca"], source=f"127.1.0.{number + 1}").connect(keep_alive=600)
               for number, one in enumerate(settings["identities"])]
    selector = selectors.DefaultSelector()
    for device in devices:
        device.sent = {}
        selector.register(device.pipe.socket, selectors.EVENT_READ, device)
    measured, lost = [], []
    interval = 1 / settings["rate"]
    due = [(time.monotonic() + interval * number / len(devices), device) for number, device in enumerate(devices)]
    print("ready", flush=True)
    try:
        while True:
            when, device = due[0]
            for key, _ in selector.select(max(0.0, when - time.monotonic())):
                hear(key.data, measured)
            if time.monotonic() < when:
                continue
            due = due[1:] + [(when + interval, device)]
            packet_id = device.take_id()
            device.sent[packet_id] = time.monotonic()
            device.send(mqtt.publish(device.prefix, b"x" * 64, 1, packet_id))
    except Ended:
        lost = [sent for device in devices for sent in device.sent.values()]
    print(json.dumps({"measured": measured, "unanswered": lost}), flush=True)


def hear(device, measured):
    packet = device.receive(0.0)
    while packet is not None:
        sent = device.sent.pop(packet.packet_id)
        measured.append([sent, time.monotonic() - sent])
        packet = device.receive(0.0) if device.buffer else None


def in_threads(count, work):
    """`work(number)` again and again in each of so many threads, until the process ends."""
    def forever(number):
        while True:
            work(number)

    for number in range(count):
        threading.Thread(target=forever, args=(number,), daemon=True).start()
    print("ready", flush=True)
    try:
        while True:
            time.sleep(60)
    except Ended:
        pass


def attempt(settings, identity, source):
    device = Device(identity, settings["port"], settings["ca"], source=source)
    try:
        device.connect()
    finally:
        device.close()


def rejected(settings):
    identity, count, threads = Identity(*settings["identity"]), settings["devices"], 20
    began = time.monotonic()
    rounds = [0] * threads

    def work(number):
        for member in range(number, count, threads):
            time.sleep(max(0.0, began + rounds[number] + member / count - time.monotonic()))
            try:
                attempt(settings, identity, f"127.2.{member // 250}.{member % 250 + 1}")
            except EXPECTED:
                pass
        # Who is late does not make up for it.
        rounds[number] = max(rounds[number] + 1, int(time.monotonic() - began))

    in_threads(threads, work)


def crumbs(settings):
    identities = [Identity(*one) for one in settings["identities"]]

    def work(number):
        identity = identities[number % len(identities)]
        try:
            with Device(identity, settings["port"], settings["ca"], source=f"127.3.0.{number + 1}") as device:
                device.pipe.handshake()
                for byte in mqtt.connect(identity.device_id, f"{GATEWAY_NAME}/{identity.device_id}{API}", 60, True)[:-1]:
                    device.send(bytes([byte]))
                    time.sleep(0.2)
        except EXPECTED:
            time.sleep(0.2)

    in_threads(4 * len(identities), work)


def chains(settings):
    identity = Identity(*settings["identity"])

    def work(number):
        try:
            attempt(settings, identity, f"127.5.0.{number + 1}")
        except EXPECTED:
            pass
        time.sleep(0.5)

    in_threads(4, work)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    # Whoever started it may be killed, and it must not knock for ever.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    {"honest": honest, "rejected": rejected, "crumbs": crumbs, "chains": chains}[sys.argv[1]](json.loads(sys.argv[2]))
