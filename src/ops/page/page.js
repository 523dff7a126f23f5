// The page as a whole: what comes from the gateway goes to the parts that show it.

import { attentionOf } from "./attention.js";
import { Charts, fillTable } from "./charts.js";
import { Details } from "./details.js";
import { Devices } from "./devices.js";
import { byId, make, now, onNextFrame, refreshMoments, remember, remembered, setData, setShown, setText, takeGatewayTime } from "./dom.js";
import { exact, plural, span, zone } from "./format.js";
import { frameOf, RANGES } from "./history.js";
import { Live, read } from "./live.js";
import { Attention, showStatus, uplinkTitle, uplinkTone } from "./overview.js";
import { Refusals } from "./refusals.js";
import { Trust } from "./trust.js";

const HISTORY_EVERY_MS = 60000;
const SKEW_SECONDS = 60;
const ANNOUNCE_EVERY_MS = 30000;

let mode = "connecting";
let status = null;
let history = null;

const mayRead = () => mode !== "lost" && mode !== "asleep";
const devices = new Devices(mayRead, () => showAll());
const refusals = new Refusals();
const details = new Details();
const attention = new Attention();
const trust = new Trust();
const charts = new Charts(byId("charts"));

// --- what a screen reader is told, unasked: the uplink, the connection, and refusals now and then.

const announce = (text) => setText(byId("announcer"), text);
let uplinkSaid = null;
let refusedSince = 0;
let refusalTimer = null;

function announceUplink() {
  const title = uplinkTitle(status);
  if (uplinkSaid !== null && title !== uplinkSaid) announce(title);
  uplinkSaid = title;
}

function announceRefusal() {
  ++refusedSince;
  refusalTimer ??= setTimeout(() => {
    announce(`${plural(refusedSince, "refusal")} in the last half minute`);
    refusedSince = 0;
    refusalTimer = null;
  }, ANNOUNCE_EVERY_MS);
}

// --- the status

function counts() {
  const known = devices.counts();
  // The list may still be on its way.
  return { ...known, all: Math.max(known.all, status?.devices_total ?? 0) };
}

const showAll = onNextFrame(() => {
  if (!status) return;
  showStatus(status, counts());
  attention.show(attentionOf(status, devices.counts().refused));
  trust.show(status, now());
  setData(document.body, "loaded", "true");
  showTitle();
});

function showTitle() {
  const name = status?.hostname || "Spheregate";
  const marks = { lost: "⚠ no connection", asleep: "paused" };
  const mark = marks[mode] ?? (status && uplinkTone(status) === "bad" ? `⚠ ${uplinkTitle(status)}` : "");
  const title = mark ? `${mark} – ${name}` : `${name} – Spheregate`;
  if (document.title !== title) document.title = title;
}

function takeStatus(next) {
  status = next;
  const ahead = next.clock ? takeGatewayTime(next.clock.machine) : 0;
  setShown(byId("skew"), Math.abs(ahead) >= SKEW_SECONDS);
  setText(byId("skew"), `This device's clock is ${span(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} the gateway's; times here are the gateway's.`);
  announceUplink();
  showAll();
}

const readRefusalsSoon = (() => {
  let timer = null;
  return () => (timer ??= setTimeout(() => {
    timer = null;
    void refusals.readAll();
  }, 1000));
})();

const HEARD = {
  status: takeStatus,
  device(row) {
    devices.put(row);
    details.heard(row.id);
    if (row.state === "connected" && refusals.concerns(row.id)) readRefusalsSoon();
    showAll();
  },
  devices: () => devices.readSoon(),
  refusal(one) {
    refusals.put(one);
    if (one.device) details.heard(one.device);
    announceRefusal();
  },
};

// --- the last hours

let range = remembered("spheregate-range");
let drawnAt = 0;

function showHistory() {
  const frame = frameOf(history, RANGES[range] ? range : "6h");
  setShown(byId("charts-body"), frame !== null);
  setShown(byId("charts-none"), frame === null);
  if (!frame) return;
  setText(byId("charts-zone"), `times in ${zone(frame.end)}`);
  charts.draw(frame);
  if (byId("charts-table").open) fillTable(byId("history-rows"), frame);
  drawnAt = Date.now();
}

async function readHistory() {
  if (!mayRead()) return;
  try {
    history = await read("history");
    setShown(byId("history-trouble"), false);
  } catch (error) {
    setText(byId("history-trouble"), `The last hours could not be read: ${error.message}.`);
    setShown(byId("history-trouble"), true);
    return;
  }
  // A gateway that has run for a few minutes is looked at closely.
  if (!RANGES[range]) choose(history.steps * history.step_seconds > 2 * 3600 ? "6h" : "1h");
  showHistory();
}

function choose(name) {
  range = name;
  for (const choice of document.querySelectorAll("[name=range]")) choice.checked = choice.value === name;
}

// --- the connection

const MODE_WORDS = { connecting: "Connecting", live: "Live", asking: "Every 10 s", lost: "No connection", asleep: "Paused" };

function takeMode(state) {
  const before = mode;
  mode = state.mode;
  setData(document.body, "mode", mode);
  setText(byId("live-word"), MODE_WORDS[mode]);
  byId("live").title = mode === "asking" ? "Events do not come through, perhaps a proxy holds them back; the gateway is asked every 10 s instead" : "";
  const lost = mode === "lost";
  if (lost) {
    byId("lost-text").replaceChildren("No connection to the gateway since ", make("time", { datetime: new Date(state.since).toISOString(), title: exact(state.since) },
      new Date(state.since).toTimeString().slice(0, 8)), ". ", make("span", {}, state.why ? `Last tried: ${state.why}. ` : ""),
      "What is below is as it was then; the page goes on trying by itself.");
  }
  setShown(byId("lost"), lost);
  if (before === "lost" && mode === "live") announce("Connected to the gateway again");
  // After a gap everything may be another.
  if (mode === "live" || (mode === "asking" && before !== "live")) {
    devices.readSoon(0);
    void refusals.readAll();
    void readHistory();
  }
  showTitle();
}

// --- what the reader sets

function listen() {
  byId("theme").addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const is = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
    const next = is === "dark" ? "light" : "dark";
    // Back to what the system has is back to following it.
    const own = (next === "dark") === dark ? null : next;
    if (own) document.documentElement.dataset.theme = own;
    else delete document.documentElement.dataset.theme;
    remember("spheregate-theme", own);
  });
  for (const choice of document.querySelectorAll("[name=range]")) {
    choice.addEventListener("change", () => {
      choose(choice.value);
      remember("spheregate-range", choice.value);
      showHistory();
    });
  }
  byId("charts-table").addEventListener("toggle", showHistory);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId("device-search").focus();
    byId("device-search").scrollIntoView({ block: "center" });
  });
}

choose(RANGES[range] ? range : "");
listen();
setInterval(() => document.hidden || refreshMoments(), 5000);
setInterval(() => {
  if (!document.hidden && Date.now() - drawnAt >= HISTORY_EVERY_MS - 1000) void readHistory();
}, 10000);
document.addEventListener("visibilitychange", () => document.hidden || refreshMoments());
new Live((name, data) => HEARD[name]?.(data), takeMode).start();
details.follow();
