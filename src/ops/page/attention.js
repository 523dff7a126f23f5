// What of a status needs somebody, in words with what to do. No drawing here.

import { certificateName, count, day, percent, plural } from "./format.js";
import { urgency } from "./trust.js";

// What becomes of an accepted message.
export const PARTS = ["delivered", "queued", "expired", "dropped", "dead_lettered"];

const DISK_WARN = 0.75;
const DISK_BAD = 0.9;

function ofStores({ ready, queue = {}, state = {} }) {
  const found = [];
  if (ready === false) {
    found.push({ tone: "bad", title: "Devices cannot be served: the store is closed", detail: queue.closed, fix: "free or repair the disk, then restart the gateway" });
  }
  if (state.usable === false) {
    found.push({ tone: "warn", title: "Sessions and twins are in memory only, and end with the process", detail: state.fault });
  }
  const share = queue.limit_bytes ? queue.disk_bytes / queue.limit_bytes : 0;
  if (share >= DISK_WARN) {
    found.push({ tone: share >= DISK_BAD ? "bad" : "warn", title: `The store has used ${percent(share)} of its limit`,
                 fix: "raise `queue.max_bytes`, or decide what `queue.when_full` should drop" });
  }
  const sum = PARTS.reduce((total, name) => total + (queue[name] ?? 0), 0);
  if (Number.isFinite(queue.accepted) && queue.accepted !== sum) {
    found.push({ tone: "bad", title: "The books do not balance", detail: `${count(queue.accepted)} were accepted, ${count(sum)} are accounted for`, href: "#ledger", link: "Ledger" });
  }
  return found;
}

function ofConfiguration({ configuration = {}, clock, provisioning }) {
  const found = [];
  if (configuration.last_reload === "error") {
    found.push({ tone: "bad", title: "The changed configuration was not taken; what was before stays in force", detail: configuration.problem,
                 fix: "mend that place; `spheregate config check` names every mistake" });
  }
  if (configuration.restart_needed?.length) {
    found.push({ tone: "warn", title: "A restart is needed", detail: `changed and not in effect: ${configuration.restart_needed.join(", ")}`,
                 fix: "`systemctl restart spheregate`; nothing is lost, and devices reconnect" });
  }
  if (clock?.behind) {
    found.push({ tone: "bad", title: "The gateway's clock is behind",
                 detail: `it says ${new Date(clock.machine * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC; certificates are judged by ${day(clock.certificates_judged_by * 1000)}`,
                 fix: "set it: `timedatectl`" });
  }
  if (provisioning?.last_error) {
    found.push({ tone: "warn", title: "The Device Provisioning Service is in trouble", detail: provisioning.last_error });
  }
  return found;
}

function nameOf({ name }) {
  const { kind, common } = certificateName(name);
  return common ? `${kind} ${common}` : kind;
}

function ofTrust({ certificates = [], crls = [], tenant_cas: cas }) {
  const found = certificates.map((one) => ({ one, urgent: urgency(one.days_left) })).filter(({ urgent }) => urgent.tone !== "ok").map(({ one, urgent }) => ({
    tone: urgent.tone,
    title: one.days_left < 0 ? `Expired: ${nameOf(one)}` : `Expires ${one.days_left < 1 ? "within a day" : `in ${plural(Math.floor(one.days_left), "day")}`}: ${nameOf(one)}`,
    fix: one.fix,
    href: "#certificates", link: "Certificates",
  }));
  for (const crl of crls.filter((one) => one.stale)) {
    found.push({ tone: "warn", title: `A revocation list is stale: ${crl.file.split("/").at(-1)}`, fix: "see that whatever downloads it still does", href: "#certificates", link: "Revocation lists" });
  }
  if (cas?.length === 0) {
    found.push({ tone: "bad", title: "There is no tenant CA: no device can come in", fix: "`sudo spheregate tenant add FILE`" });
  }
  return found;
}

const RANK = { bad: 0, warn: 1 };

// `{tone, title, detail, fix, href}` each.
export function attentionOf(status, refused) {
  const found = [...ofStores(status), ...ofConfiguration(status), ...ofTrust(status)];
  if (refused > 0) {
    found.push({ tone: "warn", title: `${plural(refused, "device is", "devices are")} being refused`, detail: "each with its reason and what to do, below", href: "#refusals", link: "Refusals" });
  }
  return found.sort((a, b) => RANK[a.tone] - RANK[b.tone]);
}
