// The gateway's HTTP listener without a gateway: the page's files with the real headers, the JSON of a made-up fleet, events.
//   node mock_gateway.mjs [--devices 1000] [--port 9464] [--busy]     then open http://127.0.0.1:9464/

import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deviceId, Fleet, REFUSALS } from "./fleet.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PAGE = process.env.SPHEREGATE_PAGE ?? path.join(HERE, "../../src/ops/page");
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";
const COMMON = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" };
const CLIENTS_MAX = 16;

export class MockGateway {
  constructor(fleet, { tickMs = 2000 } = {}) {
    this.fleet = fleet;
    this.events = "flow"; // "hold": as behind a proxy that buffers; "refuse": 503
    this.mute = false; // nothing is sent on any connection
    this.listeners = new Set();
    this.asked = [];
    this.tickMs = tickMs;
  }

  async start(port = 0) {
    this.server = http.createServer((request, answer) => void this.answer(request, answer));
    await new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, "127.0.0.1", resolve);
    });
    this.port = this.server.address().port;
    this.timer = setInterval(() => this.send("status", this.fleet.status()), this.tickMs);
    return this;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  async stop() {
    clearInterval(this.timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  send(name, data) {
    if (this.mute || this.events === "hold") return;
    for (const listener of this.listeners) listener.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  connect(id, changes) {
    this.send("device", this.fleet.connect(id, changes));
    this.send("status", this.fleet.status());
  }

  refuse(id, refusal, changes) {
    const entry = this.fleet.refuse(id, refusal, Date.now(), 1, changes);
    this.send("device", this.fleet.devices.get(id));
    this.send("refusal", entry);
    return entry;
  }

  async answer(request, answer) {
    if (this.mute) return;
    const url = new URL(request.url, "http://mock");
    this.asked.push(url.pathname + url.search);
    const json = (body, status = 200) => {
      answer.writeHead(status, { ...COMMON, "Content-Type": "application/json", "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'" });
      answer.end(JSON.stringify(body));
    };
    if (url.pathname === "/events") return this.listen(request, answer, json);
    if (url.pathname === "/status") return json({ ...this.fleet.status(), devices: [...this.fleet.devices.values()].slice(0, 500), refusals: this.fleet.refusals.slice(0, 100) });
    if (url.pathname === "/history") return json(this.fleet.history);
    if (url.pathname === "/refusals") {
      return json({ kept: this.fleet.refusals.length, refusals: this.fleet.refusals.slice(0, Number(url.searchParams.get("limit") ?? 100)) });
    }
    if (url.pathname === "/devices") return json(this.page(url.searchParams));
    if (url.pathname.startsWith("/devices/")) return this.device(decodeURIComponent(url.pathname.slice("/devices/".length)), json);
    return this.file(url.pathname === "/" ? "/index.html" : url.pathname, answer);
  }

  page(query) {
    const limit = Number(query.get("limit") ?? 100);
    const after = query.get("after") ?? "";
    const all = [...this.fleet.devices.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const behind = all.filter((one) => one.id > after);
    const devices = behind.slice(0, limit);
    return { total: all.length, devices, ...(behind.length > limit ? { after: devices.at(-1).id } : {}) };
  }

  device(id, json) {
    const device = this.fleet.devices.get(id);
    if (!device) return json({ error: "no device of this id or alias was seen here or refused", fix: "`spheregate devices` lists those that there are" }, 404);
    return json({ ...device, refusals: this.fleet.refusals.filter((one) => one.device === id) });
  }

  listen(request, answer, json) {
    if (this.events === "refuse" || this.listeners.size >= CLIENTS_MAX) return json({ error: "too many read events", fix: "close a page" }, 503);
    answer.writeHead(200, { ...COMMON, "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" });
    if (this.events !== "hold") answer.write("retry: 2000\n\n");
    this.listeners.add(answer);
    request.on("close", () => this.listeners.delete(answer));
    this.send("status", this.fleet.status());
  }

  async file(name, answer) {
    const type = TYPES[path.extname(name)];
    try {
      if (!type || name.includes("..")) throw new Error("none");
      const content = await readFile(path.join(PAGE, name));
      answer.writeHead(200, { ...COMMON, "Content-Type": type, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY });
      answer.end(content);
    } catch {
      answer.writeHead(404, { ...COMMON, "Content-Type": "text/plain; charset=utf-8" });
      answer.end("not found\n");
    }
  }
}

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

async function main() {
  const mock = await new MockGateway(new Fleet({ devices: option("devices", 1000) })).start(option("port", 9464));
  console.log(mock.url);
  if (!process.argv.includes("--busy")) return;
  let number = 0;
  setInterval(() => {
    ++number;
    if (number % 7 === 0) mock.refuse(deviceId(number % 50), REFUSALS[number % REFUSALS.length]);
    else mock.connect(deviceId(number % 50));
  }, 700);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
