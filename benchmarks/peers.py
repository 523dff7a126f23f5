"""The programs that are compared, each started fresh with its own directory, between the load generator's devices and its hub."""

import base64
import getpass
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))

NGINX_MODULES = Path("/usr/lib/nginx/modules")
START_SECONDS = 20


class Trouble(Exception):
    """A sentence for the person who runs this."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def trusted_tenant_ca(pki, directory):
    """The tenant CA as a trust anchor of its own (OpenSSL's TRUSTED CERTIFICATE, trusted for clients).

    The peers know no partial chains; with this they verify one signature for each device, as Spheregate does, not three.
    """
    pem = (pki / "tenant-ca.d/tenant-a.pem").read_text()
    der = base64.b64decode(re.search("-----BEGIN CERTIFICATE-----(.*?)-----END", pem, re.DOTALL)[1])
    trust_client_auth = bytes.fromhex("300c300a06082b06010505070302")
    path = directory / "tenant-ca.pem"
    text = base64.encodebytes(der + trust_client_auth).decode()
    path.write_text(f"-----BEGIN TRUSTED CERTIFICATE-----\n{text}-----END TRUSTED CERTIFICATE-----\n")
    return path


class Peer:
    name = title = ""
    durable = False  # whether it claims to keep messages on disk

    def __init__(self):
        self.process = None

    def start(self, directory, pki, hub_port, devices):
        """(port for devices, process)"""
        raise NotImplementedError

    def launch(self, command, directory, port):
        self.log = directory / f"{self.name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    time.sleep(0.3)
                    return port, self.process.pid
            time.sleep(0.02)
        raise Trouble(f"{self.name} does not listen on port {port}; the end of its log:\n{self.tail()}")

    def tail(self, lines=5):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def metrics(self):
        """What it says about itself, for the JSON file."""
        return {}

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Nginx(Peer):
    """Ends TLS on both sides and copies bytes: knows no MQTT, keeps nothing. What such a machine can do at all."""
    name, title = "nginx", "nginx stream (TLS relay)"

    def program(self):
        return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

    def missing(self):
        if not self.program():
            return "nginx is not installed: apt-get install nginx libnginx-mod-stream"
        if not (NGINX_MODULES / "ngx_stream_module.so").exists():
            return "nginx has no stream module: apt-get install libnginx-mod-stream"
        return ""

    def version(self):
        said = subprocess.run([self.program(), "-v"], capture_output=True, text=True).stderr
        return said.strip().removeprefix("nginx version: ").replace("/", " ")

    def start(self, directory, pki, hub_port, devices):
        port = free_port()
        config = directory / "nginx.conf"
        config.write_text(f"""\
load_module {NGINX_MODULES}/ngx_stream_module.so;
daemon off;
user {getpass.getuser()};
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log error;
events {{ worker_connections {2 * devices + 100}; }}
stream {{
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {pki}/gateway.pem;
    ssl_certificate_key {pki}/gateway.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_trusted_certificate {trusted_tenant_ca(pki, directory)};
    # Only for the list of names it sends; nginx cannot read the form above for that.
    ssl_client_certificate {pki}/gateway-root.pem;
    ssl_verify_client on;
    proxy_pass 127.0.0.1:{hub_port};
    proxy_timeout 1h;
    proxy_ssl on;
    proxy_ssl_protocols TLSv1.2 TLSv1.3;
    proxy_ssl_verify on;
    proxy_ssl_name localhost;
    proxy_ssl_trusted_certificate {pki}/hub-root.pem;
  }}
}}
""")
        return self.launch([self.program(), "-e", str(directory / "error.log"), "-c", str(config)], directory, port)


class Mosquitto(Peer):
    """Debian's broker with a bridge to the hub: one upstream connection for all devices, messages in memory only."""
    name, title = "mosquitto", "mosquitto bridge, in memory"
    persistence = "persistence false"

    def program(self):
        return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")

    def missing(self):
        return "" if self.program() else "mosquitto is not installed: apt-get install mosquitto"

    def version(self):
        said = subprocess.run([self.program(), "-h"], capture_output=True, text=True).stdout
        return "mosquitto " + re.search(r"version (\S+)", said)[1]

    def start(self, directory, pki, hub_port, devices):
        port = free_port()
        config = directory / "mosquitto.conf"
        config.write_text(f"""\
user {getpass.getuser()}
log_type error
listener {port} 127.0.0.1
cafile {trusted_tenant_ca(pki, directory)}
certfile {pki}/gateway.pem
keyfile {pki}/gateway.key
require_certificate true
allow_anonymous true
set_tcp_nodelay true
max_inflight_messages 1000
max_queued_messages 0
{self.persistence}
connection hub
address localhost:{hub_port}
bridge_cafile {pki}/hub-root.pem
topic # out 1
notifications false
""".replace("DIRECTORY", str(directory)))
        return self.launch([self.program(), "-c", str(config)], directory, port)


class MosquittoSaving(Mosquitto):
    """The same, saving its whole database after every 1,000 changes. It still acknowledges before it saves."""
    name, title, durable = "mosquitto-saving", "mosquitto bridge, saving each 1,000 changes", True
    persistence = "persistence true\npersistence_location DIRECTORY/\nautosave_on_changes true\nautosave_interval 1000"


class Spheregate(Peer):
    """This project. `commit_after` is its configuration's queue.commit_after."""
    name, title, durable = "spheregate", "spheregate", True

    def __init__(self, commit_after=None):
        super().__init__()
        self.commit_after = commit_after
        self.gateway = None

    def missing(self):
        from harness import PROGRAMS
        return "" if (PROGRAMS / "spheregate").exists() else f"{PROGRAMS / 'spheregate'} is missing: ./dev build"

    def version(self):
        from harness import program
        ended = subprocess.run([program("spheregate"), "--version"], capture_output=True, text=True)
        said = ended.stdout.strip() if ended.returncode == 0 else ""
        return said if said.startswith("spheregate") else f"spheregate {said}".strip()

    def start(self, directory, pki, hub_port, devices):
        from harness import Gateway

        class Certificates:
            """What Gateway wants of harness.Pki."""
            def path(self, name):
                return pki / name

        extra = {"queue": {"commit_after": self.commit_after}} if self.commit_after else None
        self.gateway = Gateway(directory, Certificates(), hub_port, connect_rate=10000, extra=extra)
        try:
            self.gateway.start()
        except AssertionError as error:
            raise Trouble(str(error)) from None
        finally:
            self.process = self.gateway.process
        return self.gateway.port, self.process.pid

    def metrics(self):
        return {name: value for (name, labels), value in self.gateway.metrics().items()
                if not labels and name.startswith(("queue_", "messages_", "upstream_"))}

    def tail(self, lines=5):
        return self.gateway.tail(lines)


PEERS = {peer.name: peer for peer in (Spheregate, Nginx, Mosquitto, MosquittoSaving)}
