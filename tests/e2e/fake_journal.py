"""Stands in for systemd's journal in a mount namespace of its own: `unshare --mount fake_journal.py FILE PROGRAM...` runs the program as systemd would,
and appends each entry of the journal's native protocol to the file, as a line of JSON."""

import array
import json
import os
import socket
import struct
import subprocess
import sys


def fields(entry):
    """`NAME=value` lines; a value with line breaks has its length in front, and its name alone on the line before."""
    found = {}
    while entry:
        line, _, rest = entry.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = struct.unpack("<Q", rest[:8])[0]
            value, rest = rest[8:8 + size], rest[8 + size + 1:]
        found.setdefault(name.decode(), value.decode())
        entry = rest
    return found


def entry_from(receiver):
    """Large entries come as a file descriptor."""
    data, ancillary, _, _ = receiver.recvmsg(1 << 20, socket.CMSG_LEN(4))
    for _, _, payload in ancillary:
        with os.fdopen(array.array("i", payload)[0], "rb") as file:
            file.seek(0)
            return file.read()
    return data


def main(file, *command):
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.makedirs("/run/systemd/journal")
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind("/run/systemd/journal/socket")
    parent = os.getpid()
    if os.fork():
        stderr = os.fstat(2)
        os.environ["JOURNAL_STREAM"] = f"{stderr.st_dev}:{stderr.st_ino}"
        receiver.close()
        os.execvp(command[0], command)
    receiver.settimeout(0.5)
    with open(file, "a", encoding="utf-8") as out:
        while True:
            try:
                out.write(json.dumps(fields(entry_from(receiver))) + "\n")
                out.flush()
            except TimeoutError:
                if os.getppid() != parent:
                    return


if __name__ == "__main__":
    main(*sys.argv[1:])
