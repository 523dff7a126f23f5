// verify.js HUBSIM_HTTP_PORT DEVICE_ID COUNT
// Asks the simulated hub for the messages of a device and checks that they are what send.js sends: all of them, in order,
// properties and payload identical. Messages that arrived again after a reconnect are counted, not refused.
import { contentEncoding, contentType, messageId, properties } from './device.js';

const [port, deviceId, count] = process.argv.slice(2);
if (!count) {
  console.error('usage: verify.js HUBSIM_HTTP_PORT DEVICE_ID COUNT');
  process.exit(2);
}

const received = async () => {
  const all = [];
  for (let from = 0; ;) {
    const response = await fetch(`http://127.0.0.1:${port}/messages?device=${encodeURIComponent(deviceId)}&from=${from}`);
    const page = await response.json();
    if (!response.ok) throw new Error(page.error);
    if (page.length === 0) return all;
    all.push(...page);
    from = page.at(-1).index + 1;
  }
};

const sorted = (pairs) => JSON.stringify([...pairs].sort((a, b) => (a[0] < b[0] ? -1 : 1)));
const expected = (n) => sorted([...properties(n), ['$.mid', messageId(n)], ['$.ct', contentType], ['$.ce', contentEncoding]]);

let next = 0;
let again = 0;
for (const message of await received()) {
  const n = Number(Buffer.from(message.payload, 'base64').toString());
  if (sorted(message.properties) !== expected(n)) {
    console.error(`message ${n} differs:\n  sent     ${expected(n)}\n  arrived  ${sorted(message.properties)}`);
    process.exit(1);
  }
  if (n < next) {
    ++again;
  } else if (n === next) {
    ++next;
  } else {
    console.error(`message ${n} arrived where ${next} was due`);
    process.exit(1);
  }
}
console.log(JSON.stringify({ arrived: next, again }));
process.exit(next === Number(count) ? 0 : 1);
