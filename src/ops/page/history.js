// What the gateway remembers of the last hours, cut into the buckets that a chart shows. No drawing here.

// How far back, and how much goes into one bucket.
export const RANGES = {
  "1h": { label: "1 h", seconds: 3600, bucket: 60 },
  "6h": { label: "6 h", seconds: 6 * 3600, bucket: 120 },
  "24h": { label: "24 h", seconds: 24 * 3600, bucket: 300 },
};

const known = (values) => values.filter((value) => value !== null && value !== undefined);
const largest = (values) => Math.max(...values);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// What becomes of the steps in a bucket: peaks stay peaks, and what flows is evened out.
const SERIES = {
  queued: { from: "queue_messages", join: largest },
  queuedBytes: { from: "queue_bytes", join: largest },
  oldest: { from: "queue_oldest_age_seconds", join: largest },
  accepted: { from: "accepted", join: mean, aSecond: true },
  delivered: { from: "delivered", join: mean, aSecond: true },
  connected: { from: "devices_connected", join: mean },
  uplink: { from: "uplink", join: mean },
};

// Where nobody wanted to get through there is no knowing whether anybody would have.
function uplinkOf({ uplink = [], devices_connected: connected = [], queue_messages: queued = [] }) {
  return uplink.map((share, at) => (share === 0 && !connected[at] && !queued[at] ? null : share));
}

// `{start, end, bucket, count, known, series: {name: [value or null]}}`, times in ms. Buckets begin at round times, so that they stay the
// same while time goes on; what the gateway does not remember is null. Null itself when there is nothing at all.
export function frameOf(history, rangeName) {
  const steps = history?.steps ?? 0;
  if (!steps) return null;
  const step = history.step_seconds * 1000;
  const bucket = Math.max(RANGES[rangeName].bucket * 1000, step);
  const count = Math.ceil((RANGES[rangeName].seconds * 1000) / bucket);
  const from = Date.parse(history.from);
  const end = Math.ceil((from + steps * step) / bucket) * bucket;
  const start = end - count * bucket;
  const stepAt = (ms) => Math.max(0, Math.round((ms - from) / step));
  const series = {};
  const uplink = uplinkOf(history);
  for (const [name, { from: source, join, aSecond }] of Object.entries(SERIES)) {
    const all = name === "uplink" ? uplink : history[source] ?? [];
    series[name] = Array.from({ length: count }, (_, at) => {
      const values = known(all.slice(stepAt(start + at * bucket), stepAt(start + (at + 1) * bucket)));
      if (values.length === 0) return null;
      return aSecond ? (join(values) * 1000) / step : join(values);
    });
  }
  const first = Array.from({ length: count }, (_, at) => at).find((at) => Object.values(series).some((values) => values[at] !== null));
  return { start, end, bucket, count, known: first === undefined ? 0 : count - first, series };
}

// The bucket at this time; null outside.
export function bucketAt(frame, ms) {
  const at = Math.floor((ms - frame.start) / frame.bucket);
  return at >= 0 && at < frame.count ? at : null;
}

export function middleOf(frame, at) {
  return frame.start + (at + 0.5) * frame.bucket;
}

// Round values from 0 to at least `largestValue`, `about` of them.
export function ticks(largestValue, about = 4, whole = true) {
  const target = Math.max(largestValue, whole ? 4 : 1e-9);
  const rough = target / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (whole && power < 10 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10]).map((factor) => factor * power).find((one) => one >= rough * 0.999);
  const found = [];
  for (let at = 0; at < Math.ceil(target / step - 1e-9) + 0.5; ++at) found.push(Number((at * step).toPrecision(12)));
  return found;
}

const SPANS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

// The same for spans in seconds, at values that clocks like.
export function spanTicks(largestValue, about = 4) {
  const target = Math.max(largestValue, 4);
  const step = SPANS.find((one) => one >= target / about) ?? Math.ceil(target / about / 86400) * 86400;
  const found = [];
  for (let at = 0; at <= Math.ceil(target / step); ++at) found.push(at * step);
  return found;
}

// Round times of the wall clock between the two, at most `most` of them.
export function timeTicks(start, end, most) {
  const minutes = [5, 10, 15, 30, 60, 120, 180, 240, 360, 720].find((one) => (end - start) / (one * 60000) <= most) ?? 1440;
  const step = minutes * 60000;
  const zone = new Date(end).getTimezoneOffset() * 60000;
  const found = [];
  for (let at = Math.ceil((start - zone) / step) * step + zone; at <= end; at += step) found.push(at);
  return found;
}

// Where a chart is known to have had no way to the hub: `[from, to]` in ms.
export function cuts(frame) {
  const found = [];
  frame.series.uplink.forEach((share, at) => {
    if (share === null || share >= 0.5) return;
    const from = frame.start + at * frame.bucket;
    const last = found.at(-1);
    if (last && last[1] === from) last[1] = from + frame.bucket;
    else found.push([from, from + frame.bucket]);
  });
  return found;
}

// `{last, most, mostAt, mean}` of a series; null when nothing of it is known.
export function summary(frame, name) {
  const values = frame.series[name];
  const some = known(values);
  if (some.length === 0) return null;
  const most = largest(some);
  return { last: some.at(-1), most, mostAt: middleOf(frame, values.lastIndexOf(most)), mean: mean(some) };
}
