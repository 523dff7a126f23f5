"""What is measured: each measure starts one peer afresh, runs the load generator around it, and returns figures by row key."""

import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from peers import Spheregate, Trouble

RATES = (20000, 15000, 10000, 5000, 2500)
KEPT_UP = 0.98  # of the rate asked for


@dataclass
class Plan:
    """How long and how much; the options of the command line end here."""
    seconds: float
    warmup: float
    idle_devices: int
    paced_devices: tuple
    repeat: int


QUICK = Plan(seconds=2, warmup=1, idle_devices=300, paced_devices=(10,), repeat=1)
DEFAULT = Plan(seconds=5, warmup=2, idle_devices=1000, paced_devices=(10, 1000), repeat=3)
FULL = Plan(seconds=10, warmup=3, idle_devices=5000, paced_devices=(10, 1000, 5000), repeat=3)


class Laboratory:
    def __init__(self, generator, directory, pki, plan):
        self.generator, self.directory, self.pki, self.plan = str(generator), Path(directory), Path(pki), plan

    def run(self, peer, mode, devices, **options):
        """One run of the generator with the peer in the middle; its JSON as a dictionary."""
        directory = Path(tempfile.mkdtemp(prefix=f"{peer.name}-{mode}-", dir=self.directory))
        # Certificates and stores of the last run should not be written back during this one.
        subprocess.run(["sync", "-f", str(self.directory)], check=False)
        command = [self.generator, mode, "--pki", str(self.pki), "--devices", str(devices)]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            hello = load.stderr.readline()
            if not hello.startswith("sink listens on port "):
                raise Trouble(f"the load generator did not start: {hello.strip()}")
            port, process = peer.start(directory, self.pki, int(hello.split()[-1]), devices)
            time.sleep(0.5)
            out, problem = load.communicate(f"{port} {process}\n", timeout=900)
            if load.returncode != 0:
                raise Trouble(f"{problem.strip()}; the end of the log of {peer.name}:\n{peer.tail()}")
            result = {"peer": peer.name, **json.loads(out), "peer_metrics": peer.metrics()}
        finally:
            peer.stop()
            if load.poll() is None:
                load.kill()
                load.communicate()
        shutil.rmtree(directory)
        return result


def closed(laboratory, kind):
    """As fast as the peer goes: 50 devices, 10 unacknowledged messages each. The median run of several."""
    plan = laboratory.plan
    runs = [laboratory.run(kind(), "closed", devices=50, window=10, seconds=plan.seconds, warmup=plan.warmup)
            for _ in range(plan.repeat)]
    runs.sort(key=lambda run: run["messages_per_second"])
    result = runs[len(runs) // 2]
    at_its_limit = result["generator_cpu_percent"] > 95 and result["peer_cpu_percent"] < 90
    figures = {"closed_rate": (result["messages_per_second"], "the generator's limit" if at_its_limit else ""),
               "closed_cpu": result["peer_cpu_us_per_message"],
               "closed_p50": result["latency_us"]["p50"], "closed_p99": result["latency_us"]["p99"],
               "written_healthy": result["disk_bytes_per_payload_byte"]}
    return figures, runs


def paced(devices):
    def measure(laboratory, kind):
        """So many messages a second in all, evenly spread; slower when the peer cannot keep up."""
        plan, runs = laboratory.plan, []
        for rate in RATES:
            result = laboratory.run(kind(), "paced", devices=devices, rate=rate, seconds=plan.seconds, warmup=plan.warmup)
            runs.append(result)
            result["rate"] = rate
            if result["messages_per_second"] >= KEPT_UP * rate and result["held_per_second"] == 0:
                break
        note = "" if rate == RATES[0] else f"at {rate:,}/s"
        figures = {f"paced_cpu_{devices}": result["peer_cpu_us_per_message"], f"paced_p99_{devices}": result["latency_us"]["p99"]}
        return {key: (value, note) for key, value in figures.items()}, runs
    return measure


def handshakes(laboratory, kind):
    """50 devices that connect, are accepted and disconnect, again and again."""
    result = laboratory.run(kind(), "handshake", devices=50, seconds=laboratory.plan.seconds, warmup=laboratory.plan.warmup)
    return {"handshake_rate": result["handshakes_per_second"], "handshake_cpu": result["peer_cpu_ms_per_handshake"]}, [result]


def idle(laboratory, kind):
    """Devices that come once and stay: what one costs to bring in with all its connections, and to keep."""
    result = laboratory.run(kind(), "idle", devices=laboratory.plan.idle_devices, seconds=min(laboratory.plan.seconds, 3))
    connect = result["connect"]
    return {"bring_in_cpu": connect["peer_cpu_ms_per_device"], "device_resident": connect["peer_resident_bytes_per_device"],
            "daemon_resident": connect["peer_resident_bytes_before"], "hub_connections": connect["hub_connections"]}, [result]


def written(laboratory, kind):
    """The hub answers only after a second, so that a durable peer must write everything; then the hub answers at once again."""
    if not kind.durable:
        return {}, []
    peer = kind(commit_after="1ms") if kind is Spheregate else kind()
    result = laboratory.run(peer, "closed", devices=50, window=10, puback_delay=1000, seconds=laboratory.plan.seconds,
                            warmup=laboratory.plan.warmup, drain=180)
    return {"written_all": result["disk_bytes_per_payload_byte"], "written_rate": result["acked_per_second"],
            "drain_rate": result["drain"]["messages_per_second"]}, [result]


def measures(plan):
    found = {"closed": closed}
    for devices in plan.paced_devices:
        found[f"paced {devices}"] = paced(devices)
    found |= {"handshake": handshakes, "idle": idle, "written": written}
    return found
