// A made-up fleet, the same for the same seed: devices, refusals, certificates and a day of history, in the gateway's own words.

import { createHash } from "node:crypto";

const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const digest = (text, algorithm = "sha256") => createHash(algorithm).update(text).digest("hex");
export const deviceId = (number, seed = 1) => digest(`device ${seed} ${number}`, "sha512");
const iso = (ms) => new Date(ms).toISOString().slice(0, 19) + "Z";

const PLACES = ["press", "oven", "paint-booth", "conveyor", "cold-store", "compressor", "boiler", "packing", "robot", "meter"];
export const OLD_CA = digest("the tenant's old CA");
export const NEW_CA = digest("the tenant's new CA");
const TENANT = "6f1c3a52-9d0e-4a57-8b57-1f6f0d0c2e41";
const ISSUER = `CN=Microsoft Azure Sphere ${TENANT}`;

export const REFUSALS = [
  { stage: "tls", result: "expired", reason: "the device's certificate has expired 3 days ago, and devices.expired_grace is 0",
    fix: "let the device reach the internet, so that it can renew its certificate, or set `devices.expired_grace`", protocol: "TLS 1.2" },
  { stage: "connect", result: "client_id_case", reason: "the client id `5F0C1B2A…9E41` differs from the certificate's common name `5f0c1b2a…9e41` in letter case only",
    fix: "write the device id letter for letter as in the certificate, wherever it is used: Azure Sphere's ids are lower case, its tools print them in capitals" },
  { stage: "tls", result: "unknown_ca", reason: "the certificate was issued by \"CN=Microsoft Azure Sphere 0c9f…\", which is not one of the pinned tenant CAs",
    fix: "if the device belongs to you, add the CA of its tenant with `spheregate tenant add`", protocol: "TLS 1.3" },
  { stage: "connect", result: "other_hub", reason: "the username names the hub `fabrikam.azure-devices.net`, this gateway serves `contoso.azure-devices.net`",
    fix: "let the device's connection string name the hub of this gateway, or let it connect to the gateway of its hub" },
  { stage: "publish", result: "topic_case", reason: "the topic names the device `A91C20D4…77F0` in other letter case than its certificate",
    fix: "publish to `devices/{id}/messages/events/` with the id as it is in the certificate" },
  { stage: "tls", result: "denied", reason: "the device is on the deny list", fix: "`spheregate devices allow ID` takes it off the list", protocol: "TLS 1.2" },
];

export class Fleet {
  constructor({ devices = 1000, seed = 1, now = Date.now(), hostname = "gateway.plant.example" } = {}) {
    this.random = random(seed);
    this.started = now - 9 * DAY - 5 * HOUR;
    this.hostname = hostname;
    this.devices = new Map();
    this.refusals = [];
    this.books = { accepted: 48210377, delivered: 48209951, queued: 0, expired: 412, dropped: 0, dead_lettered: 14 };
    this.uplink = { connected: true, sessions: 0, condition: "fair", since: iso(now - 3 * HOUR - 8 * MINUTE) };
    this.patch = {};
    for (let number = 0; number < devices; ++number) this.add(number, seed, now);
    this.history = this.day(now);
    this.settle();
  }

  add(number, seed, now) {
    const chance = this.random();
    const id = deviceId(number, seed);
    const first = now - Math.floor(this.random() * 200) * DAY;
    const device = {
      id, state: "connected", connected: true, first_seen: iso(first), last_seen: iso(now - Math.floor(this.random() * 20) * HOUR), ca: this.random() < 0.83 ? NEW_CA : OLD_CA,
      peer: `10.1.${number >> 8 & 255}.${number & 255}:${40000 + Math.floor(this.random() * 20000)}`, unacknowledged: 0,
      link: { state: "up", inflight: 0 }, queue: this.queue(Math.floor(this.random() * 90000)),
    };
    if (this.random() < 0.8) device.alias = `${PLACES[number % PLACES.length]}-${Math.floor(number / PLACES.length) + 1}`;
    device.connected_since = iso(now - Math.floor(this.random() * 3 * DAY));
    device.certificate = this.certificate(id, now);
    if (chance > 0.88) this.leave(device, now - Math.floor(this.random() * 9 * DAY));
    this.devices.set(id, device);
    if (chance > 0.985) this.record(id, REFUSALS[number % REFUSALS.length], now - Math.floor(this.random() * 6 * HOUR), 1 + Math.floor(this.random() ** 3 * 400));
  }

