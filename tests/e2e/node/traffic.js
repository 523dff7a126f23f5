// traffic.js JSON (client.js tells what is in it; and `httpPort` of the simulated hub, `seconds`, `twin`)
// Steady traffic both ways while tokens are renewed: telemetry, cloud-to-device messages and, with `twin`, reported properties and
// reads of the twin. Prints a summary: how much of each, what the SDK told the application, how many connections it made.
import { setTimeout as after } from 'node:timers/promises';
import common from 'azure-iot-common';
import { wire } from './wire.js';
import { description, newClient, play } from './client.js';
import { Service, until } from './service.js';

const who = description();
const service = new Service(who.httpPort, who.deviceId);
const ends = Date.now() + who.seconds * 1000;
const told = [];
const arrived = [];

// Does it again and again, each time waiting for the one before; how often it did.
const steadily = async (pauseMs, once) => {
  let count = 0;
  while (Date.now() < ends) {
    await once(count++);
    await after(pauseMs);
  }
  return count;
};

const reported = (twin, patch) => new Promise((resolve, reject) => {
  twin.properties.reported.update(patch, (error) => (error ? reject(error) : resolve()));
});

const run = async () => {
  await service.register();
  const client = await newClient(who);
  client.on('disconnect', () => told.push('disconnect'));
  client.on('error', (error) => told.push(error.message));
  await client.open();
  client.on('message', (message) => arrived.push(message.getData().toString()));
  const twin = who.twin ? await client.getTwin() : null;
  const telemetry = steadily(20, (n) => client.sendEvent(new common.Message(String(n))));
  const cloud = steadily(100, (n) => service.send(String(n), { 'iothub-messageid': String(n) }));
  const patches = twin ? steadily(50, (number) => reported(twin, { number })) : 0;
  const reads = twin ? steadily(150, () => twin.get()) : 0;
  const summary = { telemetry: await telemetry, cloud: await cloud, patches: await patches, reads: await reads };
  await until(() => new Set(arrived).size >= summary.cloud, 'every cloud-to-device message');
  await service.completed(summary.cloud);
  const connects = wire.filter(({ type }) => type === 'CONNECT').length;
  await client.close();
  return { ...summary, arrived, told, connects };
};

play(run(), () => JSON.stringify({ arrived: arrived.length, told }));
