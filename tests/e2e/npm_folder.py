"""Packages from the npm registry, fetched once for each lock file into the build directory, with the scripts that use them."""

import fcntl
import hashlib
import os
import shutil
import subprocess

from harness import PROGRAMS


def installed(source, name, patterns):
    """A directory with the packages of `source`'s lock file and a copy of its files that fit. Tests may run side by side."""
    lock = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
    directory = PROGRAMS / f"{name}-{lock}"
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (directory / "complete").exists():
            fetch(source, directory)
        for pattern in patterns:
            for script in source.glob(pattern):
                refresh(script, directory / script.name)
    return directory


def fetch(source, directory):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, directory)
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