  queue(accepted, queued = 0, oldest = 0) {
    const made = { accepted, delivered: accepted - queued, queued, expired: 0, dropped: 0, dead_lettered: 0, bytes: queued * 262 };
    return queued ? { ...made, oldest_age_seconds: oldest } : made;
  }

  certificate(id, now) {
    return { issuer: ISSUER, serial: digest(id).slice(0, 16), not_before: iso(now - 9 * HOUR), not_after: iso(now + 15 * HOUR), sha256: digest(`certificate ${id}`) };
  }

  leave(device, when) {
    Object.assign(device, { state: "absent", connected: false, last_seen: iso(when), peer: "", link: { state: "closed", inflight: 0 } });
    delete device.connected_since;
    delete device.certificate;
  }

  connect(id, changes = {}) {
    const now = Date.now();
    const known = this.devices.get(id) ?? { id, first_seen: iso(now), ca: NEW_CA, unacknowledged: 0, queue: this.queue(0) };
    const device = { ...known, ...changes, state: "connected", connected: true, connected_since: iso(now), last_seen: iso(now), peer: "10.1.9.9:50123",
                     link: { state: "up", inflight: 0 }, certificate: this.certificate(id, now) };
    delete device.last_refusal;
    for (const one of this.refusals) if (one.device === id) one.resolved ??= iso(now);
    this.devices.set(id, device);
    this.settle();
    return device;
  }

  refuse(id, refusal, when = Date.now(), count = 1, changes = {}) {
    const entry = this.record(id, refusal, when, count, changes);
    this.settle();
    return entry;
  }

  record(id, refusal, when, count, changes = {}) {
    const device = { ...(this.devices.get(id) ?? { id, queue: this.queue(0) }), ...changes };
    this.leave(device, Date.parse(device.last_seen ?? iso(when)));
    device.state = "refused";
    const { stage, result, reason, fix } = refusal;
    device.last_refusal = { stage, result, reason, fix, last: iso(when), count };
    this.devices.set(id, device);
    const entry = { ...refusal, device: id, source: "10.1.4.17", peer: "10.1.4.17:49152", first: iso(when - count * 5 * MINUTE), last: iso(when), count,
                    certificate: this.certificate(id, when) };
    if (device.alias) entry.alias = device.alias;
    this.refusals.push(entry);
    this.refusals.sort((a, b) => (a.last < b.last ? 1 : -1));
    return entry;
  }

  settle() {
    this.connected = [...this.devices.values()].filter((one) => one.connected).length;
    this.uplink.sessions = this.uplink.condition === "fair" ? this.connected : 0;
    this.uplink.connected = this.uplink.sessions > 0;
  }

  // What the link says while it is down, for every device that has something to say.
  cut(condition = "unreachable", error = "TCP connect to contoso.azure-devices.net port 8883: no answer in time; let the site's firewall allow it") {
    Object.assign(this.uplink, { condition, since: iso(Date.now() - 12 * MINUTE), last_error: error });
    let number = 0;
    for (const device of this.devices.values()) {
      if (!device.connected) continue;
      device.link = { state: "waiting_turn", inflight: 0, last_error: error };
      const queued = 3 + (number++ % 40);
      device.queue = this.queue(device.queue.accepted + queued, queued, 60 * 12 - (number % 50));
      this.books.queued += queued;
      this.books.accepted += queued;
    }
    this.rates = { accepted_per_second: 96.4, delivered_per_second: 0 };
    this.settle();
  }

  mend() {
    this.uplink = { connected: true, sessions: 0, condition: "fair", since: iso(Date.now()) };
    this.books.delivered += this.books.queued;
    this.books.queued = 0;
    this.settle();
  }

