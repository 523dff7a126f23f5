// All about one device, in a sheet beside the page; `#device=ID` in the address opens it, so that it can be sent to somebody.

import { byId, copy, icon, make, moment, onNextFrame, setShown, setText, timeOf, withCode } from "./dom.js";
import { stateBadge } from "./devices.js";
import { bytes, count, exact, plural, shortId, span, words } from "./format.js";
import { read } from "./live.js";
import { refusalCard } from "./refusals.js";

const AGAIN_MS = 5000;
const PREFIX = "#device=";

const LINK_WORDS = {
  closed: "closed: nothing is waiting for it",
  backing_off: "down, will be tried again",
  waiting_turn: "waiting for its turn",
  dialing: "being made",
  connecting: "logging in",
  up: "up",
  renewing: "up, its token is being renewed",
};

export function deviceIn(hash) {
  if (!hash.startsWith(PREFIX)) return null;
  try {
    return decodeURIComponent(hash.slice(PREFIX.length)) || null;
  } catch {
    return null; // somebody's hand-made address
  }
}

function copyButton(text, what) {
  const said = make("span", {}, "Copy");
  const button = make("button", { type: "button", class: "small", "aria-label": `Copy ${what}` }, icon("copy"), said);
  button.addEventListener("click", async () => {
    setText(said, (await copy(text)) ? "Copied" : "Mark it by hand");
    setTimeout(() => setText(said, "Copy"), 2000);
  });
  return button;
}

function facts(...pairs) {
  return make("dl", { class: "facts" }, ...pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, ...value]) => make("div", {}, make("dt", {}, name), make("dd", {}, ...value))));
}

const part = (title, ...content) => make("section", {}, make("h3", {}, title), ...content);
const code = (text) => make("code", { class: "long" }, text);
const when = (iso) => (iso ? moment(timeOf(iso)) : undefined);

function stateOf(device) {
  const since = timeOf(device.connected_since);
  const said = [stateBadge(device.state)];
  if (Number.isFinite(since)) said.push(" for ", moment(since, "for"));
  return said;
}

function who(device) {
  return part("Device", facts(["State", ...stateOf(device)], ["Id", code(device.id), copyButton(device.id, "the id")], ["Alias", device.alias],
    ["Address", device.peer && code(device.peer)], ["First seen", when(device.first_seen)], ["Last seen", when(device.last_seen)],
    ["Unacknowledged", device.unacknowledged ? `${plural(device.unacknowledged, "message")} sent to it, without its PUBACK yet` : undefined]));
}

function certificateOf(device) {
  const { certificate } = device;
  const end = Date.parse(certificate?.not_after ?? "");
  const ending = certificate && [certificate.not_before, " to ", Number.isFinite(end) ? make("span", { title: exact(end) }, certificate.not_after) : certificate.not_after];
  return part("Certificate", facts(["Tenant CA", device.ca && code(device.ca)], ["Issuer", certificate?.issuer], ["Serial", certificate && code(certificate.serial)],
    ["Valid", ...(ending ?? [undefined])], ["SHA-256", certificate && code(certificate.sha256)]),
    !certificate && make("p", { class: "quiet" }, "Its certificate is shown while it is connected."));
}

function linkOf(device) {
  if (!device.link) return null;
  const { state, inflight, last_error: error } = device.link;
  return part("Link to IoT Hub", facts(["State", LINK_WORDS[state] ?? words(state)], ["Under way", plural(inflight, "message")]),
    error && make("p", { class: "said" }, ...withCode(error)));
}

function queueOf(device) {
  const { queue } = device;
  if (!queue) return null;
  const left = queue.accepted - queue.delivered - queue.queued - queue.expired - queue.dropped - queue.dead_lettered;
  return part("Messages", facts(
    ["Waiting", queue.queued ? `${count(queue.queued)}, ${bytes(queue.bytes)}, the oldest for ${span(queue.oldest_age_seconds ?? 0)}` : "none"],
    ["Accepted", count(queue.accepted)], ["Delivered", count(queue.delivered)], ["Expired", count(queue.expired)], ["Dropped", count(queue.dropped)],
    ["Dead letters", count(queue.dead_lettered)],
    ["Books", left === 0 ? "they balance" : `they do not balance: ${count(Math.abs(left))} ${left > 0 ? "missing" : "too many"}`]));
}

