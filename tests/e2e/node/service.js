// The service's side of the simulated hub, for plays that are both: `new Service(HTTP_PORT, DEVICE_ID)`.
import { setTimeout as after } from 'node:timers/promises';

const PATIENCE_MS = 20_000;
const TWIN_ANSWERS = '$iothub/twin/res/#';

// The first true value of `condition`, polled.
export const until = async (condition, what) => {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await after(20);
  }
};

export class Service {
  constructor(port, deviceId) {
    this.base = `http://127.0.0.1:${port}`;
    this.id = encodeURIComponent(deviceId);
    this.filters = new Set();
    this.next = 0;
  }

  async call(method, path, body, headers = {}) {
    const raw = Buffer.isBuffer(body);
    const answer = await fetch(this.base + path, {
      method, headers: raw ? headers : { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, json: text.trim() ? JSON.parse(text) : null };
  }

  async good(...request) {
    const answer = await this.call(...request);
    if (answer.status >= 300) throw new Error(`hub ${request[0]} ${request[1]}: ${answer.status} ${JSON.stringify(answer.json)}`);
    return answer.json;
  }

  register() { return this.good('PUT', `/devices/${this.id}`, {}); }

  send(payload, headers) { return this.good('POST', `/devices/${this.id}/messages/deviceBound`, Buffer.from(payload), headers); }

  desire(desired) { return this.good('PATCH', `/twins/${this.id}`, { properties: { desired } }); }

  twin() { return this.good('GET', `/twins/${this.id}`); }

  // {status, json} of a direct method; without `payload` the device gets an empty body.
  invoke(methodName, ...payload) {
    const call = { methodName, responseTimeoutInSeconds: 20, ...(payload.length > 0 ? { payload: payload[0] } : {}) };
    return this.call('POST', `/twins/${this.id}/methods`, call);
  }

  cloudMessages() { return this.good('GET', `/c2d?device=${this.id}`); }

  async completed(count) {
    await until(async () => {
      const { ended } = await this.cloudMessages();
      return ended.filter(({ outcome }) => outcome === 'completed').length >= count;
    }, `${count} messages completed`);
  }

  telemetry() { return this.good('GET', `/messages?device=${this.id}`); }

  // Until the hub has these filters of the device. Through a gateway they arrive there a moment after the SUBACK.
  async follows(...wanted) {
    await until(async () => {
      const followed = await this.#followed();
      return wanted.every((filter) => followed.has(filter));
    }, `the filters ${wanted.join(' ')} at the hub`);
  }

  // Until the hub knows that the device has left. The filter for twin answers does not count: a gateway keeps it for itself.
  async forgets() {
    await until(async () => (await this.#followed()).size === 0, 'no filter at the hub');
  }

  async #followed() {
    for (const packet of await this.good('GET', `/transcript?device=${this.id}&from=${this.next}&limit=10000`)) {
      this.next = packet.index + 1;
      if (packet.from !== 'device') continue;
      if (packet.type === 'CONNECT' || packet.type === 'DISCONNECT') this.filters.clear();
      for (const filter of packet.filters ?? []) {
        if (packet.type === 'UNSUBSCRIBE') this.filters.delete(filter);
        else if (filter[0] !== TWIN_ANSWERS) this.filters.add(filter[0]);
      }
    }
    return this.filters;
  }
}
