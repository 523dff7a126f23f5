// The charts of the last hours: SVG drawn here, one cursor for all of them, moved by pointer or arrow keys.

import { draw, make, setText } from "./dom.js";
import { bytes, count, exact, localClock, percent, plural, rate, span } from "./format.js";
import { bucketAt, cuts, middleOf, spanTicks, summary, ticks, timeTicks } from "./history.js";

const HEIGHT = 168;
const STRIP_HEIGHT = 56;
const TOP = 10;
const BOTTOM = 24;
const RIGHT = 10;
const CHARACTER = 6.6; // of the axis labels, about

const perSecond = (value) => `${rate(value)}\u00a0/s`;
const waiting = (seconds) => (seconds === 0 ? "nothing waits" : `now ${span(seconds)}`);
const shortSpan = (seconds) => (seconds === 0 ? "0" : span(seconds, 1));

// What is charted. `axis` writes a tick, `say` a value of the read-out.
export const CHARTS = [
  {
    id: "uplink", title: "Uplink availability", strip: true,
    series: [{ name: "uplink", label: "up", say: (share) => `${percent(share)} up` }],
    sum: (frame) => `${percent(summary(frame, "uplink").mean)} of this time`,
  },
  {
    id: "queued", title: "Queued messages", area: true, axis: count, scale: (most) => ticks(most),
    series: [{ name: "queued", label: "queued", say: (value, values) => `${count(value)} (${bytes(values.queuedBytes ?? NaN)})` }],
    sum: (frame) => `now ${count(summary(frame, "queued").last)}, at most ${count(summary(frame, "queued").most)}`,
  },
  {
    id: "oldest", title: "Age of the oldest message", area: true, axis: shortSpan, scale: (most) => spanTicks(most),
    series: [{ name: "oldest", label: "oldest", say: (value) => (value === 0 ? "nothing waited" : span(value)) }],
    sum: (frame) => `${waiting(summary(frame, "oldest").last)}, at most ${span(summary(frame, "oldest").most)}`,
  },
  {
    id: "messages", title: "Messages per second", axis: rate, scale: (most) => ticks(most, 4, false),
    series: [
      { name: "accepted", label: "in", say: perSecond },
      { name: "delivered", label: "out", say: perSecond },
    ],
    sum: (frame) => `in ${perSecond(summary(frame, "accepted").last)}, out ${perSecond(summary(frame, "delivered").last)}`,
  },
  {
    id: "connected", title: "Devices connected", area: true, axis: count, scale: (most) => ticks(most),
    series: [{ name: "connected", label: "connected", say: (value) => plural(Math.round(value), "device") }],
    sum: (frame) => `now ${count(summary(frame, "connected").last)}, at most ${count(summary(frame, "connected").most)}`,
  },
];

function legendOf(spec) {
  if (spec.series.length < 2) return null;
  return make("span", { class: "legend" },
    ...spec.series.map((one, at) => make("span", {}, draw("svg", { class: "swatch", viewBox: "0 0 18 8", "aria-hidden": "true" },
      draw("path", { class: `line series-${at + 1}`, d: "M1 4H17" })), one.label)));
}

class Chart {
  constructor(spec, place, moved) {
    this.spec = spec;
    this.moved = moved;
    this.readOut = make("output", { class: "read-out", "aria-live": "off" });
    this.svg = draw("svg", { "aria-hidden": "true", focusable: "false" });
    this.plot = make("div", { class: "plot", tabindex: "0", role: "slider", "aria-label": `${spec.title}, by time`, "aria-valuemin": "0",
                              "aria-orientation": "horizontal", "aria-describedby": `sum-${spec.id}` }, this.svg);
    this.said = make("p", { class: "unseen", id: `sum-${spec.id}` });
    this.root = make("figure", { class: `chart${spec.strip ? " chart-strip" : ""}` },
      make("figcaption", {}, make("span", { class: "chart-title" }, spec.title), legendOf(spec), this.readOut), this.plot, this.said);
    place.append(this.root);
    this.listen();
  }