function refusalsOf(device) {
  const all = device.refusals ?? [];
  if (all.length === 0) return part("Refusals", make("p", { class: "quiet" }, "Never refused, as far as the gateway remembers."));
  return part("Refusals", make("ul", { class: "refusals" }, ...all.map((refusal) => refusalCard(refusal, { whole: true }))));
}

function byCommand(device) {
  const name = device.alias || device.id;
  const quoted = /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
  const command = `sudo spheregate devices show ${quoted}`;
  return part("On the gateway", make("p", { class: "quiet" }, "The same in a terminal; ", make("code", {}, "deny"), ", ", make("code", {}, "allow"), " and ",
    make("code", {}, "disconnect"), " in place of ", make("code", {}, "show"), " act on it. This page only shows."),
    make("p", { class: "command" }, code(command), copyButton(command, "the command")));
}

export class Details {
  #id = null;
  #shown = "";
  #timer = null;
  #asked = 0;
  #again = onNextFrame(() => void this.#read());

  constructor() {
    this.sheet = byId("details");
    this.body = byId("details-body");
    byId("details-close").addEventListener("click", () => this.sheet.close());
    // A click on what is behind it closes it; inside, the target is some part of it.
    this.sheet.addEventListener("click", (event) => event.target === this.sheet && this.sheet.close());
    this.sheet.addEventListener("close", () => this.#closed());
    addEventListener("hashchange", () => this.follow());
  }

  // Shows what the address names.
  follow() {
    const id = deviceIn(location.hash);
    if (id === this.#id) return;
    if (id === null) {
      if (this.sheet.open) this.sheet.close();
      return;
    }
    this.#id = id;
    this.#shown = "";
    setText(byId("details-title"), shortId(id));
    this.body.replaceChildren(make("p", { class: "quiet" }, "Asking the gateway…"));
    if (!this.sheet.open) this.sheet.showModal();
    this.body.scrollTop = 0;
    void this.#read();
  }

  // News of a device.
  heard(id) {
    if (id === this.#id) this.#again();
  }

  #closed() {
    clearTimeout(this.#timer);
    const id = this.#id;
    this.#id = null;
    if (deviceIn(location.hash) === null) return;
    history.replaceState(null, "", location.pathname + location.search);
    // The row may be another element by now.
    document.querySelector(`#device-rows tr[data-id="${CSS.escape(id)}"] a`)?.focus({ preventScroll: true });
  }

  async #read() {
    clearTimeout(this.#timer);
    const id = this.#id;
    if (id === null) return;
    const asked = ++this.#asked;
    let device = null;
    let trouble = null;
    try {
      device = await read(`devices/${encodeURIComponent(id)}`);
    } catch (error) {
      trouble = error;
    }
    if (id !== this.#id || asked !== this.#asked) return; // it came too late
    if (device) this.#show(device);
    else this.#complain(trouble);
    this.#timer = setTimeout(() => void this.#read(), AGAIN_MS);
  }

  #show(device) {
    setShown(byId("details-trouble"), false);
    setText(byId("details-title"), device.alias || shortId(device.id));
    // Built anew only when it says something else, for the sake of whoever marks or reads it.
    const said = JSON.stringify(device);
    if (said === this.#shown || String(getSelection())) return;
    this.#shown = said;
    const focused = this.body.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    this.body.replaceChildren(...[device.note && make("p", { class: "quiet" }, ...withCode(device.note)), who(device), refusalsOf(device), queueOf(device), linkOf(device),
      certificateOf(device), byCommand(device)].filter(Boolean));
    if (focused) [...this.body.querySelectorAll("button")].find((button) => button.getAttribute("aria-label") === focused)?.focus();
  }

  #complain(error) {
    const said = error.status === 404 ? [error.message, error.fix].filter(Boolean).join(": ") : `The gateway could not be asked: ${error.message}.`;
    byId("details-trouble").replaceChildren(...withCode(said));
    setShown(byId("details-trouble"), true);
    if (!this.#shown) this.body.replaceChildren();
  }
}
