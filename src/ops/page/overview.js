// The state in words, the key figures, the ledger: what a status says when somebody takes one look.

import { byId, icon, make, setData, setIcon, setMoment, setSentence, setShown, setText, timeOf, withCode } from "./dom.js";
import { PARTS } from "./attention.js";
import { bytes, capital, count, figure, percent, plural, rate, span } from "./format.js";

const UPLINK = {
  connected: { tone: "ok", icon: "ok", title: "Connected to IoT Hub", note: "Messages go straight through." },
  throttled: { tone: "warn", icon: "warn", title: "Throttled by IoT Hub",
               note: "The hub takes less than there is. What waits is kept, and one device tries for all. Set `upstream.tier` and `upstream.units` if they are wrong." },
  refused: { tone: "bad", icon: "bad", title: "Refused by IoT Hub",
             note: "The hub lets no device in: check the key of `upstream.auth`, the clock, and the devices in the hub. What devices send is kept." },
  cut: { tone: "bad", icon: "bad", title: "Cut off from IoT Hub",
         note: "Devices go on publishing, and everything is kept until the hub is back. `spheregate check` looks at the way to it." },
  connecting: { tone: "idle", icon: "idle", title: "Connecting to IoT Hub", note: "No device has its link yet." },
  idle: { tone: "idle", icon: "idle", title: "No device is connected", note: "Each device has its own link to the hub; the links come with the devices." },
};

// Without devices there is nothing to connect, and that is no fault.
export function uplinkKind(status) {
  const { connected, condition } = status.uplink ?? {};
  if (condition === "throttled" || condition === "refused") return condition;
  if (condition === "unreachable") return "cut";
  if (connected) return "connected";
  return status.devices_connected > 0 || status.queue?.queued > 0 ? "connecting" : "idle";
}

export const uplinkTitle = (status) => UPLINK[uplinkKind(status)].title;
export const uplinkTone = (status) => UPLINK[uplinkKind(status)].tone;

function showUplink(status) {
  const kind = UPLINK[uplinkKind(status)];
  const { since, sessions, last_error: error } = status.uplink ?? {};
  setData(byId("uplink"), "tone", kind.tone);
  setIcon(byId("uplink-icon"), kind.icon);
  setText(byId("uplink-title"), kind.title);
  setText(byId("uplink-hub"), status.hub ?? "");
  setShown(byId("uplink-for"), Boolean(since));
  setMoment(byId("uplink-since"), timeOf(since), "for");
  setText(byId("uplink-links"), plural(sessions ?? 0, "link"));
  setSentence(byId("uplink-note"), kind.note);
  const last = kind.tone === "ok" ? "" : error ?? "";
  setShown(byId("uplink-error"), last !== "");
  setText(byId("uplink-error-text"), last);
}

function setFigure(name, value, unit, sub) {
  setText(byId(`figure-${name}`), value);
  if (unit !== null) setText(byId(`unit-${name}`), unit);
  setText(byId(`sub-${name}`), sub);
}

function showFigures(status, counts) {
  const { queue = {}, rates = {} } = status;
  const known = Math.max(counts.all, status.devices_total ?? 0);
  const refused = counts.refused ? `, ${count(counts.refused)} refused` : "";
  setFigure("devices", count(status.devices_connected), null, `of ${count(known)} known${refused}`);
  setFigure("in", rate(rates.accepted_per_second), "/s", "accepted from devices");
  setFigure("out", rate(rates.delivered_per_second), "/s", "delivered to IoT Hub");
  setFigure("queued", figure(queue.queued), null, queue.queued ? `messages, ${bytes(queue.bytes ?? NaN)}` : "nothing waits");
  setFigure("oldest", queue.queued ? span(queue.oldest_age_seconds ?? NaN) : "–", null, queue.queued ? "the longest wait" : "nothing waits");
  const share = queue.limit_bytes ? queue.disk_bytes / queue.limit_bytes : NaN;
  setFigure("disk", bytes(queue.disk_bytes), null, queue.limit_bytes ? `${percent(share)} of ${bytes(queue.limit_bytes)}` : "");
  const meter = byId("disk-meter");
  meter.value = Number.isFinite(share) ? Math.min(1, share) : 0;
  setData(byId("tile-disk"), "tone", share >= 0.9 ? "bad" : share >= 0.75 ? "warn" : "ok");
  setData(byId("tile-queued"), "tone", queue.queued > 0 && uplinkTone(status) !== "ok" ? "warn" : "ok");
}