  // A working day: more by day than by night, an outage with its backlog, a short drop.
  day(now) {
    const steps = 1440;
    const end = Math.floor(now / MINUTE) * MINUTE;
    const history = { step_seconds: 60, from: iso(end - steps * MINUTE), steps };
    for (const name of ["queue_messages", "queue_bytes", "queue_oldest_age_seconds", "accepted", "delivered", "devices_connected", "uplink"]) history[name] = [];
    const scale = Math.max(1, this.devices.size / 10);
    let queued = 0;
    let age = 0;
    for (let at = 0; at < steps; ++at) {
      const left = steps - at;
      const cut = (left < 236 && left > 189) || (left < 830 && left > 823);
      const work = 0.55 + 0.45 * Math.sin(((end - left * MINUTE) / DAY - Math.floor((end - left * MINUTE) / DAY)) * 2 * Math.PI - 1.9);
      const accepted = Math.round(60 * scale * (0.35 + 0.65 * work) * (0.94 + 0.12 * this.random()));
      const possible = cut ? 0 : accepted + Math.min(queued, 420 * scale);
      const delivered = Math.min(possible, accepted + queued);
      queued += accepted - delivered;
      age = queued === 0 ? 0 : cut ? age + 60 : Math.max(2, age - 260);
      history.queue_messages.push(queued);
      history.queue_bytes.push(queued * 262);
      history.queue_oldest_age_seconds.push(age);
      history.accepted.push(accepted);
      history.delivered.push(delivered);
      history.devices_connected.push(Math.round(this.devices.size * (0.86 + 0.02 * work) - (left > 700 && left < 730 ? this.devices.size * 0.2 : 0)));
      history.uplink.push(cut ? 0 : 1);
    }
    const last = (name) => history[name].at(-1) / 60;
    this.rates = { accepted_per_second: last("accepted"), delivered_per_second: last("delivered") };
    return history;
  }

  status() {
    const now = Date.now();
    const days = (count) => ({ expires: iso(now + count * DAY), days_left: Math.floor(count) });
    const made = {
      ready: true, version: "0.1.0", hub: "contoso.azure-devices.net", hostname: this.hostname, started: iso(this.started), uplink: this.uplink,
      queue: { ...this.books, bytes: this.books.queued * 262, disk_bytes: 4 * 1048576 + this.books.queued * 310, limit_bytes: 1073741824,
               ...(this.books.queued ? { oldest_age_seconds: 719.4 } : {}) },
      rates: this.rates, state: { usable: true },
      clock: { behind: false, machine: Math.floor(now / 1000), not_before: Math.floor(now / 1000) - 3600, certificates_judged_by: Math.floor(now / 1000) },
      configuration: { last_reload: "ok", in_force_since: Math.floor(now / 1000) - 86400 * 2, restart_needed: [] },
      certificates: [{ name: `server certificate CN=${this.hostname}`, ...days(211.3) }, { name: "root of the hub C=US, O=DigiCert Inc, CN=DigiCert Global Root G2", ...days(4067) },
                     { name: `tenant CA ${ISSUER}`, ...days(23.4) }, { name: `tenant CA ${ISSUER}`, ...days(693) }],
      tenant_cas: [this.ca(OLD_CA, "catalog-2024.pem", now, 23.4), this.ca(NEW_CA, "catalog-2026.pem", now, 693)],
      crls: [], devices_connected: this.connected, devices_total: this.devices.size,
    };
    return merged(made, this.patch);
  }

  ca(sha256, file, now, left) {
    const mine = [...this.devices.values()].filter((one) => one.ca === sha256);
    return { file: `/etc/spheregate/tenant-ca.d/${file}`, subject: ISSUER, tenant_id: TENANT, sha256, not_before: Math.floor((now - (730 - left) * DAY) / 1000),
             not_after: Math.floor((now + left * DAY) / 1000), devices_seen: mine.length, connected: mine.filter((one) => one.connected).length };
  }
}

function merged(base, patch) {
  const made = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    made[name] = value && typeof value === "object" && !Array.isArray(value) && base[name] ? merged(base[name], value) : value;
  }
  return made;
}
