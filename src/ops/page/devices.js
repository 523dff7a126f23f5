// The table of devices: search, filter, order, a page at a time. A row leads to the details.

import { atMostEvery, byId, make, moment, setData, setIcon, setMoment, setShown, setText, icon } from "./dom.js";
import { DeviceList, FALLS_FIRST } from "./device_list.js";
import { count, exact, plural, shortId, span, words } from "./format.js";
import { read } from "./live.js";

const PAGE_ROWS = 50;
const ASK_ROWS = 200; // at once, so that no answer holds up the gateway for long
const AGAIN_MS = 15000;
const SOON_MS = 1000;
const PAUSE_MS = 3000; // between two readings, at least, and five times as long as one takes
const SAID_AFTER_MS = 700;
const RENDER_MS = 200; // at most so often for what comes by itself; what the reader does is shown at once
const HOLD_MS = 2500;

export const STATE_WORDS = { connected: "Connected", refused: "Refused", absent: "Absent" };
export const STATE_ICONS = { connected: "ok", refused: "bad", absent: "idle" };

export const linkTo = (id) => `#device=${encodeURIComponent(id)}`;

export function stateBadge(state) {
  return fillBadge(make("span", { class: "badge" }, icon("idle"), make("span")), state);
}

export function fillBadge(badge, state) {
  setData(badge, "state", state);
  setIcon(badge.firstElementChild, STATE_ICONS[state] ?? "idle");
  setText(badge.lastElementChild, STATE_WORDS[state] ?? state);
  return badge;
}

// One <tr> that is filled again and again.
class Row {
  constructor() {
    this.link = make("a", { class: "row-link" });
    this.id = make("span", { class: "row-id" });
    this.badge = stateBadge("absent");
    this.seen = make("span");
    this.seenAt = moment(NaN);
    this.queued = make("span");
    this.oldest = make("span", { class: "row-sub" });
    this.ca = make("span", { class: "mono" });
    this.result = make("span", { class: "row-result" });
    this.reason = make("span", { class: "row-reason" });
    const cell = (name, ...children) => make("td", { class: `cell-${name}`, role: "cell" }, ...children);
    this.root = make("tr", { role: "row" },
      make("th", { class: "cell-name", scope: "row", role: "rowheader" }, this.link, this.id), cell("state", this.badge), cell("seen", this.seen, this.seenAt),
      cell("queue", this.queued, this.oldest), cell("ca", this.ca), cell("refusal", this.result, this.reason));
  }

  fill(row) {
    setText(this.link, row.name);
    this.link.setAttribute("href", linkTo(row.id));
    this.root.dataset.id = row.id;
    this.link.title = row.id;
    setText(this.id, row.alias ? shortId(row.id) : "");
    fillBadge(this.badge, row.state);
    const here = row.state === "connected";
    setText(this.seen, here ? "now" : "");
    this.seen.title = here && row.since ? `connected since ${exact(row.since)}` : "";
    setShown(this.seenAt, !here);
    setMoment(this.seenAt, !here && row.seen ? row.seen : NaN);
    setText(this.queued, count(row.queued));
    setData(this.queued, "none", String(row.queued === 0));
    setText(this.oldest, row.queued > 0 ? `oldest ${span(row.oldest, 1)}` : "");
    setText(this.ca, row.ca ? row.ca.slice(0, 12) : "–");
    this.ca.title = row.ca ? `SHA-256 ${row.ca}` : "";
    setText(this.result, row.refusal ? words(row.refusal.result) : "–");
    setText(this.reason, (row.refusal?.reason ?? "").replaceAll("`", ""));
    this.reason.title = row.refusal?.reason ?? "";
  }
}

export class Devices {
  #list = new DeviceList();
  #wish = { search: "", state: "", sort: "state", falling: false };
  #page = 0;
  #view = [];
  #rows = [];
  #reading = false;
  #timer = null;
  #saying = null;
  #onScreen = true;
  #overdue = false;
  #notBefore = 0;
  #known = false; // the list has been read once
  #mayRead;
  #changed;
  #render = atMostEvery(RENDER_MS, () => this.#show());
  #heldUntil = 0;