function showLedger({ queue }) {
  if (!queue) return;
  const off = queue.accepted - PARTS.reduce((total, name) => total + (queue[name] ?? 0), 0);
  setText(byId("ledger-accepted"), count(queue.accepted));
  for (const name of PARTS) setText(byId(`ledger-${name}`), count(queue[name]));
  const verdict = byId("ledger-verdict");
  setData(verdict, "tone", off === 0 ? "ok" : "bad");
  setIcon(verdict.firstElementChild, off === 0 ? "ok" : "bad");
  setSentence(verdict.lastElementChild, off === 0 ? "The books balance: every accepted message is accounted for." :
    `The books do not balance: ${plural(Math.abs(off), "message")} ${off > 0 ? "missing" : "too many"}. Keep the log, run \`spheregate audit\`, and report it.`);
  setShown(byId("ledger-dead"), queue.dead_lettered > 0);
  // A bar of what became of them, in script because the policy of the page allows no style in markup.
  for (const name of PARTS) {
    setShown(byId(`share-${name}`), queue[name] > 0);
    byId(`share-${name}`).style.flexGrow = String(queue[name] ?? 0);
  }
  setShown(byId("ledger-bar"), queue.accepted > 0);
}

function showConfiguration({ configuration = {}, clock, provisioning }) {
  const good = configuration.last_reload !== "error";
  const waiting = configuration.restart_needed ?? [];
  const verdict = byId("configuration-verdict");
  setData(verdict, "tone", !good ? "bad" : waiting.length ? "warn" : "ok");
  setIcon(verdict.firstElementChild, !good ? "bad" : waiting.length ? "warn" : "ok");
  setText(verdict.lastElementChild, !good ? "The latest change was not taken" : waiting.length ? "A restart is needed for a part of it" : "What is in the files is in force");
  setMoment(byId("configuration-since"), configuration.in_force_since ? configuration.in_force_since * 1000 : NaN);
  setShown(byId("configuration-problem"), !good);
  setText(byId("configuration-problem-text"), configuration.problem ?? "");
  setShown(byId("configuration-waiting"), waiting.length > 0);
  setText(byId("configuration-keys"), waiting.join(", "));
  setShown(byId("clock"), Boolean(clock));
  setText(byId("clock-state"), clock?.behind ? "behind: certificates are judged by a later time" : "plausible");
  setShown(byId("provisioning"), Boolean(provisioning));
  if (provisioning) {
    setText(byId("provisioning-state"), `${count(provisioning.assigned)} assigned, ${count(provisioning.waiting)} waiting, ${count(provisioning.running)} under way` +
      (provisioning.last_error ? `; ${provisioning.last_error}` : ""));
  }
}

function showHead(status) {
  const name = status.hostname || "Spheregate";
  setText(byId("gateway"), name);
  byId("gateway").title = name;
  setText(byId("version"), status.version ? `Spheregate ${status.version}` : "Spheregate");
  setShown(byId("running"), Boolean(status.started));
  setMoment(byId("started"), timeOf(status.started), "for");
  for (const node of document.querySelectorAll("[data-hostname]")) setText(node, name);
}

export function showStatus(status, counts) {
  showHead(status);
  showUplink(status);
  showFigures(status, counts);
  showLedger(status);
  showConfiguration(status);
}

// What needs somebody, the worst first.
export class Attention {
  #shown = "";

  show(all) {
    const said = JSON.stringify(all);
    if (said === this.#shown) return;
    this.#shown = said;
    const list = byId("attention-list");
    list.replaceChildren(...all.map((one) => {
      return make("li", { "data-tone": one.tone }, icon(one.tone),
        make("div", {}, make("p", { class: "attention-title" }, ...withCode(one.title)), one.detail && make("p", { class: "attention-detail" }, ...withCode(capital(one.detail))),
          one.fix && make("p", { class: "fix" }, make("strong", {}, "Fix:"), make("span", {}, ...withCode(capital(one.fix))))),
        one.href && make("a", { class: "attention-link", href: one.href }, one.link, " →"));
    }));
    setText(byId("attention-count"), String(all.length));
    setShown(byId("attention"), all.length > 0);
    setShown(byId("calm"), all.length === 0);
  }
}