  listen() {
    const atPointer = (event) => {
      if (!this.frame) return;
      const x = event.clientX - this.plot.getBoundingClientRect().left;
      this.moved(bucketAt(this.frame, this.timeAt(x)));
    };
    this.plot.addEventListener("pointermove", atPointer);
    this.plot.addEventListener("pointerdown", atPointer);
    // A finger that is lifted leaves what it pointed at.
    this.plot.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && this.moved(null));
    this.plot.addEventListener("blur", () => this.moved(null));
    this.plot.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (!this.frame) return;
    const last = this.frame.count - 1;
    const at = this.at ?? last + 1;
    const far = Math.max(1, Math.round(this.frame.count / 12));
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - far, PageUp: at + far,
                 Home: last + 1 - this.frame.known, End: last, Escape: null }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.moved(to === null ? null : Math.max(0, Math.min(last, to)));
  }

  x(ms) {
    return this.left + ((ms - this.frame.start) / (this.frame.end - this.frame.start)) * (this.width - this.left - RIGHT);
  }

  timeAt(x) {
    return this.frame.start + ((x - this.left) / (this.width - this.left - RIGHT)) * (this.frame.end - this.frame.start);
  }

  y(value) {
    return TOP + (1 - value / this.top) * (this.height - TOP - BOTTOM);
  }

  // The values of the axis, and the room that their labels need.
  measure(frame) {
    this.scale = this.spec.strip ? [0, 1] : this.spec.scale(Math.max(0, ...this.spec.series.map((one) => summary(frame, one.name)?.most ?? 0)));
    this.top = this.scale.at(-1);
    return this.spec.strip ? 0 : 8 + CHARACTER * Math.max(3, ...this.scale.map((value) => this.spec.axis(value).length));
  }

  // `left`: where the time begins, the same for charts that stand under each other.
  draw(frame, left) {
    this.frame = frame;
    this.at = null;
    this.width = Math.max(200, Math.floor(this.plot.clientWidth));
    this.height = this.spec.strip ? STRIP_HEIGHT : HEIGHT;
    this.left = this.spec.strip ? 0 : left;
    this.cursor = draw("g", { class: "cursor", visibility: "hidden" }, draw("line", { y1: TOP - 4, y2: this.height - BOTTOM }));
    this.dots = this.spec.strip ? [] : this.spec.series.map((_, at) => draw("circle", { class: `dot series-${at + 1}`, r: 3.5 }));
    this.cursor.append(...this.dots);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.svg.setAttribute("height", this.height);
    this.svg.replaceChildren(...this.before(), ...(this.spec.strip ? this.strip() : [...this.cuts(), ...this.values(this.scale), ...this.lines()]), ...this.times(),
      this.cursor);
    this.plot.setAttribute("aria-valuemax", frame.count - 1);
    setText(this.said, this.sentence());
    this.point(null);
  }

  // Where the gateway's memory does not reach.
  before() {
    const begin = this.x(this.frame.end - this.frame.known * this.frame.bucket);
    if (begin - this.left < 2) return [];
    return [draw("rect", { class: "before", x: this.left, y: TOP, width: begin - this.left, height: this.height - TOP - BOTTOM })];
  }

  cuts() {
    return cuts(this.frame).map(([from, to]) =>
      draw("rect", { class: "cut", x: this.x(from), y: TOP, width: Math.max(1, this.x(to) - this.x(from)), height: this.height - TOP - BOTTOM }));
  }

  values(scale) {
    return scale.flatMap((value) => [
      draw("line", { class: value === 0 ? "axis" : "grid", x1: this.left, x2: this.width - RIGHT, y1: this.y(value), y2: this.y(value) }),
      draw("text", { class: "tick", x: this.left - 6, y: this.y(value) + 4, "text-anchor": "end" }, this.spec.axis(value)),
    ]);
  }

  times() {
    const most = Math.max(2, Math.floor((this.width - this.left) / 72));
    return timeTicks(this.frame.start, this.frame.end, most).map((ms) => {
      const x = this.x(ms);
      const anchor = x < this.left + 16 ? "start" : x > this.width - RIGHT - 16 ? "end" : "middle";
      return draw("text", { class: "tick", x, y: this.height - 7, "text-anchor": anchor }, localClock(ms));
    });
  }

  lines() {
    const floor = this.y(0);
    return this.spec.series.flatMap((one, order) => {
      const stretches = this.stretches(one.name);
      const path = stretches.map((points) => "M" + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")).join("");
      const made = [draw("path", { class: `line series-${order + 1}`, d: path || "M0 0" })];
      if (this.spec.area) {
        const area = stretches.map((points) => `M${points[0][0].toFixed(1)} ${floor}L` + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L") +
          `L${points.at(-1)[0].toFixed(1)} ${floor}Z`).join("");
        made.unshift(draw("path", { class: `area series-${order + 1}`, d: area || "M0 0" }));
      }
      return made;
    });
  }

  // Points without a gap between them. One that stands alone is drawn as wide as its bucket.
  stretches(name) {
    const found = [];
    let open = null;
    this.frame.series[name].forEach((value, at) => {
      if (value === null) {
        open = null;
        return;
      }
      if (!open) found.push((open = []));
      open.push([this.x(middleOf(this.frame, at)), this.y(value)]);
    });
    const half = (this.x(this.frame.start + this.frame.bucket) - this.left) / 2;
    return found.map((points) => (points.length > 1 ? points : [[points[0][0] - half, points[0][1]], [points[0][0] + half, points[0][1]]]));
  }

  // Of each bucket the share that was up from below, and the rest hatched above it. Neighbours that are alike are one rectangle.
  strip() {
    const runs = [];
    this.frame.series.uplink.forEach((share, at) => {
      if (share === null) return;
      const last = runs.at(-1);
      if (last && last.share === share && last.to === at) last.to = at + 1;
      else runs.push({ share, from: at, to: at + 1 });
    });
    const height = this.height - TOP - BOTTOM;
    const edge = (at) => this.x(this.frame.start + at * this.frame.bucket);
    return runs.flatMap(({ share, from, to }) => {
      const x = edge(from);
      const width = Math.max(1, edge(to) - x + 0.3);
      const up = height * share;
      return [
        up > 0 && draw("rect", { class: "up", x, y: TOP + height - up, width, height: up }),
        up < height && draw("rect", { class: "down", x, y: TOP, width, height: height - up }),
        up < height && draw("rect", { class: "hatch", x, y: TOP, width, height: height - up }),
      ].filter(Boolean);
    });
  }

  sentence() {
    if (this.spec.series.some((one) => !summary(this.frame, one.name))) return "Nothing is known yet.";
    return `${this.spec.title}: ${this.spec.sum(this.frame)}. Arrow keys move through the time.`;
  }

  // What is shown of one bucket, or of none: then the latest.
  point(at) {
    if (!this.frame) return;
    this.at = at;
    const values = at === null ? null : Object.fromEntries(Object.entries(this.frame.series).map(([name, all]) => [name, all[at]]));
    this.cursor.setAttribute("visibility", at === null ? "hidden" : "visible");
    if (at !== null) {
      const x = this.x(middleOf(this.frame, at));
      this.cursor.firstElementChild.setAttribute("x1", x);
      this.cursor.firstElementChild.setAttribute("x2", x);
      this.dots.forEach((dot, order) => {
        const value = values[this.spec.series[order].name];
        dot.setAttribute("visibility", value === null ? "hidden" : "inherit");
        dot.setAttribute("cx", x);
        dot.setAttribute("cy", this.y(value ?? 0));
      });
    }
    this.tell(at, values);
  }

  tell(at, values) {
    const { series } = this.spec;
    const begin = at === null ? this.frame.end - this.frame.bucket : this.frame.start + at * this.frame.bucket;
    const said = at === null ? this.latest() : series.map((one) => {
      const value = values[one.name];
      if (value === null) return "not known";
      return series.length > 1 ? `${one.label} ${one.say(value, values)}` : one.say(value, values);
    }).join(", ");
    setText(this.readOut, at === null ? said : `${localClock(begin)}  ${said}`);
    this.readOut.title = at === null ? "" : exact(begin);
    this.plot.setAttribute("aria-valuenow", at ?? this.frame.count - 1);
    this.plot.setAttribute("aria-valuetext", `${localClock(begin)}: ${said}`);
  }

  latest() {
    return this.spec.series.every((one) => summary(this.frame, one.name)) ? this.spec.sum(this.frame) : "not known yet";
  }
}

