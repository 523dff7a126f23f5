"""Thousands of devices in one process: the load generator of the benchmark, in front of a gateway that has a hub of its own."""

import json
import subprocess

from harness import program


class Crowd:
    def __init__(self, gateway, pki, devices, rate, seconds):
        """Returns when all are connected; they publish at `rate` messages a second in all, for so many seconds."""
        self.process = subprocess.Popen(
            [program("spheregate-load"), "crowd", "--pki", str(pki.directory), "--devices", str(devices), "--rate", str(rate), "--seconds",
             str(seconds), "--payload", "64"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.process.stdin.write(f"{gateway.port} 0\n")
        self.process.stdin.flush()
        for line in self.process.stderr:
            if line.strip() == "connected":
                return
            if not line.startswith("sink listens"):
                break
        self.kill()
        raise AssertionError(f"the devices did not connect: {line.strip()}")

    def finish(self, timeout=120):
        """What was sent and what was acknowledged, when the time is over."""
        out, problem = self.process.communicate(timeout=timeout)
        if self.process.returncode != 0:
            raise AssertionError(problem.strip())
        return json.loads(out)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
