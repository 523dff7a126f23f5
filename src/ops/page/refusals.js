// Who was refused lately, why, and what to do about it.

import { byId, icon, make, moment, onNextFrame, setShown, setText, timeOf, withCode } from "./dom.js";
import { linkTo } from "./devices.js";
import { capital, count, plural, shortId, words } from "./format.js";
import { read } from "./live.js";

const SHOWN = 8;
const ASKED = 100;

const STAGE_WORDS = {
  tls: "in the TLS handshake",
  connect: "at CONNECT",
  publish: "publishing",
  subscribe: "subscribing",
  session: "its session was ended",
};

// A refusal is one entry for each device, address, stage and result.
const keyOf = (refusal) => JSON.stringify([refusal.stage, refusal.result, refusal.device ?? "", refusal.source]);

function nameOf(refusal) {
  if (!refusal.device) return make("span", { class: "refusal-name" }, `A device at ${refusal.source || "an unknown address"}`);
  const name = refusal.alias || shortId(refusal.device);
  return make("a", { class: "refusal-name", href: linkTo(refusal.device), title: refusal.device }, name);
}

function often(refusal) {
  const last = moment(timeOf(refusal.last));
  if (refusal.count === 1) return ["once, ", last];
  return [`${count(refusal.count)} times, last `, last, ", first ", moment(timeOf(refusal.first))];
}

function small(refusal, whole) {
  const certificate = whole && refusal.certificate;
  const said = [
    refusal.peer && ["from ", make("code", {}, refusal.peer)],
    refusal.server_name && ["dialled ", make("code", {}, refusal.server_name)],
    whole && refusal.protocol && [refusal.protocol],
    certificate && [`certificate ${certificate.not_before} to ${certificate.not_after}, issued by ${certificate.issuer}`],
  ].filter(Boolean);
  return said.flatMap((one, at) => (at ? [" · ", ...one] : one));
}

// `whole`: with everything on record, and without the name, which is plain there.
export function refusalCard(refusal, { whole = false } = {}) {
  const named = !whole;
  const resolved = timeOf(refusal.resolved);
  const claimed = named && refusal.device && refusal.stage === "tls";
  return make("li", { class: "refusal", "data-resolved": String(Number.isFinite(resolved)) },
    icon(Number.isFinite(resolved) ? "ok" : "bad", "refusal-icon"),
    make("div", { class: "refusal-body" },
      make("p", { class: "refusal-head" }, named && nameOf(refusal), claimed && make("span", { class: "quiet", title: "The handshake did not come far enough to prove the name" }, "claimed, not proven"),
        make("span", { class: "tag" }, words(refusal.result)), make("span", { class: "refusal-when" }, ...often(refusal))),
      make("p", { class: "refusal-reason" }, ...withCode(capital(refusal.reason))),
      refusal.fix && make("p", { class: "fix" }, make("strong", {}, "Fix:"), make("span", {}, ...withCode(capital(refusal.fix)))),
      make("p", { class: "refusal-small" }, `Refused ${STAGE_WORDS[refusal.stage] ?? words(refusal.stage)}`, ...[small(refusal, whole)].filter((one) => one.length).flatMap((one) => [" · ", ...one])),
      Number.isFinite(resolved) && make("p", { class: "refusal-resolved" }, "It has gone well since: resolved ", moment(resolved))));
}

export class Refusals {
  #all = new Map(); // the latest first
  #most = SHOWN;
  #kept = 0;
  #render = onNextFrame(() => this.#show());
  #known = false;

  constructor() {
    byId("refusals-more").addEventListener("click", () => {
      const before = this.#most;
      this.#most = ASKED;
      this.#show();
      byId("refusal-list").children[before]?.querySelector("a, button")?.focus();
    });
    byId("refusals-resolved").addEventListener("change", () => this.#show());
  }

  async readAll() {
    try {
      const { kept, refusals } = await read(`refusals?limit=${ASKED}`);
      this.#all = new Map(refusals.map((one) => [keyOf(one), one]));
      this.#kept = kept;
      this.#known = true;
      setShown(byId("refusals-trouble"), false);
      this.#render();
    } catch (error) {
      setText(byId("refusals-trouble"), `The refusals could not be read: ${error.message}.`);
      setShown(byId("refusals-trouble"), true);
    }
  }

  // A new one, or one that was counted up.
  put(refusal) {
    if (!refusal?.stage) return;
    const key = keyOf(refusal);
    this.#all.delete(key);
    // Times are in seconds: of the same second this is the latest.
    const latestFirst = [[key, refusal], ...this.#all].sort(([, a], [, b]) => (a.last < b.last ? 1 : a.last > b.last ? -1 : 0));
    this.#all = new Map(latestFirst.slice(0, ASKED));
    this.#render();
  }

  // A device that got in has its old refusals resolved; the gateway says so when it is asked.
  concerns(id) {
    for (const refusal of this.#all.values()) {
      if (refusal.device === id && !refusal.resolved) return true;
    }
    return false;
  }

  #show() {
    const everything = [...this.#all.values()];
    const open = everything.filter((one) => !one.resolved);
    const resolved = everything.length - open.length;
    const wanted = byId("refusals-resolved").checked ? everything : open;
    const shown = wanted.slice(0, this.#most);
    const list = byId("refusal-list");
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    list.replaceChildren(...shown.map((one) => refusalCard(one)));
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    setText(byId("refusals-resolved-count"), count(resolved));
    setShown(byId("refusals-filter"), resolved > 0);
    setText(byId("refusals-more"), `Show ${plural(wanted.length - shown.length, "more", "more")}`);
    setShown(byId("refusals-more"), wanted.length > shown.length);
    setText(byId("refusals-kept"), this.#kept > everything.length ? `The latest ${count(everything.length)} of ${count(this.#kept)} on record.` : "");
    setShown(byId("refusals-none"), this.#known && shown.length === 0);
    setText(byId("refusals-none"), resolved > 0 ? "Nobody is being refused. What was refused earlier has gone well since." :
      "Nobody has been refused since the gateway started.");
  }
}
