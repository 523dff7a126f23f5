// Certificates and what is left of their days, tenant CAs and who comes with them, revocation lists.

import { byId, icon, make, setShown, timeOf } from "./dom.js";
import { certificateName, count, day, exact, plural } from "./format.js";

const SOON_DAYS = 30;
const AT_ONCE_DAYS = 7;

// Told apart by shape and words, not by colour alone.
export function urgency(daysLeft) {
  if (daysLeft < 0) return { tone: "bad", words: "expired" };
  if (daysLeft <= AT_ONCE_DAYS) return { tone: "bad", words: "replace now" };
  if (daysLeft <= SOON_DAYS) return { tone: "warn", words: "expires soon" };
  return { tone: "ok", words: "good" };
}

const DAY_MS = 86400000;
export const daysUntil = (ms, now) => (ms - now) / DAY_MS;

function daysText(days) {
  if (days < 0) return `${plural(Math.max(1, Math.floor(-days)), "day")} ago`;
  return days < 1 ? "less than a day" : plural(Math.floor(days), "day");
}

function left(days) {
  const { tone, words } = urgency(days);
  return make("span", { class: "days", "data-tone": tone }, icon(tone), make("span", {}, daysText(days)), make("span", { class: "days-word" }, words));
}

const dated = (ms) => make("time", { datetime: Number.isFinite(ms) ? new Date(ms).toISOString() : undefined, title: exact(ms) }, day(ms));
const row = (...cells) => make("tr", {}, ...cells);
const cell = (name, ...children) => make("td", { "data-label": name }, ...children);
const number = (name, ...children) => make("td", { "data-label": name, class: "number" }, ...children);

function certificateRow(one) {
  const { kind, common } = certificateName(one.name);
  return row(make("th", { scope: "row", title: [one.name, one.file].filter(Boolean).join("\n") }, kind, common && make("span", { class: "row-id" }, common)), cell("Expires", dated(timeOf(one.expires))), cell("Left", left(one.days_left)));
}

function caRow(ca, now, several) {
  const idle = several && ca.connected === 0 && ca.devices_seen === 0;
  const end = ca.not_after * 1000;
  return row(
    make("th", { scope: "row" }, make("span", { class: "ca-name", title: ca.subject }, ca.tenant_id || ca.subject), make("span", { class: "row-id", title: `SHA-256 ${ca.sha256}, ${ca.file}` }, `${ca.sha256.slice(0, 12)} · ${ca.file.split("/").at(-1)}`)),
    cell("Until", dated(end), left(daysUntil(end, now))),
    number("Devices seen", count(ca.devices_seen), idle && make("span", { class: "row-sub" }, "no device needs it yet, or any more")),
    number("Connected", count(ca.connected)));
}

function crlRow(crl) {
  const due = crl.next_update ? crl.next_update * 1000 : NaN;
  return row(
    make("th", { scope: "row" }, make("span", { title: crl.file }, crl.file.split("/").at(-1)), make("span", { class: "row-id" }, `CA ${crl.ca_sha256.slice(0, 12)}`)),
    number("Revoked", count(crl.entries)), cell("Issued", dated(crl.this_update * 1000)),
    cell("Next due", dated(due), crl.stale && make("span", { class: "days", "data-tone": "warn" }, icon("warn"), make("span", { class: "days-word" }, "stale"))));
}

export class Trust {
  #shown = "";

  show(status, now) {
    const { certificates = [], tenant_cas: cas = [], crls = [] } = status;
    const said = JSON.stringify([certificates, cas, crls, Math.floor(now / DAY_MS)]);
    if (said === this.#shown) return;
    this.#shown = said;
    const byEnd = [...certificates].sort((a, b) => a.days_left - b.days_left);
    byId("certificate-rows").replaceChildren(...byEnd.map(certificateRow));
    setShown(byId("certificate-table"), certificates.length > 0);
    setShown(byId("certificates-none"), certificates.length === 0);
    byId("ca-rows").replaceChildren(...cas.map((ca) => caRow(ca, now, cas.length > 1)));
    setShown(byId("ca-table"), cas.length > 0);
    setShown(byId("cas-none"), cas.length === 0);
    byId("crl-rows").replaceChildren(...crls.map(crlRow));
    setShown(byId("crls"), crls.length > 0);
  }
}
