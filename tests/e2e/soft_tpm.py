"""A TPM 2.0 in software, and the tools that put keys into tokens."""

import os
import shutil
import socket
import subprocess

from harness import Process, wait_until

HANDLE = "handle:0x81000001"


def tool(*arguments, env=None, cwd=None):
    if not shutil.which(arguments[0]):
        raise AssertionError(f"{arguments[0]} is missing; ./dev test installs it")
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **(env or {})}, cwd=cwd)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def two_ports():
    """The first of two in a row that are free; the TSS looks for the control channel of swtpm there."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
                return port
            except OSError:
                continue


class SoftTpm(Process):
    """swtpm on a free port. It takes one connection at a time, as a TPM without a resource manager does."""

    def __init__(self, directory):
        super().__init__(directory / "swtpm.log")
        state = directory / "tpm"
        state.mkdir()
        self.port = two_ports()
        self.tcti = f"swtpm:host=127.0.0.1,port={self.port}"
        self.launch(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--server", f"type=tcp,port={self.port},bindaddr=127.0.0.1",
                     "--ctrl", f"type=tcp,port={self.port + 1},bindaddr=127.0.0.1", "--flags", "not-need-init,startup-clear"])
        wait_until(self.listens, 20, self.tail)
        self.directory = directory

    def listens(self):
        # Looked up and not tried, because a connection tried would be the one.
        wanted = f"0100007F:{self.port:04X} 00000000:0000 0A"
        with open("/proc/net/tcp", encoding="ascii") as sockets:
            return wanted in sockets.read()

    def run(self, *arguments):
        tool(*arguments, env={"TPM2TOOLS_TCTI": self.tcti}, cwd=self.directory)
        tool("tpm2_flushcontext", "-t", env={"TPM2TOOLS_TCTI": self.tcti})

    def keep(self, key_file, handle):
        self.run("tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", "primary", "-Q")
        self.run("tpm2_import", "-C", "primary", "-G", "ecc", "-i", str(key_file), "-u", "public", "-r", "private", "-Q")
        self.run("tpm2_load", "-C", "primary", "-u", "public", "-r", "private", "-c", "key", "-Q")
        self.run("tpm2_evictcontrol", "-C", "o", "-c", "key", handle.removeprefix("handle:"), "-Q")
