"""The official SDKs for Node, from the npm registry into the build directory, and plays on them."""

import json
import os
import subprocess
import unittest
from pathlib import Path

import npm_folder

SOURCE = Path(__file__).resolve().parent / "node"
PLAY_SECONDS = 180

needs_node = unittest.skipIf(os.environ.get("SPHEREGATE_SKIP_NODE") == "1", "SPHEREGATE_SKIP_NODE is 1")


def installed_sdk():
    """A directory with the scripts and their packages."""
    return npm_folder.installed(SOURCE, "node-e2e", ["*.js"])


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
