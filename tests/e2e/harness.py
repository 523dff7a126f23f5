"""The programs under test as objects: certificates, the simulated hub, the gateway, and devices that fit them."""

import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

from device import WAIT_SECONDS, Device, Identity

PROGRAMS = Path(os.environ.get("SPHEREGATE_PROGRAMS", Path(__file__).resolve().parents[2] / "build/release"))
SANITIZED = os.environ.get("SPHEREGATE_SANITIZE", "") != ""
POLL_SECONDS = 0.02
START_SECONDS = 60.0 if SANITIZED else 20.0
SECOND_HUB = "contoso.azure-devices.net"


def made_up_key(of):
    """The same at every call, so that both sides have it."""
    return base64.b64encode(hashlib.sha256(of.encode()).digest()).decode()


POLICY_KEY = made_up_key("the gateway's policy at the simulated hub")


def program(name):
    path = PROGRAMS / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; build it, or set SPHEREGATE_PROGRAMS")
    return str(path)


def wait_until(condition, timeout, what):
    """The first true value of `condition`, polled; an AssertionError that says what did not happen."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what() if callable(what) else what}")
        time.sleep(POLL_SECONDS)


def in_url(text):
    return urllib.parse.quote(text, safe="/")  # no device id has one


def http_request(port, method, path, body=None, timeout=20.0, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def short_id(device_id):
    """As lines of the log show it."""
    return f"{device_id[:8]}…{device_id[-4:]}" if len(device_id) > 24 and re.fullmatch("[0-9a-fA-F]+", device_id) else device_id


class Pki:
    """Fresh certificates in a directory."""

    def __init__(self, directory, devices=4):
        self.directory = Path(directory)
        subprocess.run([program("spheregate-testpki"), str(self.directory), "--devices", str(devices)], check=True,
                       stdout=subprocess.DEVNULL)
        self.ids = self.path("devices/ids.txt").read_text().split()

    @classmethod
    def existing(cls, directory):
        made = cls.__new__(cls)
        made.directory = Path(directory)
        made.ids = made.path("devices/ids.txt").read_text().split()
        return made

    def path(self, name):
        return self.directory / name

    @property
    def gateway_root(self):
        return str(self.path("gateway-root.pem"))

    def device(self, index=0):
        return Identity(self.ids[index], str(self.path(f"devices/{index:03}.pem")), str(self.path(f"devices/{index:03}.key")))

    def new_device(self, index=0):
        """Of the second CA, which has the first one's name."""
        folder = self.path("devices-new")
        ids = folder / "ids.txt"
        names = ids.read_text().split() if ids.exists() else self.ids
        return Identity(names[index], str(folder / f"{index:03}.pem"), str(folder / f"{index:03}.key"))

    def variant(self, name):
        return Identity(self.ids[0], str(self.path(f"variants/{name}.pem")), str(self.path(f"variants/{name}.key")))


