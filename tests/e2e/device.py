"""A device: MQTT over TLS with a client certificate, blocking, every wait bounded. Raises Closed, TlsRefused or Refused."""

import socket
import ssl
import time
from collections import deque
from typing import NamedTuple, Optional

import mqtt_packets as mqtt

GATEWAY_NAME = "gateway.plant.example"
API = "/?api-version=2021-04-12&DeviceClientType=e2e"
WAIT_SECONDS = 20.0


class Identity(NamedTuple):
    device_id: str
    certificate: Optional[str]  # None: connects without one
    key: Optional[str]


class Closed(Exception):
    """The gateway ended the connection."""


class TlsRefused(Closed):
    """The gateway answered the handshake with an alert."""


class Refused(Exception):
    """CONNACK with a code other than 0."""

    def __init__(self, code):
        super().__init__(f"CONNACK {code}")
        self.code = code


def tls_context(ca, identity, version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(ca)
    if identity.certificate:
        context.load_cert_chain(identity.certificate, identity.key)
    if version:
        exact = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
        context.minimum_version = context.maximum_version = exact
    return context


class TlsPipe:
    """TLS over memory buffers, so that a test decides which bytes share a record, a segment or a flight."""

    def __init__(self, port, context, server_name=None, source=None, patience=WAIT_SECONDS):
        self.patience = patience
        self.socket = socket.create_connection(("127.0.0.1", port), patience, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.local_port = self.socket.getsockname()[1]
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context.check_hostname = server_name is not None
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name)

    def handshake(self, last_flight=b""):
        """`last_flight` leaves in the same segment as our Finished; only TLS 1.3 allows that."""
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._fill(self.patience)
            except ssl.SSLError as error:
                raise TlsRefused(error.reason or str(error)) from error
        if last_flight:
            self.tls.write(last_flight)
        self._flush()

    def write(self, data):
        view = memoryview(data)
        while view:
            view = view[self.tls.write(view[:65536]):]
            self._flush()

    def read(self, timeout):
        """Some bytes; raises TimeoutError when there are none in time, Closed at the end."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                data = self.tls.read(65536)
            except ssl.SSLWantReadError:
                self._fill(max(0.0, deadline - time.monotonic()))
                continue
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError) as error:
                raise Closed("closed") from error
            except ssl.SSLError as error:
                raise TlsRefused(error.reason or str(error)) from error
            if not data:
                raise Closed("closed")
            return data

    def close(self):
        self.socket.close()

    def _flush(self):
        data = self.outgoing.read()
        if not data:
            return
        try:
            self.socket.settimeout(WAIT_SECONDS)
            self.socket.sendall(data)
        except (ConnectionError, BrokenPipeError) as error:
            # The reason, an alert perhaps, may still wait to be read.
            self._drain_alert()
            raise Closed(str(error)) from error

    def _drain_alert(self):
        try:
            self.read(0.2)
        except (TimeoutError, OSError):
            pass

    def _fill(self, timeout):
        try:
            self.socket.settimeout(timeout)  # 0: only what is there already
            data = self.socket.recv(262144)
        except BlockingIOError as error:
            raise TimeoutError("nothing arrived") from error
        except ConnectionError as error:
            raise Closed(str(error)) from error
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()


class Device:
    """One connection of one identity. `connect` does all; the parts are there for tests of the parts."""

    def __init__(self, identity, port, ca, tls=None, server_name=None, source=None, patience=WAIT_SECONDS):
        """`source` is the loopback address it comes from, 127.x.y.z; `patience` is for TCP and TLS."""
        self.identity = identity
        self.prefix = f"devices/{identity.device_id}/messages/events/"
        self.pipe = TlsPipe(port, tls_context(ca, identity, tls), server_name, source, patience)
        self.buffer = bytearray()
        self.next_id = 1
        self.session_present = False

    @property
    def local_port(self):
        return self.pipe.local_port

    def connect(self, keep_alive=60, clean=True, will=None, last_flight=False, client_id=None, username=None):
        device_id = self.identity.device_id
        greeting = mqtt.connect(device_id if client_id is None else client_id,
                                f"{GATEWAY_NAME}/{device_id}{API}" if username is None else username, keep_alive, clean, will)
        if last_flight:
            self.pipe.handshake(greeting)
        else:
            self.pipe.handshake()
            self.pipe.write(greeting)
        return self.await_connack()

    def await_connack(self):
        answer = self.expect(mqtt.CONNACK)
        self.session_present = bool(answer.body[0] & 1)
        if answer.body[1]:
            raise Refused(answer.body[1])
        return self

    def send(self, data):
        self.pipe.write(data)

    def take_id(self):
        taken, self.next_id = self.next_id, self.next_id % 65535 + 1
        return taken

    def publish(self, suffix, payload, qos=1, retain=False, dup=False):
        """Sends and, at QoS 1, waits for the PUBACK."""
        packet_id = self.take_id() if qos else 0
        self.send(mqtt.publish(self.prefix + suffix, payload, qos, packet_id, dup, retain))
        if qos:
            answer = self.expect(mqtt.PUBACK)
            if answer.packet_id != packet_id:
                raise AssertionError(f"PUBACK {answer.packet_id} instead of {packet_id}")

    def publish_all(self, messages, window=50, timeout=60.0):
        """(suffix, payload) pairs at QoS 1, `window` of them unacknowledged at most; returns when all are acknowledged."""
        deadline = time.monotonic() + timeout
        waiting, acknowledged, source, exhausted = deque(), 0, iter(messages), False
        while not exhausted or waiting:
            batch = bytearray()
            while not exhausted and len(waiting) < window:
                message = next(source, None)
                if message is None:
                    exhausted = True
                    break
                packet_id = self.take_id()
                waiting.append(packet_id)
                batch += mqtt.publish(self.prefix + message[0], message[1], 1, packet_id)
            if batch:
                self.send(bytes(batch))
            while waiting:
                blocking = exhausted or len(waiting) >= window
                answer = self.receive(max(0.0, deadline - time.monotonic()) if blocking else 0.0)
                if answer is None:
                    if blocking:
                        raise TimeoutError(f"{acknowledged} acknowledged, {len(waiting)} waiting")
                    break
                if answer.kind != mqtt.PUBACK or answer.packet_id != waiting[0]:
                    raise AssertionError(f"{answer} instead of PUBACK {waiting[0]}")
                waiting.popleft()
                acknowledged += 1
                if not exhausted and not self.buffer and len(waiting) <= window // 2:
                    break
        return acknowledged

    def subscribe(self, filters):
        packet_id = self.take_id()
        self.send(mqtt.subscribe(packet_id, filters))
        answer = self.expect(mqtt.SUBACK)
        if answer.packet_id != packet_id:
            raise AssertionError(f"SUBACK {answer.packet_id} instead of {packet_id}")
        return list(answer.body[2:])

    def unsubscribe(self, filters):
        self.send(mqtt.unsubscribe(self.take_id(), filters))
        self.expect(mqtt.UNSUBACK)

    def request(self, topic, payload=b""):
        """A twin request or a method reply: QoS 0."""
        self.send(mqtt.publish(topic, payload, 0))

    def message(self, timeout=WAIT_SECONDS, acknowledge=True):
        """The next PUBLISH of the gateway."""
        found = mqtt.parse_publish(self.expect(mqtt.PUBLISH, timeout))
        if found.qos and acknowledge:
            self.acknowledge(found)
        return found

    def acknowledge(self, message):
        self.send(mqtt.puback(message.packet_id))

    def ping(self):
        self.send(mqtt.packet(mqtt.PINGREQ))
        self.expect(mqtt.PINGRESP)

    def receive(self, timeout=WAIT_SECONDS):
        """The next packet, or None when none arrives in time."""
        deadline = time.monotonic() + timeout
        while True:
            found = mqtt.take(self.buffer)
            if found is not None:
                return found
            try:
                self.buffer += self.pipe.read(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return None

    def expect(self, kind, timeout=WAIT_SECONDS):
        found = self.receive(timeout)
        if found is None:
            raise TimeoutError(f"no packet of kind {kind} in {timeout} s")
        if found.kind != kind:
            raise AssertionError(f"{found} instead of a packet of kind {kind}")
        return found

    def await_close(self, timeout=WAIT_SECONDS):
        """Reads until the gateway closes; the packets that came before. Raises TimeoutError when it does not close."""
        packets = []
        try:
            while True:
                found = self.receive(timeout)
                if found is None:
                    raise TimeoutError(f"still open after {timeout} s")
                packets.append(found)
        except Closed:
            return packets

    def disconnect(self):
        self.send(mqtt.packet(mqtt.DISCONNECT))
        self.close()

    def close(self):
        """Without a word, as a device that lost its power."""
        self.pipe.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
