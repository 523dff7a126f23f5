"""The examples of docs/status-page.md, as they stand there, before a real gateway: `./dev test-proxies`."""

import re
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from browser_driver import Browser, needs_browser
from harness import GatewayTest, Process, wait_until

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/status-page.md"
USER, PASSWORD = "operator", "quite secret"


def example(language):
    return re.search(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@needs_browser
class Proxies(GatewayTest):
    def setUp(self):
        super().setUp()
        self.start_gateway(extra={"devices": {"aliases": {self.pki.ids[0]: "pump-1"}}})
        self.place = Path(tempfile.mkdtemp(prefix="proxy-", dir=self.base))
        self.place.chmod(0o755)
        self.port = free_port()

    def serve(self, *arguments):
        proxy = Process(self.place / "proxy.log")
        proxy.launch([str(one) for one in arguments], env={"PATH": "/usr/bin:/bin", "HOME": str(self.place), "XDG_DATA_HOME": str(self.place), "XDG_CONFIG_HOME": str(self.place)})
        self.addCleanup(proxy.kill)
        wait_until(lambda: answers(self.port), 20, lambda: f"the proxy listens; it said {proxy.tail()}")

    def assert_page_works(self):
        address = f"http://127.0.0.1:{self.port}/gateway"
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(address + "/", timeout=20)
        self.assertEqual(caught.exception.code, 401)
        caught.exception.close()
        browser = Browser()
        self.addCleanup(browser.close)
        browser.open(address, httpCredentials={"username": USER, "password": PASSWORD})
        browser.await_text("#devices-none", "No device has come yet")
        self.assertTrue(browser.run("return page.url()").endswith("/gateway/"))
        # Nothing but the status event tells the page, every two seconds; a proxy that holds events back would show.
        browser.await_text("#live-word", "Live")
        with self.gateway.connected(self.pki.device(0)):
            seconds = browser.run("""const began = Date.now();
                await page.locator('#device-rows tr:has(.badge[data-state=connected])', { hasText: 'pump-1' }).waitFor();
                return (Date.now() - began) / 1000""")
            self.assertLess(seconds, 4)
            browser.run("await page.locator('#device-rows a').first().click()")
            browser.await_text("dialog[open]", self.pki.ids[0])
        browser.run("await page.waitForTimeout(12000)")  # longer than the page's patience with silence
        self.assertEqual(browser.run("return page.locator('#live-word').innerText()"), "Live")
        self.assertEqual(browser.run("return (await troubleOf(page)).filter((one) => !one.includes('401'))"), [])

    def test_nginx(self):
        (self.place / "htpasswd").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        locations = example("nginx").replace("127.0.0.1:9464", f"127.0.0.1:{self.gateway.http_port}")
        locations = locations.replace("/etc/nginx/gateway.htpasswd", str(self.place / "htpasswd"))
        config = self.place / "nginx.conf"
        temporary = "\n".join(f"{kind}_temp_path {self.place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config.write_text(f"daemon off; user root; pid {self.place}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; absolute_redirect off;\n{temporary}\n"
                          f"server {{ listen 127.0.0.1:{self.port};\n{locations} }} }}\n")
        self.serve(shutil.which("nginx") or "/usr/sbin/nginx", "-c", config)
        self.assert_page_works()

    def test_caddy(self):
        digest = subprocess.run(["caddy", "hash-password", "--plaintext", PASSWORD], capture_output=True, text=True, check=True, timeout=60).stdout.strip()
        site = example("caddyfile").replace("127.0.0.1:9464", f"127.0.0.1:{self.gateway.http_port}")
        site = site.replace("gateway.plant.example {", f"http://127.0.0.1:{self.port} {{").replace("$2a$14$...", digest)
        config = self.place / "Caddyfile"
        config.write_text(f"{{\n  admin off\n  auto_https off\n}}\n{site}")
        self.serve(shutil.which("caddy") or "caddy", "run", "--config", config, "--adapter", "caddyfile")
        self.assert_page_works()


if __name__ == "__main__":
    unittest.main()