export class Charts {
  constructor(place) {
    this.all = CHARTS.map((spec) => new Chart(spec, place, (at) => this.point(at)));
    this.frame = null;
    let width = 0;
    new ResizeObserver(() => {
      if (place.clientWidth === width) return;
      width = place.clientWidth;
      this.draw(this.frame);
    }).observe(place);
  }

  draw(frame) {
    this.frame = frame;
    if (!frame) return;
    const left = Math.max(...this.all.map((chart) => chart.measure(frame)));
    for (const chart of this.all) chart.draw(frame, left);
  }

  point(at) {
    for (const chart of this.all) chart.point(at);
  }
}

// The same figures to read, a row for each twelfth of the time.
export function fillTable(body, frame) {
  const rows = [];
  const size = Math.max(1, Math.round(frame.count / 12));
  for (let end = frame.count; end > 0; end -= size) {
    const begin = Math.max(0, end - size);
    const of = (name, join) => {
      const values = frame.series[name].slice(begin, end).filter((value) => value !== null);
      return values.length ? join(values) : NaN;
    };
    const most = (values) => Math.max(...values);
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const from = frame.start + begin * frame.bucket;
    rows.push(make("tr", {},
      make("th", { scope: "row" }, make("time", { datetime: new Date(from).toISOString(), title: exact(from) },
        `${localClock(from)} – ${localClock(frame.start + end * frame.bucket)}`)),
      ...[percent(of("uplink", mean)), count(of("queued", most)), span(of("oldest", most)), rate(of("accepted", mean)), rate(of("delivered", mean)),
          count(of("connected", most))].map((text) => make("td", { class: "number" }, text))));
  }
  body.replaceChildren(...rows);
}
