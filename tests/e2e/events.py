"""Server-sent events, as a browser reads them."""

import json
import socket
import ssl
import time


class Listener:
    """One client of /events. `next` waits for an event of a name; what else comes is kept, in order."""

    def __init__(self, port, ca=None, headers=(), receive_bytes=None, timeout=20.0):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        if ca:
            self.socket = ssl.create_default_context(cafile=ca).wrap_socket(self.socket, server_hostname="localhost")
        lines = ["GET /events HTTP/1.1", "Host: localhost", *headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.stream = self.socket.makefile("rb")
        self.status = int(self.stream.readline().split()[1])
        self.headers = {}
        while (line := self.stream.readline().strip()):
            name, value = line.decode().split(": ", 1)
            self.headers[name.lower()] = value
        self.text, self.first, self.over = "", None, False

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def block(self):
        """The lines of one event or comment; None at the end."""
        while "\n\n" not in self.text:
            size = int(self.stream.readline() or b"0", 16)
            if size == 0:
                self.over = True
                return None
            self.text += self.stream.read(size).decode()
            assert self.stream.readline() == b"\r\n"
        block, self.text = self.text.split("\n\n", 1)
        return block

    def next(self, name, accept=lambda data: True, timeout=20.0):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            block = self.block()
            if block is None:
                raise AssertionError(f"the stream ended before a {name}")
            self.first = self.first or block
            event, _, data = block.partition("\ndata: ")
            if event == f"event: {name}" and accept(value := json.loads(data)):
                return value
        raise AssertionError(f"no {name} within {timeout} s")
