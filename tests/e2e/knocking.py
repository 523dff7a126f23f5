"""A device that connects, publishes and leaves, over and over, beside the test, and counts how its connections are received."""

import threading
import time

from device import Closed, Device, Refused


class Knocker:
    def __init__(self, identity, port, ca):
        self.identity, self.port, self.ca = identity, port, str(ca)
        self.refused, self.broken, self.entered, self.published = 0, 0, 0, []
        self.stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping:
            try:
                with Device(self.identity, self.port, self.ca) as device:
                    device.connect()
                    self.entered += 1
                    number = len(self.published)
                    device.publish(f"n={number}", str(number).encode())
                    self.published.append(number)
                    device.disconnect()
            except ConnectionRefusedError:
                self.refused += 1
            except (Closed, Refused, OSError, TimeoutError):
                self.broken += 1  # it was in, or on its way in, when the process ended
            time.sleep(0.005)

    def finish(self):
        self.stopping = True
        self.thread.join(60)
        return self
