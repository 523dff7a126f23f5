"""What was said over MQTT, brought into a form in which two runs of one play can be compared.

A transcript is a list of packets as the simulated hub writes them (`GET /transcript`) and as `node/wire.js` writes them for a device.
Between the packets of the latter there are marks, `{"step": name}`.
"""

import base64
import json
import re

ACKNOWLEDGED = {"PUBACK", "SUBACK", "UNSUBACK"}
FAMILIES = {"CONNECT": "connection", "CONNACK": "connection", "DISCONNECT": "connection", "PINGREQ": "ping", "PINGRESP": "ping",
            "SUBSCRIBE": "subscription", "SUBACK": "subscription", "UNSUBSCRIBE": "subscription", "UNSUBACK": "subscription"}
OF_THE_CONNECTION = {"connection", "subscription", "ping"}
TOPICS = (("$iothub/methods/", "method"), ("$iothub/twin/PATCH/properties/desired/", "desired"), ("$iothub/twin/", "twin"))


def family(packet):
    """What a packet is about. The twin's answers and methods have QoS 0 in these plays, so a PUBACK is for telemetry or its way back."""
    if packet["type"] in FAMILIES:
        return FAMILIES[packet["type"]]
    if packet["type"] == "PUBACK":
        return "telemetry" if packet["from"] == "hub" else "cloud"
    for prefix, name in TOPICS:
        if packet["topic"].startswith(prefix):
            return name
    return "telemetry" if packet["from"] == "device" else "cloud"


class Numbers:
    """Names that each side makes up, in the order of their first appearance."""

    def __init__(self):
        self.known = {}

    def of(self, kind, name):
        names = self.known.setdefault(kind, {})
        return names.setdefault(name, len(names) + 1)


def plain(packets):
    """The same packets without what every run makes up anew: a device's packet ids and all request ids become numbers in the order of
    their first appearance (MQTT 3.1.1 2.3.1: a sender chooses any free id; reference 1.5: a request id is opaque). The words of an
    error's body are its author's (reference 1.10), its code is not."""
    numbers, made, connection = Numbers(), [], 0
    for packet in packets:
        if "step" in packet:
            made.append(packet)
            continue
        one = {key: value for key, value in packet.items() if key not in ("index", "device", "connection")}
        connection += one["type"] == "CONNECT"
        about = family(one)
        # Those of the hub are not anew: they outlive a connection, as the messages do.
        if "packet_id" in one and (one["from"] == "device") != (one["type"] in ACKNOWLEDGED):
            one["packet_id"] = numbers.of(about, (connection, one["packet_id"]))
        if "topic" in one:
            one["topic"] = re.sub(r"(?<=\$rid=)[^&]*", lambda rid: str(numbers.of(about + " request", rid[0])), one["topic"])
            if re.match(r"\$iothub/twin/res/[45]", one["topic"]):
                one["payload"] = json.loads(base64.b64decode(one["payload"]))["errorCode"]
        made.append(one)
    return made


def by_step_and_way(packets):
    """{(step, family, from): packets in order}. What two sides have on the way at one moment may cross; what one of them says about one
    thing has its order."""
    found, step = {}, ""
    for packet in packets:
        if "step" in packet:
            step = packet["step"]
        else:
            found.setdefault((step, family(packet), packet["from"]), []).append(packet)
    return found


def subscribed(packets):
    """Every filter with the QoS that was granted."""
    asked, granted = {}, set()
    for packet in packets:
        if packet.get("type") == "SUBSCRIBE":
            asked[packet["packet_id"]] = packet["filters"]
        elif packet.get("type") == "SUBACK":
            granted |= {(name, code) for (name, _), code in zip(asked[packet["packet_id"]], packet["codes"])}
    return granted


def without_refused_patches(packets):
    """Without the patches of reported properties that were answered with 400, and without those answers."""
    refused = {packet["topic"].split("$rid=")[1] for packet in packets if packet.get("topic", "").startswith("$iothub/twin/res/400/")}
    return [packet for packet in packets if packet.get("topic", "").split("$rid=")[-1] not in refused]
