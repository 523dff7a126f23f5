"""The status page in a real browser, told what to do in JavaScript; see driver.mjs."""

import json
import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
PAGE = SOURCE.parents[1] / "src/ops/page"
sys.path.insert(0, str(SOURCE.parent / "e2e"))

import npm_folder  # noqa: E402

ANSWER_SECONDS = 60.0

needs_browser = unittest.skipIf(os.environ.get("SPHEREGATE_SKIP_NODE") == "1", "SPHEREGATE_SKIP_NODE is 1")


def scripts():
    """The directory with the scripts and what they need."""
    return npm_folder.installed(SOURCE, "page-tests", ["*.mjs"])


class Browser:
    def __init__(self):
        self.process = subprocess.Popen(["node", "driver.mjs"], cwd=scripts(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def open(self, url, **options):
        self._say({"open": url, **options})

    def run(self, script, **given):
        """What the JavaScript returned; it has `page` and `given`."""
        return self._say({"run": script, "with": given})

    def await_text(self, selector, text):
        self.run("await page.locator(given.selector, { hasText: given.text }).first().waitFor({ timeout: 20000 })", selector=selector, text=text)

    def _say(self, deed):
        self.process.stdin.write(json.dumps(deed) + "\n")
        self.process.stdin.flush()
        late = threading.Timer(ANSWER_SECONDS, self.process.kill)
        late.start()
        try:
            line = self.process.stdout.readline()
        finally:
            late.cancel()
        if not line:
            raise AssertionError(f"the browser ended, or did not answer within {ANSWER_SECONDS:g} s, at {deed}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{deed}: {answer['error']}")
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
