"""The official SDKs for Node, from the npm registry into the build directory, and plays on them."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from harness import PROGRAMS

SOURCE = Path(__file__).resolve().parent / "node"
PLAY_SECONDS = 180

needs_node = unittest.skipIf(os.environ.get("SPHEREGATE_SKIP_NODE") == "1", "SPHEREGATE_SKIP_NODE is 1")


def installed_sdk():
    """A directory with the scripts and their packages; the packages are fetched once for each lock file. Tests may run side by side."""
    lock = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:16]
    directory = PROGRAMS / f"node-e2e-{lock}"
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (directory / "complete").exists():
            fetch(directory)
        for script in SOURCE.glob("*.js"):
            refresh(script, directory / script.name)
    return directory


def fetch(directory):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, directory)
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=directory, capture_output=True,
                          text=True, timeout=300, check=False)
    if done.returncode:
        raise AssertionError(f"npm ci failed (SPHEREGATE_SKIP_NODE=1 leaves this test out):\n{done.stdout}{done.stderr}")
    (directory / "complete").touch()


def refresh(source, target):
    """Another test may be reading the script, so it is never half written."""
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    fresh = target.with_suffix(".new")
    shutil.copy(source, fresh)
    os.replace(fresh, target)


def start_play(script, description):
    """`ca` of the description vouches for whatever the SDK dials: not every SDK takes it as an option."""
    return subprocess.Popen(["node", script, json.dumps(description)], cwd=installed_sdk(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "NODE_EXTRA_CA_CERTS": description["ca"]})


def end_play(running):
    """What the play printed, from JSON; an AssertionError with its complaint when it failed."""
    try:
        output, complaint = running.communicate(timeout=PLAY_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        raise AssertionError(f"the play did not end within {PLAY_SECONDS} s: {running.communicate()[1]}") from None
    if running.returncode:
        raise AssertionError(f"{running.args}: exit code {running.returncode}\n{complaint}")
    return json.loads(output)


def play(script, **description):
    return end_play(start_play(script, description))
