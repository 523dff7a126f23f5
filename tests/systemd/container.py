"""A Debian 12 with systemd as its first process, in systemd-nspawn: nothing of it is left afterwards."""

import ctypes
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

SUITE = "bookworm"
SYSTEM = ("systemd", "systemd-sysv", "dbus", "procps", "iproute2", "ca-certificates")
CLONE_NEWNET = 0x40000000
# Written by whatever runs in a system, or by whoever works there, also where no package comes or goes.
LIVELY = re.compile(r"/(proc|sys|dev|run|root|tmp|var/tmp|var/log|var/cache|var/lib/(dpkg|apt|systemd|dbus)|etc/(mtab|resolv\.conf|\.updated)|var/\.updated)(/|$)")


class CannotBoot(Exception):
    """This machine has no namespaces, no cgroups, or no network for the first time."""


def run(*arguments, **options):
    done = subprocess.run([str(one) for one in arguments], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def mirror():
    """Where this machine has its own packages from."""
    lines = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)", "Created-By: Packages"], capture_output=True, text=True,
                           check=False).stdout.split("\n")
    found = next((line.split()[0] for line in lines if line.endswith(f" {SUITE}")), None)
    if found is None:
        raise CannotBoot(f"apt knows no mirror of {SUITE}; add one to /etc/apt/sources.list and run apt-get update")
    return found


def needs_of(package):
    """Names of the packages that it depends on, the first of each alternative."""
    depends = run("dpkg-deb", "--field", package, "Depends", "Pre-Depends")
    return sorted({real(re.match(r"[^ :(|]+", part.strip())[0]) for line in depends.splitlines() for part in line.split(":", 1)[1].split(",")})


def real(name):
    """A package that can be installed: the name's own, or the one that provides it; debootstrap knows no other."""
    known = run("apt-cache", "showpkg", name)
    versions = known.partition("Versions: ")[2].partition("Reverse Depends:")[0].split()
    providers = known.partition("Reverse Provides:")[2].split()
    return name if versions or not providers else providers[0]


def base_root(cache, package):
    """A tar of a Debian with systemd and all that the package needs; made at the first time, and when the needs have changed."""
    included = sorted({*SYSTEM, *needs_of(package)})
    name = hashlib.sha256(" ".join([SUITE, *included]).encode()).hexdigest()[:12]
    archive = cache / f"debian-12-{name}.tar"
    if archive.exists():
        return archive
    for old in cache.glob("debian-12-*.tar"):
        old.unlink()
    with tempfile.TemporaryDirectory(dir=cache, prefix="debian-12-") as made:
        done = subprocess.run(["debootstrap", "--variant=minbase", f"--include={','.join(included)}", SUITE, f"{made}/root", mirror()],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CannotBoot(f"debootstrap: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        shutil.rmtree(f"{made}/root/var/cache/apt/archives")
        Path(f"{made}/root/var/cache/apt/archives/partial").mkdir(parents=True)
        run("tar", "--create", "--numeric-owner", f"--file={made}/new.tar", f"--directory={made}/root", ".")
        os.replace(f"{made}/new.tar", archive)
    return archive


class Container:
    def __init__(self, archive, place):
        self.directory = Path(tempfile.mkdtemp(dir=place, prefix="booted-"))
        self.root, self.log = self.directory / "root", self.directory / "nspawn.log"
        self.nspawn = self.leader = None
        self.root.mkdir()
        run("tar", "--extract", "--numeric-owner", "--preserve-permissions", f"--file={archive}", f"--directory={self.root}")
        # What the installer of Debian writes.
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost gateway.plant.example\n::1 localhost\n")

    def boot(self, timeout=60.0):
        with open(self.log, "wb") as log:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", "--quiet", f"--directory={self.root}", "--boot", "--register=no", "--keep-unit", "--private-network",
                 "--kill-signal=SIGRTMIN+3", "--console=passive"],
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + timeout
        state = ""
        while state not in ("running", "degraded"):
            if self.nspawn.poll() is not None or time.monotonic() > deadline:
                raise CannotBoot(f"systemd-nspawn: {self.log.read_text(errors='replace')[-2000:]}{state}")
            time.sleep(0.1)
            self.leader = self._first_process()
            state = self.call("systemctl", "is-system-running")[1].strip() if self.leader else ""

    def _first_process(self):
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                number, rest = status.read_text().split(" (", 1)
            except OSError:
                continue
            name, fields = rest.rsplit(") ", 1)
            if int(fields.split()[1]) == self.nspawn.pid and name == "systemd":
                return int(number)
        return None

    def call(self, *arguments, stdin=None, timeout=120):
        """(exit code, stdout, stderr) of a command in the container."""
        done = subprocess.run(["nsenter", "--target", str(self.leader), "--mount", "--uts", "--ipc", "--net", "--pid", "--", "env", "-i",
                               "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
                               *map(str, arguments)], capture_output=True, text=True, input=stdin, timeout=timeout, check=False)
        return done.returncode, done.stdout, done.stderr

    def do(self, *arguments, **options):
        """The output of a command that must succeed."""
        code, out, err = self.call(*arguments, **options)
        if code != 0:
            raise AssertionError(f"in the container, {' '.join(map(str, arguments))}: {code}\n{out}{err}")
        return out

    def show(self, unit, *properties):
        """What `systemctl show` says, as a dictionary."""
        lines = self.do("systemctl", "show", unit, *(f"--property={one}" for one in properties)).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def journal(self, unit):
        return self.do("journalctl", "--unit", unit, "--output=cat", "--no-pager")

    def put(self, source, target):
        """A file, for root only."""
        where = self.root / str(target).lstrip("/")
        shutil.copyfile(source, where)
        where.chmod(0o600)

    def enter_network(self):
        """From now on this process, and those it starts, use the container's network."""
        descriptor = os.open(f"/proc/{self.leader}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            raise CannotBoot(f"setns: {os.strerror(ctypes.get_errno())}")
        os.close(descriptor)

    def files(self):
        """Paths of everything that stays where it is unless somebody installs, removes or configures something."""
        found = set()
        for folder, folders, names in os.walk(self.root):
            inside = "/" + os.path.relpath(folder, self.root).lstrip(".")
            folders[:] = [one for one in folders if not LIVELY.match(os.path.join(inside, one))]
            found |= {os.path.join(inside, one) for one in folders + names if not LIVELY.match(os.path.join(inside, one))}
        return found

    def close(self):
        if self.nspawn and self.nspawn.poll() is None:
            # It shuts the system down; killed, it would leave its first process behind.
            self.nspawn.send_signal(signal.SIGTERM)
            try:
                self.nspawn.wait(60)
            except subprocess.TimeoutExpired:
                os.kill(self.leader, signal.SIGKILL)
                self.nspawn.wait(20)
        shutil.rmtree(self.directory, ignore_errors=True)
