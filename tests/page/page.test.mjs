// The page against a made-up gateway: what it shows, and that it goes on when something is wrong.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, open, troubleOf } from "./browser.mjs";
import { deviceId, Fleet, NEW_CA, REFUSALS } from "./fleet.mjs";
import { MockGateway } from "./mock_gateway.mjs";

const textOf = (page, selector) => page.locator(selector).innerText();
const rows = (page) => page.locator("#device-rows tr");
const named = (page, name) => page.locator("#device-rows tr", { hasText: name });

// One browser for all; a gateway and a page for each.
describe("the status page", () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  async function withPage(fleet, options, play) {
    const mock = await new MockGateway(new Fleet(fleet), { tickMs: 250 }).start();
    options.prepare?.(mock);
    const page = await open(browser, mock.url, options);
    try {
      await play(page, mock);
      if (!options.expectsTrouble) page.trouble = page.trouble.filter((one) => !options.expects?.test(one));
      if (!options.expectsTrouble) assert.deepEqual(await troubleOf(page), []);
    } finally {
      await page.context().close();
      await mock.stop();
    }
  }

  test("says how the gateway is", () => withPage({ devices: 40 }, {}, async (page, mock) => {
    await rows(page).first().waitFor();
    assert.equal(await textOf(page, "#gateway"), "gateway.plant.example");
    assert.match(await textOf(page, ".bar-name p"), /^Spheregate 0\.1\.0 · up 9\sd\s5\sh$/);
    assert.equal(await textOf(page, "#uplink-title"), "Connected to IoT Hub");
    assert.match(await textOf(page, ".hero-facts"), /contoso\.azure-devices\.net\s*·?for 3\sh\s8\smin\s*·?\d+ links/);
    assert.equal(await textOf(page, "#figure-devices"), String(mock.fleet.connected));
    assert.match(await textOf(page, "#sub-devices"), /^of 40 known/);
    assert.match(await textOf(page, "#sub-disk"), /^0\.4\s% of 1\.00\sGiB$/);
    assert.equal(await page.title(), "gateway.plant.example – Spheregate");
    assert.equal(await textOf(page, "#live-word"), "Live");
    assert.equal(await page.locator("#charts figure").count(), 5);
    assert.equal(await textOf(page, "#ledger-accepted"), "48,210,377");
    assert.equal(await textOf(page, "#ledger-verdict"), "The books balance: every accepted message is accounted for.");
    assert.match(await page.locator("#uplink-since").getAttribute("title"), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    assert.equal(await textOf(page, "#device-range"), "40 devices");
  }));

  test("a device that connects, and one that is refused, appear by themselves", () => withPage({ devices: 3 }, {}, async (page, mock) => {
    await rows(page).first().waitFor();
    mock.connect(deviceId(70), { alias: "pump-70" });
    await named(page, "pump-70").getByText("Connected").waitFor();
    mock.refuse(deviceId(71), REFUSALS[0], { alias: "pump-71" });
    await named(page, "pump-71").getByText("expired", { exact: true }).waitFor();
    const card = page.locator("#refusal-list li", { hasText: "pump-71" });
    assert.match(await card.innerText(), /The device's certificate has expired 3 days ago[^]*Fix:\s*Let the device reach the internet/);
    await page.getByText("1 device is being refused").waitFor();
    // Once it gets in, its refusal is resolved, and out of the way.
    mock.connect(deviceId(71));
    await card.waitFor({ state: "detached" });
    await page.getByLabel("with resolved ones").check();
    assert.match(await card.innerText(), /It has gone well since/);
  }));

  test("search, filter, order and pages", () => withPage({ devices: 300 }, {}, async (page, mock) => {
    await page.locator("#device-range", { hasText: "of 300 devices" }).waitFor();
    assert.equal(await rows(page).count(), 50);
    await page.getByRole("button", { name: "Next" }).click();
    assert.match(await textOf(page, "#device-range"), /^51–100 of 300 devices$/);
    await page.getByRole("button", { name: "Device", exact: true }).click();
    assert.equal(await page.getByRole("columnheader", { name: "Device", exact: true }).getAttribute("aria-sort"), "ascending");
    const names = await page.locator("#device-rows .row-link").allInnerTexts();
    const aliases = [...mock.fleet.devices.values()].map((one) => one.alias).filter(Boolean).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    assert.deepEqual(names, aliases.slice(0, 50), "numbers in names count as numbers");
    await page.getByRole("button", { name: "Device", exact: true }).click();
    assert.equal(await page.getByRole("columnheader", { name: "Device", exact: true }).getAttribute("aria-sort"), "descending");
    const search = page.getByRole("searchbox", { name: "Search devices" });
    await search.fill("PRESS-2");
    for (const name of await page.locator("#device-rows .row-link").allInnerTexts()) assert.match(name, /press-2/);
    await search.fill(NEW_CA.slice(0, 10));
    assert.match(await textOf(page, "#device-range"), / of \d+ that fit$/);
    await search.fill("no such device");
    assert.match(await textOf(page, "#devices-nothing"), /No device fits/);
    await page.getByRole("button", { name: "Show all" }).click();
    assert.equal(await search.inputValue(), "");
    await page.getByRole("radio", { name: /Absent/ }).check({ force: true });
    assert.deepEqual([...new Set(await page.locator("#device-rows .badge").allInnerTexts())], ["Absent"]);
  }));

  test("a row opens the details, with every refusal and its fix", () => withPage({ devices: 20 }, { expects: /404 \(Not Found\)/ }, async (page, mock) => {
    const id = deviceId(3);
    mock.refuse(id, REFUSALS[1], { alias: "boiler-9" });
    mock.refuse(id, REFUSALS[4], { alias: "boiler-9" });
    await named(page, "boiler-9").locator(".cell-refusal").click();
    const sheet = page.getByRole("dialog", { name: "boiler-9" });
    await sheet.getByText(id, { exact: true }).waitFor();
    const said = (await sheet.innerText()).toLowerCase();
    for (const words of [REFUSALS[1], REFUSALS[4]].flatMap(({ reason, fix }) => [reason, fix])) {
      assert.ok(said.includes(words.replaceAll("`", "").toLowerCase()), words);
    }
    assert.ok(page.url().endsWith(`#device=${id}`));
    // It follows what happens to the device.
    mock.connect(id);
    await sheet.getByText("resolved just now").first().waitFor();
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "hidden" });
    await page.waitForFunction(() => !location.hash);
    // The address alone opens it too, and says when there is no such device.
    await page.goto(`${mock.url}#device=nobody`);
    await page.getByText("no device of this id or alias was seen here or refused").waitFor();
  }));

  test("what peers sent is text, whatever it says", () => withPage({ devices: 2 }, {}, async (page, mock) => {
    const hostile = `<img src=x onerror="window.hacked=1">`;
    const id = `"><svg onload=window.hacked=2>/../%2F?#&\u202Egnp.exe ${"𓀀".repeat(60)}`;
    mock.fleet.patch = { hostname: hostile, uplink: { last_error: hostile, condition: "unreachable" }, configuration: { last_reload: "error", problem: `spheregate.yaml:3: ${hostile} \`x` } };
    mock.refuse(id, { stage: "tls", result: hostile, reason: `${hostile} \`a\` \`${hostile}`, fix: hostile, server_name: hostile, protocol: hostile }, { alias: hostile });
    await named(page, hostile).first().waitFor();
    await page.locator("#uplink-error-text", { hasText: hostile }).waitFor();
    await page.locator("#refusal-list", { hasText: hostile }).waitFor();
    await named(page, hostile).first().getByRole("link").click();
    const sheet = page.getByRole("dialog");
    await sheet.getByText(id, { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator("img:not([src='icon.svg'])").count(), 0);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nor does it break the layout");
  }));

  test("a cut, a throttle and a refusal of the hub in words", () => withPage({ devices: 10 }, {}, async (page, mock) => {
    mock.fleet.cut();
    await page.getByRole("heading", { name: "Cut off from IoT Hub" }).waitFor();
    assert.match(await textOf(page, "#uplink-error"), /TCP connect to contoso/);
    assert.match(await textOf(page, ".hero-facts"), /for 12\smin/);
    assert.match(await textOf(page, "#sub-queued"), /^messages, /);
    assert.equal(await page.title(), "⚠ Cut off from IoT Hub – gateway.plant.example");
    assert.equal(await textOf(page, "#announcer"), "Cut off from IoT Hub", "a screen reader is told");
    mock.fleet.cut("throttled", "CONNACK 3");
    await page.getByRole("heading", { name: "Throttled by IoT Hub" }).waitFor();
    mock.fleet.cut("refused", "CONNACK 5: not authorized");
    await page.getByRole("heading", { name: "Refused by IoT Hub" }).waitFor();
    mock.fleet.mend();
    await page.getByRole("heading", { name: "Connected to IoT Hub" }).waitFor();
    assert.equal(await page.locator("#uplink-error").isVisible(), false);
  }));

  test("what needs somebody is said, with what to do", () => withPage({ devices: 5 }, {}, async (page, mock) => {
    const now = Math.floor(Date.now() / 1000);
    mock.fleet.patch = {
      configuration: { last_reload: "error", problem: "spheregate.yaml:12:3: upstream.hbu is no key; did you mean upstream.hub?", restart_needed: ["listen.port"] },
      queue: { disk_bytes: 1000000000, dropped: 3 },
      clock: { behind: true },
      state: { usable: false, fault: "state.db is damaged and was set aside" },
      certificates: [{ name: "server certificate", expires: new Date(Date.now() + 5 * 86400000).toISOString(), days_left: 5 },
                     { name: "gateway root 1", expires: new Date(Date.now() - 2 * 86400000).toISOString(), days_left: -2 },
                     { name: "tenant CA", expires: new Date(Date.now() + 29 * 86400000).toISOString(), days_left: 29 },
                     { name: "gateway root 2", expires: new Date(Date.now() + 31 * 86400000).toISOString(), days_left: 31 }],
      crls: [{ file: "/etc/spheregate/crl.d/plant.crl", ca_sha256: NEW_CA, ca_file: "x", this_update: now - 900000, next_update: now - 1000, entries: 12, stale: true }],
    };
    const attention = page.locator("#attention-list");
    await attention.getByText("A restart is needed").waitFor();
    const said = await attention.innerText();
    for (const words of ["upstream.hbu is no key", "listen.port", "93.1\u00a0% of its limit", "clock is behind", "Changed and not in effect: listen.port", "state.db is damaged", "The books do not balance",
                         "Expires in 5 days: server certificate", "Expired: gateway root 1", "Expires in 29 days: tenant CA", "plant.crl"]) {
      assert.ok(said.includes(words), `${words} in ${said}`);
    }
    assert.ok(!said.includes("gateway root 2"));
    assert.equal(await page.locator("#calm").isVisible(), false);
    assert.match(await textOf(page, "#ledger-verdict"), /do not balance: 3 messages too many/);
    assert.match(await textOf(page, "#configuration-verdict"), /not taken/);
    const certificates = await page.locator("#certificate-rows tr").allInnerTexts();
    assert.match(certificates[0], /gateway root 1[^]*2 days ago[^]*expired/);
    assert.match(certificates[1], /5 days[^]*replace now/);
    assert.match(certificates[2], /29 days[^]*expires soon/);
    assert.match(certificates[3], /31 days[^]*good/);
    mock.fleet.patch = {};
    await page.locator("#attention-list", { hasText: "A restart is needed" }).waitFor({ state: "detached" });
  }));

  test("without devices and history it says what to do", () => {
    const none = (mock) => {
      mock.fleet.history = { step_seconds: 60, from: new Date().toISOString(), steps: 0, queue_messages: [], uplink: [] };
      mock.fleet.patch = { certificates: [], tenant_cas: [], queue: { accepted: 0, delivered: 0, expired: 0, dead_lettered: 0 } };
    };
    return withPage({ devices: 0 }, { prepare: none }, async (page) => {
      await page.getByRole("heading", { name: "No device has come yet" }).waitFor();
      const said = await textOf(page, "#devices-none");
      for (const words of ["spheregate export-root", "spheregate check", "gateway.plant.example:8883"]) assert.ok(said.includes(words), words);
      assert.match(await textOf(page, "#charts-none"), /first point comes a minute after/);
      assert.equal(await textOf(page, "#uplink-title"), "No device is connected");
      assert.match(await textOf(page, "#refusals-none"), /Nobody has been refused/);
      assert.match(await textOf(page, "#attention-list"), /spheregate tenant add/);
      assert.equal(await page.locator("#ledger-bar").isVisible(), false);
    });
  });

  // Time flows as ever, and can be wound forward, so that nobody waits for the page's patience to end.
  const winding = { expectsTrouble: true, before: (page) => page.clock.install() };

  async function wind(page, locator, state = "visible") {
    for (let turn = 0; turn < 40; ++turn) {
      await page.clock.fastForward(2000);
      if (await locator.waitFor({ state, timeout: 250 }).then(() => true, () => false)) return turn * 2;
    }
    throw new Error(`${locator} is not ${state} after 80 s`);
  }

  test("a lost connection is said, and found again by itself", () => withPage({ devices: 5 }, winding, async (page, mock) => {
    await rows(page).first().waitFor();
    const { port } = mock;
    await mock.stop();
    const banner = page.getByRole("alert");
    assert.ok(await wind(page, banner.getByText("No connection to the gateway since")) <= 12, "within ten seconds or so");
    assert.equal(await textOf(page, "#live-word"), "No connection");
    assert.match(await page.title(), /^⚠ no connection/);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector("main")).filter), "grayscale(1)");
    mock.fleet.connect(deviceId(900), { alias: "late-comer" });
    await mock.start(port);
    await wind(page, banner, "hidden");
    await wind(page, named(page, "late-comer"));
    assert.equal(await textOf(page, "#announcer"), "Connected to the gateway again");
    assert.ok(page.trouble.every((one) => one.includes("ERR_")), page.trouble.join("\n"));
  }));

  test("a connection that has fallen silent is a lost one", () => withPage({ devices: 5 }, winding, async (page, mock) => {
    await rows(page).first().waitFor();
    mock.mute = true;
    await wind(page, page.getByRole("alert"));
    mock.mute = false;
    await wind(page, page.getByRole("alert"), "hidden");
  }));

  for (const [how, events] of [["refused, for there are too many readers", "refuse"], ["held back by a proxy", "hold"]]) {
    test(`where events are ${how}, the status is asked for`, () => {
      const prepare = (mock) => {
        mock.events = events;
      };
      return withPage({ devices: 5 }, { ...winding, prepare, wait: false }, async (page, mock) => {
        await wind(page, page.locator("#live-word", { hasText: "Every 10 s" }));
        // What was asked for comes after the word.
        await page.locator("#figure-devices", { hasText: new RegExp(`^${mock.fleet.connected}$`) }).waitFor();
        await rows(page).first().waitFor();
        mock.fleet.cut();
        await wind(page, page.getByRole("heading", { name: "Cut off from IoT Hub" }));
        assert.equal(await page.getByRole("alert").count(), 0);
        // Once events come through, they are taken again.
        mock.events = "flow";
        await wind(page, page.locator("#live-word", { hasText: "Live" }));
      });
    });
  }

  test("a page that nobody looks at gives its place back", () => withPage({ devices: 5 }, winding, async (page, mock) => {
    const seen = (hidden) => page.evaluate((to) => {
      Object.defineProperty(document, "hidden", { value: to, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
    assert.equal(mock.listeners.size, 1);
    await seen(true);
    await page.clock.fastForward(14 * 60000);
    assert.notEqual(await textOf(page, "#live-word"), "Paused");
    await page.clock.fastForward(61000);
    await page.locator("#live-word", { hasText: "Paused" }).waitFor();
    await page.waitForTimeout(200);
    assert.equal(mock.listeners.size, 0);
    await seen(false);
    await page.locator("#live-word", { hasText: "Live" }).waitFor();
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide")));
    await page.locator("#live-word", { hasText: "Paused" }).waitFor();
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    await page.locator("#live-word", { hasText: "Live" }).waitFor();
  }));

  test("times are the gateway's, and the reader's clock is told to be wrong", () => withPage({ devices: 2 }, {
    before: (page) => page.addInitScript(() => {
      const real = Date.now;
      Date.now = () => real() + 3600000;
    }),
  }, async (page) => {
    await page.locator("#skew", { hasText: "1\u00a0h ahead of the gateway's" }).waitFor();
    assert.match(await textOf(page, "#uplink-for"), /^for 3\sh\s8\smin$/);
  }));

  test("the theme follows the system, or the reader, and is remembered", () => withPage({ devices: 2 }, { colors: "dark" }, async (page) => {
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await ground();
    assert.equal(dark, "rgb(12, 15, 20)");
    const toggle = page.getByRole("button", { name: "Switch between light and dark" });
    await toggle.click();
    const light = await ground();
    assert.equal(light, "rgb(245, 246, 248)");
    await page.reload();
    assert.equal(await ground(), light);
    await page.getByRole("button", { name: "Switch between light and dark" }).click();
    assert.equal(await ground(), dark);
    assert.equal(await page.evaluate(() => localStorage.getItem("spheregate-theme")), null, "back to following the system");
  }));

  test("storage that is forbidden is no fault", () => withPage({ devices: 2 }, {
    before: (page) => page.addInitScript(() => Object.defineProperty(window, "localStorage", { get: () => { throw new Error("forbidden"); } })),
  }, async (page) => {
    await page.getByRole("button", { name: "Switch between light and dark" }).click();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
    await page.getByRole("radio", { name: "24 h" }).check({ force: true });
  }));

  test("the charts read out values, by pointer and by keys, and as a table", () => withPage({ devices: 100 }, { zone: "Europe/Berlin" }, async (page) => {
    const plot = page.getByRole("slider", { name: "Queued messages, by time" });
    await plot.waitFor();
    assert.match(await textOf(page, "#charts-zone"), /^times in UTC\+[12]$/);
    const readOut = page.locator("figure", { hasText: "Queued messages" }).locator("output");
    assert.match(await readOut.innerText(), /^now 0, at most [\d,]+$/);
    await plot.focus();
    await page.keyboard.press("ArrowLeft");
    assert.match(await readOut.innerText(), /^\d\d:\d\d\s+[\d,]+ \([\d.]+\s[KM]?i?B\)$/);
    const before = await plot.getAttribute("aria-valuetext");
    await page.keyboard.press("PageDown");
    assert.notEqual(await plot.getAttribute("aria-valuetext"), before);
    await page.keyboard.press("Escape");
    assert.match(await readOut.innerText(), /^now/);
    await plot.hover({ position: { x: 300, y: 60 } });
    assert.match(await page.locator("figure", { hasText: "Messages per second" }).locator("output").innerText(), /^\d\d:\d\d\s+in [\d.,]+\s\/s, out [\d.,]+\s\/s$/,
      "one cursor for all");
    await page.getByText("The same as a table").click();
    await page.locator("#history-rows tr").first().waitFor();
    assert.equal(await page.locator("#history-rows tr").count(), 12);
    const sum = await page.locator("#sum-queued").textContent();
    assert.match(sum, /^Queued messages: now 0, at most/);
  }));

  test("on a phone nothing is cut off", () => withPage({ devices: 30 }, { width: 360, height: 740, prepare: (mock) => mock.fleet.cut() }, async (page, mock) => {
    mock.refuse(deviceId(1), REFUSALS[3], { alias: "a-device-with-quite-a-long-name-for-a-small-screen-1" });
    await named(page, "a-device-with").waitFor();
    const overflow = () => page.evaluate(() => [...document.querySelectorAll("dialog[open] *, body *")].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 0 && box.right > innerWidth + 1 && !one.closest(".scroll, .unseen, svg, .choice") && getComputedStyle(one).position !== "fixed";
    }).map((one) => `${one.tagName}.${one.className} ${one.textContent.slice(0, 40)}`));
    assert.deepEqual(await overflow(), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    await page.getByLabel("Sort by").selectOption("queued");
    await named(page, "a-device-with").getByRole("link").click();
    await page.getByRole("dialog").getByText(deviceId(1), { exact: true }).waitFor();
    assert.deepEqual(await overflow(), []);
  }));

  test("it prints without what is there to be pressed", () => withPage({ devices: 30 }, {}, async (page) => {
    await rows(page).first().waitFor();
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    for (const hidden of ["#theme", ".bar nav", ".tools", "footer"]) assert.equal(await page.locator(hidden).isVisible(), false, hidden);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(255, 255, 255)");
    assert.equal(await rows(page).first().isVisible(), true);
  }));
});
