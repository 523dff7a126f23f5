// A device on the official SDK that sends `count` messages and checks that each was acknowledged.
import common from 'azure-iot-common';
import { setTimeout as after } from 'node:timers/promises';

const { Message } = common;
const IN_FLIGHT = 16;

// Every kind of value that an encoding on the way could damage. `$` and `n` tell the messages apart.
export const properties = (n) => [
  ['n', String(n)],
  ['unicode', 'Grüße 温度 ✓ 🌡'],
  ['spaces in key', ' leading and trailing '],
  ['reserved', '&=/%?#+:;,@$\'()*!'],
  ['percent', '%20%2F%zz'],
  ['empty', ''],
  ['&=/%', 'a=b&c=d'],
  ['long', 'x'.repeat(300)],
];

export const messageId = (n) => `message ${n}/&=%é`;
export const contentType = 'application/json;charset=utf-8';
export const contentEncoding = 'utf-8';

const message = (n) => {
  const made = new Message(String(n));
  for (const [key, value] of properties(n)) made.properties.add(key, value);
  made.messageId = messageId(n);
  made.contentType = contentType;
  made.contentEncoding = contentEncoding;
  return made;
};

// Sends 0 … count-1, in order, some at a time. Throws at the first message that is not acknowledged.
export const send = async (client, count) => {
  const started = Date.now();
  await client.open();
  const openedMs = Date.now() - started;
  let acknowledged = 0;
  const pending = new Set();
  let failure;
  for (let n = 0; n < count && !failure; ++n) {
    if (pending.size >= IN_FLIGHT) await Promise.race(pending);
    const sending = client.sendEvent(message(n)).then(() => ++acknowledged, (error) => { failure ??= error; })
      .finally(() => pending.delete(sending));
    pending.add(sending);
  }
  await Promise.all(pending);
  if (failure) throw failure;
  const summary = { sent: count, acknowledged, open_ms: openedMs, total_ms: Date.now() - started };
  await Promise.race([client.close(), after(5000, undefined, { ref: false })]);
  return summary;
};

export const finish = (running) => running.then(
  (summary) => {
    console.log(JSON.stringify(summary));
    process.exit(summary.acknowledged === summary.sent ? 0 : 1);
  },
  (error) => {
    console.error(`${error.name}: ${error.message}`);
    process.exit(1);
  });