class Process:
    """A child whose output goes to a log file. Ends only what it started."""

    def __init__(self, log):
        self.log = Path(log)
        self.process = None

    def launch(self, arguments, stdout=None, env=None):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log, env=env)

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL: no chance to tidy up."""
        if self.running:
            self.process.kill()
        if self.process:
            self.process.wait()

    def stop(self, timeout=30.0):
        """SIGTERM; the exit code. Killed, and an AssertionError, when it does not end in time."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not stop within {timeout} s; log: {self.log}") from None

    def tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Hubsim(Process):
    def __init__(self, directory, pki, record=True, client_ca=None, registry=None, dps=None):
        """With `client_ca` devices may log in with a certificate, as they do without a gateway between. `dps` is the section of that name
        in the registry; then the hub has a second name, so that there is one more to be assigned to."""
        directory = Path(directory)
        super().__init__(directory / "hubsim.log")
        settings = registry or {"hub": "localhost", "policies": [{"name": "gateway", "key": POLICY_KEY}], "accept_unknown_devices": True}
        registry = directory / "registry.yaml"
        if dps:
            settings = {**settings, "hub": ["localhost", SECOND_HUB], "dps": dps}
        registry.write_text(as_yaml(settings))
        self.launch([program("spheregate-hubsim"), "--certificate", str(pki.path("hub.pem")), "--key", str(pki.path("hub.key")),
                     "--registry", str(registry), "--ws-port", "0"] + ([] if record else ["--no-record"]) +
                    (["--client-ca", str(client_ca)] if client_ca else []), stdout=subprocess.PIPE)
        first = self.process.stdout.readline()
        if not first:
            raise AssertionError(f"hubsim did not start:\n{self.tail()}")
        ports = json.loads(first)
        self.port, self.http_port, self.dps_port, self.ws_port = ports["mqtt"], ports["http"], ports.get("dps"), ports["ws"]

    def call(self, method, path, body=None):
        status, answer = http_request(self.http_port, method, path, None if body is None else json.dumps(body))
        if not 200 <= status < 300:
            raise AssertionError(f"hubsim {method} {path}: {status} {answer[:300]!r}")
        return json.loads(answer) if answer.strip() else None

    def faults(self, **switches):
        self.call("PUT", "/faults", switches)

    def heal(self):
        self.faults(outage=False, puback_delay_ms=0, puback_loss=0, close_instead_of_puback=0, close_every_messages=0,
                    refuse_connack=0, connects_per_second=0, messages_per_second=0, read_bytes_per_second=0,
                    twin_error_status=0, twin_retry_after_seconds=0, twin_delay_ms=0, twin_loss=0, method_delay_ms=0,
                    drop_desired_pushes=False, twin_reads_per_second=0, twin_updates_per_second=0,
                    poison_property="", quota_exceeded=False)
        self.rules(cloud_lock_seconds=60, cloud_return_at_disconnect=True, answer_qos_max=0)

    def rules(self, **switches):
        self.call("PUT", "/rules", switches)

    # The service's side of the hub.
    def send_to(self, device_id, payload, **headers):
        """A cloud-to-device message; `iothub_messageid="1"` becomes the header `iothub-messageid`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, answer = http_request(self.http_port, "POST", f"/devices/{in_url(device_id)}/messages/deviceBound", payload, headers=named)
        if status != 204:
            raise AssertionError(f"deviceBound: {status} {answer[:300]!r}")

    def cloud_messages(self, device_id):
        return self.call("GET", f"/c2d?device={in_url(device_id)}")

    def completed(self, device_id):
        return [one for one in self.cloud_messages(device_id)["ended"] if one["outcome"] == "completed"]

    def invoke(self, device_id, name, payload=None, timeout=10):
        """(HTTP status, answer) of a direct method."""
        body = {"methodName": name, "payload": payload, "responseTimeoutInSeconds": timeout}
        status, answer = http_request(self.http_port, "POST", f"/twins/{in_url(device_id)}/methods", json.dumps(body), timeout=timeout + 20)
        return status, json.loads(answer)

    def twin(self, device_id):
        return self.call("GET", f"/twins/{in_url(device_id)}")

    def register(self, device_id, **changes):
        """Makes or changes a device in the registry: status="disabled", parentScopes=[...]."""
        return self.call("PUT", f"/devices/{device_id}", {"deviceId": device_id, **changes})

    def unregister(self, device_id):
        self.call("DELETE", f"/devices/{device_id}")

    def connects(self):
        """Every CONNECT since the start, accepted or not: {seconds, device, result}."""
        return self.call("GET", "/connects?limit=20000")

    def dps(self):
        return self.call("GET", "/dps")

    def connections(self, device_id):
        return self.call("GET", f"/connections?device={device_id}")

    def desire(self, device_id, properties):
        return self.call("PATCH", f"/twins/{in_url(device_id)}", {"properties": {"desired": properties}})

    def transcript(self, device_id):
        return self.call("GET", f"/transcript?device={in_url(device_id)}")

    def stats(self):
        return self.call("GET", "/stats")

    def reset(self):
        self.call("POST", "/reset")

    def drop(self, device_id=None):
        self.call("POST", "/drop" + (f"?device={in_url(device_id)}" if device_id else ""))

    def messages(self, device_id, page=20000):
        """Everything that arrived from one device, in order, with the payload decoded."""
        found = []
        while True:
            begin = found[-1]["index"] + 1 if found else 0
            query = urllib.parse.urlencode({"device": device_id, "from": begin, "limit": page})
            part = self.call("GET", f"/messages?{query}")
            for message in part:
                message["payload"] = base64.b64decode(message["payload"])
            found += part
            if len(part) < page:
                return found

    def await_messages(self, device_id, count, timeout=30.0):
        last = []

        def enough():
            last[:] = self.messages(device_id)
            return last if len(last) >= count else None

        return list(wait_until(enough, timeout, lambda: f"{count} messages at the hub, there are {len(last)}"))


class Gateway(Process):
    """The daemon with a store, a configuration and a log in one directory. Ports change with each start."""

    def __init__(self, directory, pki, hubsim_port, tenant_ca=None, connect_rate=80, extra=None, log_level="info"):
        directory = Path(directory)
        super().__init__(directory / "gateway.log")
        self.pki, self.directory, self.wrapper, self.env = pki, directory, [], None
        self.config = directory / "spheregate.yaml"
        # A socket's path has at most 107 bytes, and directories are named after tests.
        self.admin_socket = directory / "admin.sock"
        if len(str(self.admin_socket)) > 100:
            self.admin_socket = directory.parent / f"{directory.name[-8:]}.sock"
        key_file = directory / "policy.key"
        key_file.write_text(POLICY_KEY + "\n")
        key_file.chmod(0o600)
        settings = {
            "hostname": "gateway.plant.example",
            "listen": {"address": "127.0.0.1", "port": 0},
            "tls": {"certificate": str(pki.path("gateway.pem")), "private_key": str(pki.path("gateway.key"))},
            "devices": {"tenant_ca": str(tenant_ca or pki.path("tenant-ca.d")), "connect_rate_per_source": 0},
            "upstream": {"hub": "localhost", "port": hubsim_port, "ca": str(pki.path("hub-root.pem")),
                         **({} if connect_rate is None else {"connect_rate": connect_rate}),
                         "auth": {"type": "hub_policy", "policy_name": "gateway", "key_file": str(key_file)}},
            "queue": {"path": str(directory / "queue")},
            "http": {"listen": "127.0.0.1:0"},
            "admin": {"socket": str(self.admin_socket)},
            "log": {"level": log_level},
        }
        self.settings = settings
        if callable(extra):  # it wants to write files beside the configuration, or take something out
            extra = extra(self)
        for section, values in (extra or {}).items():
            settings[section] = {**settings.get(section, {}), **values}
        self.config.write_text(as_yaml(settings))
        self.port = self.http_port = 0

    def start(self, wait=True):
        begins = self.log.stat().st_size if self.log.exists() else 0
        self.launch(self.wrapper + [program("spheregate"), "run", "--config", str(self.config)], env=self.env)
        if not wait:
            return self
        deadline = time.monotonic() + START_SECONDS
        while True:
            written = self.log.read_bytes()[begins:].decode(errors="replace")
            whole_lines = written[:written.rfind("\n") + 1].splitlines()
            events = {line["event"]: line for line in map(parse_log_line, whole_lines) if line}
            if "listening" in events and "http listening" in events:
                self.port, self.http_port = int(events["listening"]["port"]), int(events["http listening"]["port"])
                if self.ready():
                    return self
            if not self.running:
                raise AssertionError(f"the gateway ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"the gateway was not ready within {START_SECONDS} s:\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def ready(self):
        try:
            return http_request(self.http_port, "GET", "/readyz")[0] == 200
        except OSError:
            return False

    def ask(self, method, target, timeout=20.0):
        """(status, answer) of the admin socket."""
        connection = UnixConnection(str(self.admin_socket), timeout)
        try:
            connection.request(method, target)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def command(self, *arguments, timeout=60.0, stdin=None):
        """(exit code, stdout, stderr) of `spheregate ARGUMENTS --config …`."""
        done = subprocess.run([program("spheregate"), *map(str, arguments), "--config", str(self.config)], capture_output=True, text=True,
                              timeout=timeout, input=stdin)
        return done.returncode, done.stdout, done.stderr

    def device(self, identity, **options):
        return Device(identity, self.port, self.pki.gateway_root, **options)

    def connected(self, identity, tls=None, server_name=None, source=None, patience=WAIT_SECONDS, **options):
        device = self.device(identity, tls=tls, server_name=server_name, source=source, patience=patience)
        try:
            return device.connect(**options)
        except BaseException:
            device.close()
            raise

    def secret(self, name, text):
        """The path of a file with it, as the configuration wants it."""
        file = self.directory / name
        file.write_text(text)
        file.chmod(0o600)
        return str(file)

    def status(self):
        return json.loads(http_request(self.http_port, "GET", "/status")[1])

    def link(self, device_id):
        """What /status says of a device's link to the hub; None for an unknown device."""
        return next((one["link"] for one in self.status()["devices"] if one["id"] == device_id), None)

    def metrics(self):
        """{(name without prefix, frozenset of labels): value}"""
        status, text = http_request(self.http_port, "GET", "/metrics")
        if status != 200:
            raise AssertionError(f"/metrics answered {status}")
        return parse_metrics(text.decode())

    def metric(self, name, **labels):
        """One value; 0 for a series that does not exist yet."""
        return self.metrics().get((name, frozenset(labels.items())), 0.0)

    def log_lines(self, event=None):
        lines = [parse_log_line(line) for line in self.log.read_text(errors="replace").splitlines()]
        return [line for line in lines if line and (event is None or line["event"] == event)]


