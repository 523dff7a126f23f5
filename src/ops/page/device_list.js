// Every device that the gateway has told of, and which of them are wanted in which order. No drawing here.

import { shortId } from "./format.js";

export const STATES = ["connected", "refused", "absent"];

// Numbers in names count as numbers: pump-2 comes before pump-10.
const natural = (text) => text.toLowerCase().replace(/\d{1,9}/g, (digits) => digits.padStart(10, "0"));

const time = (iso) => (iso ? Date.parse(iso) : 0);

// What the list keeps of a row of `/devices`: thousands of them stay in memory.
export function rowOf(device) {
  const refusal = device.last_refusal ?? null;
  const alias = device.alias ?? "";
  const ca = device.ca ?? "";
  // As `spheregate devices` has it: with a valid certificate, since who was refused may be anybody.
  const seen = time(device.last_seen);
  return {
    id: device.id,
    alias,
    name: alias || shortId(device.id),
    state: device.state,
    since: time(device.connected_since),
    seen,
    queued: device.queue?.queued ?? 0,
    oldest: device.queue?.oldest_age_seconds ?? 0,
    ca,
    peer: device.peer ?? "",
    refusal,
    nameKey: alias ? natural(alias) : `\uffff${device.id}`, // those with a name first
    hay: [alias, device.id, ca, device.peer, refusal?.result, refusal?.reason].filter(Boolean).join("\n").toLowerCase(),
  };
}

// Each gives what is compared. Ties, and there are many, go by name.
const KEYS = {
  name: (row) => row.nameKey,
  state: (row) => RANK[row.state] ?? 3,
  seen: (row) => (row.state === "connected" ? 8.64e15 + row.since / 1e6 : row.seen),
  queued: (row) => row.queued,
  ca: (row) => row.ca,
  refusal: (row) => time(row.refusal?.last),
};

// Which way a column goes at first: names from a, figures and times from the largest.
export const FALLS_FIRST = { name: false, state: false, seen: true, queued: true, ca: false, refusal: true };

const RANK = { refused: 0, connected: 1, absent: 2 }; // who needs somebody comes first

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

export class DeviceList {
  #rows = new Map();
  #generation = 0;

  get size() {
    return this.#rows.size;
  }

  of(id) {
    return this.#rows.get(id);
  }

  put(device) {
    const row = rowOf(device);
    row.generation = this.#generation;
    this.#rows.set(row.id, row);
  }

  // Between the two the whole list is put again; who was not among it is gone, as after a restart of the gateway.
  beginAnew() {
    ++this.#generation;
  }

  endAnew() {
    for (const [id, row] of this.#rows) {
      if (row.generation !== this.#generation) this.#rows.delete(id);
    }
  }

  counts() {
    const counts = { all: this.#rows.size, connected: 0, refused: 0, absent: 0 };
    for (const row of this.#rows.values()) ++counts[row.state];
    return counts;
  }

  // `wish`: {search, state, sort, falling}. Every word of the search must be found.
  view({ search, state, sort, falling }) {
    const wanted = search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    for (const row of this.#rows.values()) {
      if (state && row.state !== state) continue;
      if (wanted.every((word) => row.hay.includes(word))) found.push(row);
    }
    const key = KEYS[sort];
    const turn = falling ? -1 : 1;
    return found.sort((a, b) => turn * compare(key(a), key(b)) || compare(a.nameKey, b.nameKey) || compare(a.id, b.id));
  }
}
