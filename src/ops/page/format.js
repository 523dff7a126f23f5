// Numbers, sizes, spans and times as this page writes them: the same in every locale.

const THOUSANDS = /\B(?=(\d{3})+(?!\d))/g;
const GAP = "\u00a0"; // between a number and its unit, where no line may break

export const NOTHING = "–";

export function count(number) {
  return Number.isFinite(number) ? String(Math.round(number)).replace(THOUSANDS, ",") : NOTHING;
}

// For large figures: exact below a million.
export function figure(number) {
  if (!Number.isFinite(number)) return NOTHING;
  if (number < 1e6) return count(number);
  const [unit, name] = number < 1e9 ? [1e6, "M"] : [1e9, "G"];
  return significant(number / unit) + GAP + name;
}

// A second. Below ten a decimal tells apart "little" and "none".
export function rate(number) {
  if (!Number.isFinite(number)) return NOTHING;
  if (number > 0 && number < 0.05) return "<0.1";
  return number === 0 || number >= 10 ? count(number) : number.toFixed(1);
}

function significant(number) {
  if (number >= 1000) return count(number);
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

export function bytes(number) {
  if (!Number.isFinite(number)) return NOTHING;
  let unit = 0;
  while (number >= 1024 && unit < SIZES.length - 1) {
    number /= 1024;
    ++unit;
  }
  return (unit === 0 ? count(number) : significant(number)) + GAP + SIZES[unit];
}

export function percent(share) {
  if (!Number.isFinite(share)) return NOTHING;
  const hundredths = share * 100;
  // Never 100 % while something was missing, nor 0 % while something was there.
  if (hundredths > 99.9 && hundredths < 100) return `99.9${GAP}%`;
  if (hundredths > 0 && hundredths < 0.1) return `<0.1${GAP}%`;
  return (hundredths % 1 === 0 || hundredths < 0.1 ? hundredths.toFixed(0) : hundredths.toFixed(1)) + GAP + "%";
}

const UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

// The largest unit and the one below it: 3 d 4 h, 4 min 10 s.
export function span(seconds, parts = 2) {
  if (!Number.isFinite(seconds)) return NOTHING;
  let rest = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => rest >= size);
  if (first < 0) return `0${GAP}s`;
  const said = [];
  for (const [name, size] of UNITS.slice(first, first + parts)) {
    const whole = Math.floor(rest / size);
    if (whole > 0) said.push(whole + GAP + name);
    rest -= whole * size;
  }
  return said.join(" ");
}

// How long ago, or how soon, coarse enough not to change all the time.
export function ago(seconds) {
  if (!Number.isFinite(seconds)) return NOTHING;
  if (Math.abs(seconds) < 5) return "just now";
  const size = Math.abs(seconds);
  const said = span(size < 60 ? Math.floor(size / 5) * 5 : size, 1);
  return seconds > 0 ? `${said} ago` : `in ${said}`;
}

const two = (number) => String(number).padStart(2, "0");

function clockOf(hours, minutes, seconds) {
  return seconds === undefined ? `${two(hours)}:${two(minutes)}` : `${two(hours)}:${two(minutes)}:${two(seconds)}`;
}

export function day(ms) {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : NOTHING;
}

// In the time zone of whoever looks, for axes.
export function localClock(ms) {
  const time = new Date(ms);
  return clockOf(time.getHours(), time.getMinutes());
}

// Whole, for titles: in UTC, as logs have it, and as the clock on the wall shows it where that differs.
export function exact(ms) {
  if (!Number.isFinite(ms)) return "";
  const time = new Date(ms);
  const utc = time.toISOString().slice(0, 19).replace("T", " ") + " UTC";
  if (time.getTimezoneOffset() === 0) return utc;
  return `${utc} (${clockOf(time.getHours(), time.getMinutes(), time.getSeconds())} here)`;
}

// UTC, UTC+1, UTC-3:30: what the axes are in.
export function zone(ms) {
  const minutes = -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "-" : "+"}${Math.floor(size / 60)}${size % 60 ? ":" + two(size % 60) : ""}`;
}

export function plural(number, one, many = one + "s") {
  return `${count(number)} ${number === 1 ? one : many}`;
}

// As the log shows it: first 8…last 4 of a long hexadecimal id; of another long name the ends.
export function shortId(id) {
  if (id.length > 24 && /^[0-9a-fA-F]+$/.test(id)) return `${id.slice(0, 8)}…${id.slice(-4)}`;
  const characters = [...id];
  return characters.length > 40 ? `${characters.slice(0, 26).join("")}…${characters.slice(-8).join("")}` : id;
}

// What the gateway calls a certificate, taken apart: "server certificate CN=gateway.plant.example" is a kind and somebody's name, of which the
// rest (country, organisation) tells nothing new.
export function certificateName(name) {
  const [, kind, subject] = /^(.*?)\s+((?:[A-Z]+=).*)$/.exec(name) ?? [];
  const common = /(?:^|[,/+]\s*)CN\s*=\s*([^,+]+)/.exec(subject ?? "");
  return common ? { kind, common: common[1].trim() } : { kind: name, common: "" };
}

// `client_id_case` is a label for machines.
export function words(label) {
  return String(label).replaceAll("_", " ");
}

// The gateway's sentences begin in lower case, as they stand in log lines. A first word that is a name or a key stays as it is.
export function capital(sentence) {
  return /^[a-z]+,? /.test(sentence) ? sentence[0].toUpperCase() + sentence.slice(1) : sentence;
}