def as_yaml(settings):
    """Two levels of block style; what lies deeper, and every scalar, is JSON, which is YAML too."""
    lines = []
    for name, value in settings.items():
        if isinstance(value, dict):
            lines += [f"{name}:"] + [f"  {key}: {json.dumps(inner)}" for key, inner in value.items()]
        else:
            lines.append(f"{name}: {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def parse_metrics(text):
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?", line)
        if not match or line.startswith("#"):
            continue
        labels = frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
        found[(match[1].removeprefix("spheregate_"), labels)] = float(match[3])
    return found


def parse_log_line(line):
    """`TIME level event text key=value …` as a dictionary; None for anything else, for example a sanitizer's report."""
    match = re.match(r"(\d{4}-\d\d-\d\dT\S+) (debug|info|warn|error) +((?:(?!\S+=).)*)", line)
    if not match:
        return None
    fields = {"time": match[1], "level": match[2], "event": match[3].strip()}
    for key, value in re.findall(r'(\S+?)=("(?:[^"\\]|\\.)*"|\S*)', line[match.end():]):
        fields[key] = value[1:-1].replace('\\"', '"').replace("\\\\", "\\") if value.startswith('"') else value
    return fields


class GatewayTest(unittest.TestCase):
    """Certificates once a class; a hub, a gateway and a directory of its own for each test. Kept when it failed."""

    DEVICES = 4
    gateway = None

    @classmethod
    def setUpClass(cls):
        cls.base = Path(tempfile.mkdtemp(prefix="spheregate-e2e-"))
        cls.pki = Pki(cls.base / "pki", cls.DEVICES)
        cls.failed = False

    @classmethod
    def tearDownClass(cls):
        if cls.failed:
            print(f"kept: {cls.base}")
        else:
            shutil.rmtree(cls.base)

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix=self._testMethodName + "-", dir=self.base))
        self.hub = Hubsim(self.directory, self.pki, registry=self.registry(), client_ca=self.client_ca())
        self.addCleanup(self.hub.kill)

    def registry(self):
        """Of the simulated hub, as a dictionary; None: one policy, and everybody may connect."""
        return None

    def client_ca(self):
        """PEM file of the CAs whose certificates the simulated hub takes; None: it asks for none."""
        return None

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            type(self).failed = True
            if self.gateway:
                print(f"--- the gateway's log in {self._testMethodName}:\n{self.gateway.tail()}")

    def start_gateway(self, wait=True, **options):
        self.gateway = Gateway(self.directory, self.pki, self.hub.port, **options)
        self.addCleanup(self.gateway.kill)
        return self.gateway.start(wait)

    def await_metric(self, expected, name, timeout=20.0, **labels):
        wait_until(lambda: self.gateway.metric(name, **labels) == expected, timeout,
                   lambda: f"{name}{labels} is {self.gateway.metric(name, **labels)}, not {expected}")

    def await_drained(self, timeout=60.0):
        self.await_metric(0, "queue_messages", timeout)
