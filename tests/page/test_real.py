"""The status page of a real gateway with real devices, in a real browser."""

import re
import unittest

from browser_driver import Browser, needs_browser
from device import Closed, Refused
from harness import GatewayTest, as_yaml, http_request, short_id, wait_until

HOSTILE = "<img src=x onerror='window.hacked=1'>"


@needs_browser
class RealGateway(GatewayTest):
    def setUp(self):
        super().setUp()
        self.start_gateway(extra={"devices": {"aliases": {self.pki.ids[2]: "pump-1"}}})

    def open(self, **options):
        self.browser = Browser()
        self.addCleanup(self.browser.close)
        self.browser.open(f"http://127.0.0.1:{self.gateway.http_port}/", **options)

    def text(self, selector):
        return self.browser.run("return page.locator(given.selector).innerText()", selector=selector)

    def assert_no_trouble(self):
        self.assertEqual(self.browser.run("return troubleOf(page)"), [])

    def knock(self, identity, **options):
        with self.assertRaises((Closed, Refused, OSError)), self.gateway.device(identity, tls="1.2") as device:
            device.connect(**options)

    def test_what_happens_appears_by_itself(self):
        self.open()
        browser = self.browser
        browser.await_text("#devices-none", "No device has come yet")
        self.assertEqual(self.text("#gateway"), "gateway.plant.example")
        browser.run("await page.evaluate(() => { window.stays = true; })")
        with self.gateway.connected(self.pki.device(2)) as device:
            browser.await_text("#device-rows tr:has(.badge[data-state=connected])", "pump-1")
            browser.await_text("#uplink-title", "Connected to IoT Hub")
            device.publish("", b"one")
            self.await_drained()
            browser.await_text("#ledger-delivered", "1")
            self.assertEqual(self.text("#ledger-verdict"), "The books balance: every accepted message is accounted for.")

            with self.subTest("what a device says is text"):
                self.knock(self.pki.device(1), client_id=HOSTILE)
                browser.await_text("#refusal-list .refusal-reason", HOSTILE)
                browser.await_text("#device-rows .row-reason", HOSTILE)
                self.assertIsNone(browser.run("return page.evaluate(() => window.hacked)"))

            with self.subTest("a refusal, with its reason and the fix"):
                self.knock(self.pki.variant("expired"))
                entry = wait_until(lambda: next((one for one in self.gateway.status()["refusals"] if one["result"] == "expired"), None), 10, "a refusal")
                browser.await_text("#refusal-list li", "expired")
                said = self.text("#refusal-list li:has-text('expired')").lower()
                for words in (entry["reason"], entry["fix"]):
                    self.assertIn(words.replace("`", "").lower(), said)

            with self.subTest("the details of a device"):
                browser.run("await page.locator('#device-rows a', { hasText: 'pump-1' }).click()")
                browser.await_text("dialog[open]", self.pki.ids[2])
                browser.await_text("dialog[open]", "they balance")
                browser.run("await page.keyboard.press('Escape')")

            self.gateway.config.write_text(as_yaml(self.gateway.settings) + "upstreem: {}\n")  # it takes some seconds until that is told
            with self.subTest("a cut"):
                self.hub.faults(outage=True)
                browser.await_text("#uplink-title", "Cut off from IoT Hub")
                device.publish("", b"two")
                browser.await_text("#figure-queued", "1")
                self.hub.heal()
                self.hub.faults(outage=False)
                browser.await_text("#uplink-title", "Connected to IoT Hub")

            with self.subTest("a change that is not taken"):
                browser.await_text("#attention-list", "upstreem")
                self.gateway.config.write_text(as_yaml(self.gateway.settings))
                browser.run("await page.locator('#attention-list', { hasText: 'upstreem' }).waitFor({ state: 'detached' })")

        browser.await_text("#device-rows tr:has(.badge[data-state=absent])", "pump-1")
        self.assertTrue(browser.run("return page.evaluate(() => window.stays)"), "without reloading the page")
        self.assert_no_trouble()

    def test_dark_with_every_section(self):
        with self.gateway.connected(self.pki.device(3)):
            self.open(scheme="dark")
            self.browser.await_text("#device-rows", short_id(self.pki.ids[3]))
            self.assertEqual(self.browser.run("return page.evaluate(() => getComputedStyle(document.body).backgroundColor)"), "rgb(12, 15, 20)")
            self.browser.await_text("#certificate-rows", "server")
            self.browser.await_text("#ca-rows", "1")
            self.assertRegex(self.text("#sub-disk"), r"of 1\.00.GiB")
            self.assertRegex(self.text(".bar-name p"), r"^Spheregate \d+\.\d+\.\d+ · up \d+.s")
            self.assert_no_trouble()

    def test_policy_and_files(self):
        status, body = http_request(self.gateway.http_port, "GET", "/")
        self.assertEqual(status, 200)
        page = body.decode()
        # Every file that the page names is there, beside it: it works under any path.
        names = set(re.findall(r'(?:src|href)="([\w./:]+\.(?:css|js|svg))"', page))
        self.assertIn("page.css", names)
        for name in names:
            self.assertFalse(name.startswith(("/", "http")), name)
            self.assertEqual(http_request(self.gateway.http_port, "GET", f"/{name}")[0], 200, name)


if __name__ == "__main__":
    unittest.main()
