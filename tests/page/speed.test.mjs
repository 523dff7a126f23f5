// How long the page takes to answer a key, a click or the wheel, with 1,000 devices and with 10,000, while events come in.
// `SPHEREGATE_PAGE_FIGURES=1` prints what was measured.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, open } from "./browser.mjs";
import { deviceId, Fleet, REFUSALS } from "./fleet.mjs";
import { MockGateway } from "./mock_gateway.mjs";

const LIMIT_MS = 100;
const ROUNDS = 8; // the machine may be busy with something else: what counts is the best of these

// From the input event to the frame that shows what came of it: the browser's own Event Timing, which leaves out what takes less
// than 16 ms; and the longest time without a frame.
const MEASURE = () => {
  window.timings = [];
  window.frames = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.timings.push({ name: entry.name, ms: entry.duration });
  }).observe({ type: "event", durationThreshold: 16 });
  let last = performance.now();
  const frame = (now) => {
    window.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
};

async function measured(page, deed) {
  await page.evaluate(() => {
    window.timings.length = 0;
    window.frames.length = 0;
  });
  await deed();
  await page.waitForTimeout(60);
  return page.evaluate(() => ({ answer: Math.max(0, ...window.timings.map((one) => one.ms)), frame: Math.max(0, ...window.frames) }));
}

// Scrolling has no event that is answered: it is smooth when frames keep coming.
async function best(page, prepare, byFrames) {
  let found = Infinity;
  for (let round = 0; round < ROUNDS && found >= LIMIT_MS; ++round) {
    const { answer, frame } = await measured(page, await prepare(page));
    found = Math.min(found, Math.round(byFrames ? frame : answer));
  }
  return found;
}

const WORD = "oven";

const keyAfter = (begin, key) => async (page) => {
  await page.locator("#device-search").fill(begin);
  await page.locator("#device-search").focus();
  return () => page.keyboard.press(key);
};

// Each is prepared, and then done while it is measured; of several under one name the slowest counts.
const DEEDS = {
  "typing a letter into the search": [...WORD].map((letter, at) => keyAfter(WORD.slice(0, at), letter)),
  "taking one back": [...WORD].map((_, at) => keyAfter(WORD.slice(0, at + 1), "Backspace")),
  "sorting by queue": async (page) => () => page.getByRole("button", { name: "Queue" }).click(),
  "sorting by last seen": async (page) => () => page.getByRole("button", { name: "Last seen" }).click(),
  "sorting by name": async (page) => () => page.getByRole("button", { name: "Device", exact: true }).click(),
  "filtering by state": async (page) => () => page.locator("label", { hasText: "Absent" }).click(),
  "showing all again": async (page) => () => page.locator("label", { hasText: /^All/ }).click(),
  "turning the page": async (page) => () => page.getByRole("button", { name: "Next" }).click(),
  "opening a device": async (page) => () => page.locator("#device-rows a").nth(2).click(),
  "closing it": async (page) => () => page.keyboard.press("Escape"),
  scrolling: async (page) => {
    await page.mouse.move(640, 450);
    return async () => {
      for (let turn = 0; turn < 12; ++turn) {
        await page.mouse.wheel(0, turn < 6 ? 400 : -400);
        await page.waitForTimeout(30);
      }
    };
  },
  "moving over a chart": async (page) => {
    const box = await page.locator(".plot").nth(1).boundingBox();
    return () => page.mouse.move(box.x + box.width - 20, box.y + 60, { steps: 30 });
  },
  "changing the range": async (page) => () => page.locator("label", { hasText: "24 h" }).click(),
};

describe("speed", () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  for (const devices of [1000, 10000]) {
    test(`${devices} devices: every interaction within ${LIMIT_MS} ms`, async () => {
      const fleet = new Fleet({ devices });
      const mock = await new MockGateway(fleet, { tickMs: 500 }).start();
      let number = 0;
      const storm = setInterval(() => {
        ++number;
        if (number % 5 === 0) mock.refuse(deviceId(number % 40), REFUSALS[number % 6]);
        else mock.connect(deviceId(number % 40));
      }, 40);
      const page = await open(browser, mock.url, { before: (made) => made.addInitScript(MEASURE) });
      const began = Date.now();
      await page.waitForFunction((all) => document.getElementById("count-all").textContent.replaceAll(",", "") === all, String(devices), { timeout: 30000 });
      const figures = { "the list is there after": Date.now() - began };
      for (const [name, deeds] of Object.entries(DEEDS)) {
        figures[name] = 0;
        for (const prepare of [deeds].flat()) figures[name] = Math.max(figures[name], await best(page, prepare, name === "scrolling"));
      }
      clearInterval(storm);
      await page.context().close();
      await mock.stop();
      if (process.env.SPHEREGATE_PAGE_FIGURES) {
        console.log(`${devices} devices, milliseconds:`);
        for (const [name, ms] of Object.entries(figures)) console.log(`  ${name}: ${ms || "less than 16"}`);
      }
      for (const [name, ms] of Object.entries(figures).slice(1)) assert.ok(ms < LIMIT_MS, `${name} took ${ms} ms with ${devices} devices: ${JSON.stringify(figures)}`);
    });
  }
});
