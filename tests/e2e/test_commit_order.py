"""With a slow hub a PUBACK waits for the disk and for nothing else: strace shows fdatasync return before the PUBACK is written."""

import re
import shutil
import time
import unittest

import mqtt_packets as mqtt
from harness import GatewayTest, wait_until


class CommitOrder(GatewayTest):
    MESSAGES = 20

    def test_puback_follows_the_sync_and_not_the_hub(self):
        self.assertTrue(shutil.which("strace"), "strace is missing; ./dev test installs it")
        self.hub.faults(puback_delay_ms=500)
        trace = self.directory / "strace.log"
        self.start_gateway(wait=False, extra={"queue": {"commit_after": "50ms"}})
        self.gateway.kill()
        # -D keeps the gateway our own child; LeakSanitizer cannot work while something else traces the process.
        self.gateway.wrapper = ["strace", "-D", "-f", "-ttt", "-yy", "-e", "trace=fdatasync,write,writev,sendto,sendmsg",
                                "-o", str(trace), "-E", "ASAN_OPTIONS=detect_leaks=0"]
        self.gateway.start()

        delays = []
        with self.gateway.connected(self.pki.device()) as device:
            self.await_metric(1, "upstream_sessions")
            begun = time.time()
            for number in range(self.MESSAGES):
                device.send(mqtt.publish(f"{device.prefix}n={number}", bytes(256), 1, number + 1))
                sent = time.monotonic()
                self.assertEqual(device.expect(mqtt.PUBACK).packet_id, number + 1)
                delays.append(time.monotonic() - sent)
            port = device.local_port
            written = self.gateway.metric("queue_disk_written_bytes_total")
        self.assertLess(max(delays), 0.45, f"PUBACK delays: {delays}")
        self.assertGreater(written, self.MESSAGES * 256)
        self.assertEqual(self.gateway.stop(), 0)

        events = wait_until(lambda: self.order_of_events(trace, begun, port), 10, "the device's PUBACKs in strace's output")
        self.assertEqual(events[0], "synced", f"the first thing the device heard came before any fdatasync: {events[:6]}")
        # One publish at a time: each PUBACK has a sync of its own before it.
        self.assertGreaterEqual(events.count("synced"), self.MESSAGES)
        answers = 0
        for event in events:
            answers = answers + 1 if event == "answered" else 0
            self.assertLess(answers, 2, f"two PUBACKs after one sync: {events}")

    def order_of_events(self, trace, begun, port):
        """`synced` for each fdatasync of the store that returned 0, `answered` for each write to the device, since `begun`."""
        events, waiting = [], set()
        for line in trace.read_text(errors="replace").splitlines():
            match = re.match(r"(\d+) +(\d+\.\d+) (.*)", line)
            if not match or float(match[2]) < begun:
                continue
            thread, call = match[1], match[3]
            if call.startswith("fdatasync("):
                if str(self.directory / "queue") not in call:
                    continue
                if "<unfinished" in call:
                    waiting.add(thread)
                elif call.rstrip().endswith("= 0"):
                    events.append("synced")
            elif "fdatasync resumed" in call and thread in waiting:
                waiting.discard(thread)
                if call.rstrip().endswith("= 0"):
                    events.append("synced")
            elif re.match(rf"(write|writev|sendto|sendmsg)\(\d+<TCP:\[[^\]]*->127\.0\.0\.1:{port}\]", call):
                events.append("answered")
        answers = [position for position, event in enumerate(events) if event == "answered"]
        # What follows the last PUBACK is the end of the connection.
        return events[:answers[self.MESSAGES - 1] + 1] if len(answers) >= self.MESSAGES else None


if __name__ == "__main__":
    unittest.main()
