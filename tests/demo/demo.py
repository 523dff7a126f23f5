#!/usr/bin/env python3
"""The demonstration: a simulated IoT Hub, the gateway with fresh certificates, and a device. Ends by itself.

Everything it says is checked; it exits with 1 when something did not happen.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/e2e"))


def colour(code, text):
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


def say(text=""):
    print(text, flush=True)


def chapter(number, text):
    say("\n" + colour("1;36", f"{number}. {text}"))


def good(text):
    say("   " + colour("32", "✓ ") + text)


def need(condition, what):
    if not condition:
        raise AssertionError(what)


def short(device_id):
    return f"{device_id[:8]}…{device_id[-4:]}"


def shown(message):
    topic = message["topic"].replace(message["device"], short(message["device"]))
    properties = ", ".join(f"{key}={value}" for key, value in message["properties"])
    return topic, properties, message["payload"].decode()


class Demo:
    """The programs of one run and the directory they live in."""

    def __init__(self, directory):
        from harness import Gateway, Hubsim, Pki
        self.directory = directory
        self.pki = Pki(directory / "pki", 1)
        self.who = self.pki.device()
        self.hub = Hubsim(directory, self.pki)
        self.gateway = Gateway(directory, self.pki, self.hub.port)
        self.device = None

    def stop(self):
        if self.device:
            self.device.close()
        self.gateway.kill()
        self.hub.kill()

    def start(self):
        chapter(1, "A simulated IoT Hub, the gateway, and a device with an X.509 certificate of a tenant CA")
        good(f"spheregate-hubsim accepts MQTT over TLS on port {self.hub.port}")
        self.gateway.start()
        good(f"spheregate accepts devices on port {self.gateway.port} and shows /metrics on port {self.gateway.http_port}")
        self.device = self.gateway.connected(self.who, tls="1.2")
        good(f"the device {short(self.who.device_id)} is connected: TLS 1.2, no server name sent, as Azure Sphere does it")

    def telemetry(self):
        chapter(2, "Telemetry passes, properties and payload byte for byte")
        sent = [("%24.ct=application%2Fjson&%24.ce=utf-8&room=boiler%20house", b'{"temperature":71.5}'),
                ("%24.ct=application%2Fjson&%24.ce=utf-8&alarm=none", b'{"temperature":71.8}')]
        for bag, payload in sent:
            self.device.publish(bag, payload)
        found = self.hub.await_messages(self.who.device_id, len(sent))
        need([(message["topic"], message["payload"]) for message in found]
             == [(self.device.prefix + bag, payload) for bag, payload in sent], "the hub has something else than the device sent")
        for message in found:
            topic, properties, payload = shown(message)
            good(f"at the hub: {payload}   {colour('2', properties)}")
            say(f"     {colour('2', topic)}")

    def cloud(self):
        from harness import wait_until
        chapter(3, "The cloud speaks to the device: a message, its twin, a method")
        name, device = self.who.device_id, self.device
        methods = "$iothub/methods/POST/#"
        device.subscribe([(f"devices/{name}/messages/devicebound/#", 1), ("$iothub/twin/res/#", 0),
                          ("$iothub/twin/PATCH/properties/desired/#", 0), (methods, 0)])
        wait_until(lambda: methods in str([one for one in self.hub.transcript(name) if one["type"] == "SUBSCRIBE"]), 20,
                   "the subscriptions at the hub")
        self.hub.send_to(name, b"open the valve")
        need(device.message().payload == b"open the valve", "another message came")
        wait_until(lambda: self.hub.completed(name), 20, "the hub to hear of the PUBACK")
        good("cloud to device: `open the valve` arrived; the hub forgot it only when the device had acknowledged it")

        self.hub.desire(name, {"interval": 30})
        need(b'"interval":30' in device.message().payload.replace(b" ", b""), "another twin came")
        device.request("$iothub/twin/PATCH/properties/reported/?$rid=1", b'{"interval":30}')
        answer = device.message()
        need(answer.topic.startswith("$iothub/twin/res/204/?$rid=1"), f"the patch was answered with {answer.topic}")
        need(self.hub.twin(name)["properties"]["reported"]["interval"] == 30, "the hub has another twin")
        good("twin: `interval` 30 desired by the cloud, reported back by the device")

        results = []
        call = threading.Thread(target=lambda: results.append(self.hub.invoke(name, "restart", {"after": 5})))
        call.start()
        request = device.message()
        device.request("$iothub/methods/res/200/?" + request.topic.split("?")[1], b'{"restarting":true}')
        call.join(20)
        need(results == [(200, {"status": 200, "payload": {"restarting": True}})], f"the method's caller got {results}")
        good("direct method: `restart` called, answered with 200 and {\"restarting\":true}")

    def outage(self):
        chapter(4, "The uplink is cut; the device does not notice")
        self.hub.faults(outage=True)
        begun = time.monotonic()
        for number in range(1, 11):
            self.device.publish(f"number={number}", f"kept through the outage: {number}".encode())
        took = time.monotonic() - begun
        good(f"ten messages published, all ten acknowledged by the gateway in {took * 1000:.0f} ms: each was on disk before its PUBACK")
        need(len(self.hub.messages(self.who.device_id)) == 2, "the hub has messages although the uplink is cut")
        good("the hub has seen none of them")

    def murder(self):
        chapter(5, "kill -9")
        process = self.gateway.process.pid
        self.gateway.kill()
        self.device.close()
        need(self.gateway.process.returncode == -signal.SIGKILL, "the gateway was not killed")
        good(f"spheregate (process {process}) is dead, without any chance to tidy up")
        self.gateway.start()
        kept = self.gateway.metric("queue_messages")
        need(kept == 10, f"{kept:g} messages are queued after the restart instead of 10")
        good(f"started again: {kept:g} messages in the queue; the device stays away from now on")

    def recovery(self):
        from harness import wait_until
        chapter(6, "The uplink is back")
        self.hub.heal()
        found = self.hub.await_messages(self.who.device_id, 12, timeout=60)[2:]
        need([message["payload"].decode() for message in found] == [f"kept through the outage: {number}" for number in range(1, 11)],
             f"not the ten messages in order: {[message['payload'] for message in found]}")
        for message in found:
            say(f"     {shown(message)[2]}")
        good("all ten arrived at the hub, each once, in order, under the device's own identity")
        wait_until(lambda: self.gateway.metric("queue_messages") == 0, 20, "an empty queue")
        names = ("messages_accepted_total", "messages_delivered_total", "queue_messages", "messages_expired_total")
        values = {name: sum(value for (series, _), value in self.gateway.metrics().items() if series == name) for name in names}
        say("     " + colour("2", "  ".join(f"spheregate_{name} {value:g}" for name, value in values.items())))
        need(values["messages_delivered_total"] >= 10, f"the metrics do not show the delivery: {values}")
        need(self.gateway.stop() == 0, "the gateway did not end well")

    def farewell(self, seconds):
        say("\n" + colour("1", f"Shown in {seconds:.0f} s: ") + "telemetry byte for byte; a message, a twin and a method from the cloud;\n"
            "an outage that the device did not feel; ten acknowledged messages that survived kill -9 and arrived in order.\n"
            "Nothing acknowledged was lost.")
        say("\nWhere to look:")
        for what, path in (("configuration", self.gateway.config), ("the gateway's log", self.gateway.log),
                           ("the hub's log", self.hub.log), ("certificates", self.pki.directory),
                           ("the store", self.directory / "queue")):
            say(f"  {what:<18} {path}")


def run(directory):
    begun = time.monotonic()
    demo = Demo(directory)
    try:
        for part in (demo.start, demo.telemetry, demo.cloud, demo.outage, demo.murder, demo.recovery):
            part()
        demo.farewell(time.monotonic() - begun)
    finally:
        demo.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--programs", type=Path, default=ROOT / "build/release", help="where the programs were built")
    arguments.add_argument("--discard", action="store_true", help="keep no files when all went well")
    chosen = arguments.parse_args()
    os.environ["SPHEREGATE_PROGRAMS"] = str(chosen.programs.resolve())
    directory = Path(tempfile.mkdtemp(prefix="spheregate-demo-"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the programs are stopped with us
    try:
        run(directory)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # whatever it was, the demonstration has failed
        say("\n" + colour("1;31", "FAILED: ") + f"{error}\n\nThe logs are in {directory}")
        sys.exit(1)
    if chosen.discard:
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