  // `mayRead()`: whether the gateway can be asked now. `changed()`: after the list has.
  constructor(mayRead, changed) {
    this.#mayRead = mayRead;
    this.#changed = changed;
    this.body = byId("device-rows");
    this.search = byId("device-search");
    this.listen();
  }

  listen() {
    this.search.addEventListener("input", () => this.#want({ search: this.search.value }));
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.search.value = "";
        this.#want({ search: "" });
      }
    });
    for (const choice of document.querySelectorAll("[name=device-state]")) {
      choice.addEventListener("change", () => this.#want({ state: choice.value }));
    }
    for (const button of document.querySelectorAll("[data-sort]")) {
      button.addEventListener("click", () => {
        const sort = button.dataset.sort;
        this.#want({ sort, falling: this.#wish.sort === sort ? !this.#wish.falling : FALLS_FIRST[sort] });
      });
    }
    const select = byId("device-sort");
    select.addEventListener("change", () => this.#want({ sort: select.value, falling: FALLS_FIRST[select.value] }));
    byId("page-before").addEventListener("click", () => this.#turn(-1));
    byId("page-after").addEventListener("click", () => this.#turn(1));
    byId("devices-again").addEventListener("click", () => {
      this.#notBefore = 0;
      this.readSoon(0);
    });
    byId("devices-reset").addEventListener("click", () => this.reset());
    const table = this.body.closest("table");
    this.body.addEventListener("click", (event) => this.#clicked(event));
    this.body.addEventListener("keydown", (event) => this.#key(event));
    // Rows do not move away under a pointer that is about to click, or under somebody who walks through them.
    for (const name of ["pointermove", "pointerdown", "keydown"]) {
      this.body.addEventListener(name, () => {
        this.#heldUntil = performance.now() + HOLD_MS;
      });
    }
    new IntersectionObserver((entries) => {
      this.#onScreen = entries.at(-1).isIntersecting;
      if (this.#onScreen) this.readSoon(0);
    }).observe(table);
  }

  get size() {
    return this.#list.size;
  }

  of(id) {
    return this.#list.of(id);
  }

  counts() {
    return this.#list.counts();
  }

  // A row of the gateway's, from an event or a page of the list.
  put(device) {
    if (typeof device?.id !== "string") return;
    this.#list.put(device);
    this.#render();
  }

  only(state) {
    for (const choice of document.querySelectorAll("[name=device-state]")) choice.checked = choice.value === state;
    this.#want({ state });
  }

  reset() {
    this.search.value = "";
    this.only("");
    this.#want({ search: "" });
    this.search.focus();
  }

  // So much has changed that the list must be read, whether anybody looks at it or not: the counts are of it.
  readSoon(after = SOON_MS) {
    this.#overdue = true;
    this.#readAfter(Math.max(after, this.#notBefore - performance.now()));
  }

  #readAfter(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#readAll(), ms);
  }

  async #readAll() {
    if (this.#reading) return;
    const seen = this.#onScreen && !document.hidden;
    if (!this.#mayRead() || !(seen || this.#overdue)) return this.#readAfter(AGAIN_MS);
    this.#reading = true;
    this.#overdue = false;
    const began = performance.now();
    this.#list.beginAnew();
    try {
      let after = "";
      let page;
      do {
        page = await read(`devices?limit=${ASK_ROWS}${after && `&after=${encodeURIComponent(after)}`}`);
        for (const device of page.devices) this.#list.put(device);
        after = page.after ?? "";
        if (!this.#known) this.#tellProgress(page.total);
      } while (after);
      this.#list.endAnew();
      this.#known = true;
      setShown(byId("devices-trouble"), false);
    } catch (error) {
      setText(byId("devices-trouble-text"), `The list could not be read: ${error.message}.`);
      setShown(byId("devices-trouble"), this.#mayRead());
    }
    this.#reading = false;
    setShown(byId("devices-progress"), !this.#known);
    this.#render();
    // A large fleet is read less often, so that looking at it costs the gateway little.
    const took = performance.now() - began;
    this.#notBefore = performance.now() + Math.max(PAUSE_MS, 5 * took);
    if (this.#overdue) this.readSoon();
    else this.#readAfter(Math.max(AGAIN_MS, 20 * took));
  }

  // The first time it is shown as it comes, later when it is complete.
  #tellProgress(total) {
    setText(byId("devices-progress"), `${count(this.#list.size)} of ${count(total)} read`);
    this.#render();
  }

  #want(change) {
    Object.assign(this.#wish, change);
    this.#page = 0;
    this.#heldUntil = 0;
    this.#show();
    this.#saySoon();
  }

  #turn(by) {
    this.#page += by;
    this.#heldUntil = 0;
    this.#show();
    this.#saySoon();
    this.body.closest("section").scrollIntoView({ block: "start" });
  }

  // Once the typing has paused.
  #saySoon() {
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => setText(byId("devices-said"), byId("device-range").textContent), SAID_AFTER_MS);
  }

  #show() {
    // Then the same rows stay where they are, with what is new in them.
    const held = performance.now() < this.#heldUntil;
    if (held) setTimeout(this.#render, HOLD_MS);
    this.#view = held ? this.#view.map((row) => this.#list.of(row.id) ?? row) : this.#list.view(this.#wish);
    const pages = Math.max(1, Math.ceil(this.#view.length / PAGE_ROWS));
    this.#page = Math.min(Math.max(0, this.#page), pages - 1);
    const begin = this.#page * PAGE_ROWS;
    const wanted = this.#view.slice(begin, begin + PAGE_ROWS);
    while (this.#rows.length < wanted.length) this.#rows.push(new Row());
    const focused = this.body.contains(document.activeElement) ? document.activeElement.closest("tr")?.dataset.id : undefined;
    wanted.forEach((row, at) => this.#rows[at].fill(row));
    this.#fit(wanted.length);
    if (focused !== undefined) {
      const at = wanted.findIndex((row) => row.id === focused);
      if (at >= 0) this.#rows[at].link.focus({ preventScroll: true });
    }
    this.#tell(begin, wanted.length, pages);
    this.#changed();
  }

  #fit(length) {
    while (this.body.childElementCount > length) this.body.lastElementChild.remove();
    for (let at = this.body.childElementCount; at < length; ++at) this.body.append(this.#rows[at].root);
  }

  #tell(begin, shown, pages) {
    const counts = this.#list.counts();
    for (const [state, number] of Object.entries(counts)) setText(byId(`count-${state}`), count(number));
    const filtered = this.#wish.search !== "" || this.#wish.state !== "";
    const all = this.#view.length;
    setShown(byId("device-tools"), counts.all > 0);
    setShown(byId("device-range"), counts.all > 0);
    const of = filtered ? `${count(all)} of ${plural(counts.all, "device")}` : plural(all, "device");
    setText(byId("device-range"), shown === 0 || pages === 1 ? of : `${count(begin + 1)}–${count(begin + shown)} of ${filtered ? `${count(all)} that fit` : of}`);
    byId("page-before").disabled = this.#page === 0;
    byId("page-after").disabled = this.#page >= pages - 1;
    setShown(byId("pager"), pages > 1);
    setShown(byId("device-table"), all > 0);
    setShown(byId("devices-nothing"), all === 0 && counts.all > 0);
    setShown(byId("devices-none"), counts.all === 0 && this.#known);
    for (const button of document.querySelectorAll("[data-sort]")) {
      const mine = button.dataset.sort === this.#wish.sort;
      const sorted = !mine ? "none" : this.#wish.falling ? "descending" : "ascending";
      if (button.parentElement.getAttribute("aria-sort") !== sorted) button.parentElement.setAttribute("aria-sort", sorted);
    }
    byId("device-sort").value = this.#wish.sort;
  }

  // The whole row is a place to click, except for whoever marks text.
  #clicked(event) {
    if (event.target.closest("a") || String(getSelection())) return;
    event.target.closest("tr")?.querySelector("a").click();
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...this.body.children];
    const to = rows[rows.indexOf(event.target.closest("tr")) + step];
    if (!to) return;
    event.preventDefault();
    to.querySelector("a").focus();
  }
}
