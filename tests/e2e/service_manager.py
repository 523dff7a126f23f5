"""Stands where systemd does: a notification socket, a watchdog, and listening sockets that outlive the gateway's process."""

import array
import os
import socket
import subprocess
import sys
import threading
import time

from harness import Gateway, wait_until

# Becomes the program, which then has its own number in LISTEN_PID, and the descriptors from 3 on.
ACTIVATE = """
import fcntl, os, sys
names, numbers, arguments = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
moved = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number in numbers]
for target, number in enumerate(moved, 3):
    os.dup2(number, target)
os.closerange(3 + len(moved), 256)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(moved)), LISTEN_FDNAMES=names)
os.execv(arguments[0], arguments)
"""


class ServiceManager:
    def __init__(self, directory, watchdog=None):
        """`watchdog` is WatchdogSec=, in seconds."""
        self.watchdog, self.said, self.kept = watchdog, [], {}
        # A socket's path has at most 107 bytes.
        self.path = directory.parent / f"{directory.name[-8:]}.notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while True:
            try:
                text, control, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(4))
            except OSError:
                return
            if text == b"end":
                return
            message = dict(line.split("=", 1) for line in text.decode().splitlines())
            for level, kind, data in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    before = self.kept.pop(message["FDNAME"], None)
                    if before:
                        before.close()
                    self.kept[message["FDNAME"]] = socket.socket(fileno=array.array("i", data)[0])
            self.said.append((time.monotonic(), message))

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"end", str(self.path))
        self.thread.join()
        self.socket.close()
        self.path.unlink()
        for one in self.kept.values():
            one.close()

    def heard(self, key):
        """(when, value) of every such message."""
        return [(when, message[key]) for when, message in list(self.said) if key in message]

    def await_heard(self, key, value, count=1, timeout=20.0):
        wait_until(lambda: sum(one == value for _, one in self.heard(key)) >= count, timeout,
                   lambda: f"{count} times {key}={value}; there is {[message for _, message in self.said]}")


class ServedGateway(Gateway):
    """Started as systemd starts it; `sockets` are handed over, by their names."""

    def __init__(self, manager, *arguments, **options):
        super().__init__(*arguments, **options)
        self.manager, self.sockets, self.preload = manager, {}, None

    def launch(self, arguments, stdout=None, env=None):
        env = {**(env or os.environ), "NOTIFY_SOCKET": str(self.manager.path)}
        if self.manager.watchdog:
            env["WATCHDOG_USEC"] = str(int(self.manager.watchdog * 1e6))
        if self.preload:
            env["LD_PRELOAD"] = str(self.preload)
        numbers = [one.fileno() for one in self.sockets.values()]
        if numbers:
            arguments = [sys.executable, "-I", "-S", "-c", ACTIVATE, ":".join(self.sockets), ",".join(map(str, numbers))] + arguments
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log, env=env, pass_fds=numbers)
