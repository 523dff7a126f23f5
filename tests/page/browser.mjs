// A browser with the page in it, and everything that goes wrong in there on record.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = [process.env.SPHEREGATE_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch() {
  const executablePath = PLACES.find((place) => place && existsSync(place));
  if (!executablePath) throw new Error("there is no Chromium: apt-get install chromium, or name it in SPHEREGATE_CHROMIUM");
  // Tests run as root in containers, where Chromium's own sandbox and a small /dev/shm would be in the way.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"] });
}

const RECORD = `
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective + " " + event.blockedURI + " " + event.sample));
`;

// `trouble` of the page: what its console complained of, what it threw, what its policy refused.
export async function open(browser, url, { width = 1280, height = 900, colors = "light", wait = true, zone = "UTC", before, motion = "reduce", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: colors, reducedMotion: motion, timezoneId: zone, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  page.trouble = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.trouble.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => page.trouble.push(`threw: ${error.message}`));
  page.on("dialog", (dialog) => {
    page.trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.addInitScript(RECORD);
  if (before) await before(page);
  await page.goto(url);
  if (wait) {
    await page.waitForSelector("body[data-loaded]").catch((error) => {
      throw new Error(`the page shows nothing: ${error.message}\n${page.trouble.join("\n")}`);
    });
  }
  return page;
}

export async function troubleOf(page) {
  return [...page.trouble, ...(await page.evaluate(() => window.violations))];
}
