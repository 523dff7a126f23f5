// Whether everybody can use it: contrast, names, roles, and the keyboard alone.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";
import { launch, open, troubleOf } from "./browser.mjs";
import { contrasts } from "./contrast.mjs";
import { deviceId, Fleet, REFUSALS } from "./fleet.mjs";
import { MockGateway } from "./mock_gateway.mjs";

const ENOUGH = 4.5;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// Every kind of thing that the page can show, at once.
function everything() {
  const fleet = new Fleet({ devices: 60 });
  fleet.cut();
  fleet.refuse(deviceId(5), REFUSALS[0], Date.now() - 60000, 4, { alias: "pump-5" });
  fleet.refuse(deviceId(6), REFUSALS[1], Date.now() - 50000, 1, { alias: "pump-6" });
  fleet.connect(deviceId(6));
  fleet.refuse(deviceId(5), REFUSALS[4], Date.now() - 40000, 1);
  const day = 86400000;
  const crl = { ca_sha256: fleet.devices.get(deviceId(5)).ca, ca_file: "x", this_update: (Date.now() - 9 * day) / 1000, next_update: (Date.now() - day) / 1000, entries: 2, stale: true };
  fleet.patch = {
    configuration: { last_reload: "error", problem: "spheregate.yaml:12:3: upstream.hbu is no key", restart_needed: ["listen.port"] },
    provisioning: { assigned: 3, waiting: 1, running: 0, last_error: "id scope unknown" },
    queue: { disk_bytes: 850000000 },
    certificates: [5, -2, 29, 400].map((days_left) => ({ name: `certificate ${days_left}`, expires: new Date(Date.now() + days_left * day).toISOString(), days_left })),
    crls: [{ ...crl, file: "/etc/spheregate/crl.d/plant.crl" }],
  };
  return fleet;
}

describe("for everybody", () => {
  let browser;
  let mock;
  before(async () => {
    browser = await launch();
    mock = await new MockGateway(everything()).start();
  });
  after(async () => {
    await browser?.close();
    await mock?.stop();
  });

  async function full(options) {
    const page = await open(browser, mock.url, options);
    await page.locator("#device-rows tr").first().waitFor();
    await page.getByLabel("with resolved ones").check();
    await page.getByText("The same as a table").click();
    return page;
  }

  async function openDetails(page) {
    await page.locator("#device-rows a", { hasText: "pump-5" }).first().click();
    await page.getByRole("dialog").getByText("Refused publishing").waitFor();
  }

  async function judge(page, where, roles = false) {
    const found = await page.evaluate(contrasts);
    assert.ok(found.length > 30, `texts of ${where}: ${found.length}`);
    assert.deepEqual(found.filter(({ ratio }) => ratio < ENOUGH).map(({ text, ratio }) => `${text}: ${ratio.toFixed(2)}`), [], `contrast of ${where}`);
    if (!roles) return;
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    assert.deepEqual(violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 120)}`)), [], `axe on ${where}`);
  }

  for (const colors of ["light", "dark"]) {
    test(`contrast, names and roles, ${colors}`, async () => {
      const page = await full({ colors });
      await judge(page, `the page, ${colors}`, colors === "light");
      await page.evaluate(() => (document.body.dataset.mode = "lost"));
      await judge(page, `the page without a connection, ${colors}`);
      await openDetails(page);
      await judge(page, `the details, ${colors}`, colors === "light");
      assert.deepEqual(await troubleOf(page), []);
      await page.context().close();
    });
  }

  test("contrast, names and roles on a phone", async () => {
    const page = await full({ width: 360, height: 740 });
    await judge(page, "a phone", true);
    await page.context().close();
  });

  test("the keyboard is enough", async () => {
    const page = await open(browser, mock.url);
    await page.locator("#device-rows tr").first().waitFor();
    const focused = () => page.evaluate(() => {
      const { activeElement: node } = document;
      return node.getAttribute("aria-label") || node.innerText?.trim() || node.value || node.tagName;
    });
    // Whatever has the focus can be seen to have it.
    const ringed = () => page.evaluate(() => {
      const node = document.activeElement.matches(".choice input") ? document.activeElement.nextElementSibling : document.activeElement;
      return getComputedStyle(node).outlineStyle !== "none" && parseFloat(getComputedStyle(node).outlineWidth) >= 2;
    });
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the devices");
    const seen = [];
    for (let step = 0; step < 90 && !seen.includes("pump-5"); ++step) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
      assert.ok(await ringed(), `a focus ring around ${seen.at(-1)}`);
    }
    for (const stop of ["Switch between light and dark", "Queued messages, by time", "Search devices", "Last seen", "pump-5"]) assert.ok(seen.includes(stop), `${stop} among ${seen}`);
    await page.keyboard.press("/");
    assert.equal(await focused(), "Search devices");
    await page.keyboard.type("pump");
    await page.keyboard.press("Tab"); // the states
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.deepEqual(await page.locator("#device-rows .badge").allInnerTexts(), ["Refused"]);
    await page.locator("#device-rows a").first().focus();
    await page.keyboard.press("ArrowDown"); // there is no other: the focus stays
    assert.equal(await focused(), "pump-5");
    await page.keyboard.press("Enter");
    const sheet = page.getByRole("dialog", { name: "pump-5" });
    await sheet.getByText("Refused publishing").waitFor();
    for (let step = 0; step < 12; ++step) {
      await page.keyboard.press("Tab");
      assert.ok(await page.evaluate(() => document.activeElement === document.body || Boolean(document.activeElement.closest("dialog"))), "the focus stays in the dialog");
    }
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "hidden" });
    assert.equal(await focused(), "pump-5", "back where it was");
    await page.context().close();
  });

  test("the focus stays on its device while the list changes", async () => {
    const page = await open(browser, mock.url);
    await page.getByRole("button", { name: "Device", exact: true }).click();
    const fourth = page.locator("#device-rows a").nth(3);
    const name = await fourth.innerText();
    await fourth.focus();
    for (let number = 300; number < 310; ++number) mock.connect(deviceId(number), { alias: `aaa-${number}` });
    await page.locator("#device-rows tr", { hasText: "aaa-309" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
    await page.context().close();
  });

  test("whoever wants no motion gets none", async () => {
    for (const [motion, name] of [["reduce", "none"], ["no-preference", "breathe"]]) {
      const page = await open(browser, mock.url, { motion });
      assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector(".live-dot")).animationName), name);
      await page.context().close();
    }
  });

  test("a screen reader is not talked at", async () => {
    const page = await open(browser, mock.url);
    await page.locator("#device-rows tr").first().waitFor();
    await page.evaluate(() => {
      window.said = [];
      for (const region of document.querySelectorAll("[role=status], [role=alert], [aria-live]:not([aria-live=off])")) {
        new MutationObserver(() => window.said.push(`${region.id}: ${region.textContent}`)).observe(region, { childList: true, characterData: true, subtree: true });
      }
    });
    for (let number = 0; number < 20; ++number) {
      mock.refuse(deviceId(400 + number), REFUSALS[number % 6]);
      mock.send("status", mock.fleet.status());
      await page.waitForTimeout(50);
    }
    await page.waitForTimeout(1000);
    assert.deepEqual(await page.evaluate(() => window.said), []);
    await page.context().close();
  });
});
