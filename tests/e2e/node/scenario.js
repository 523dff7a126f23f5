// scenario.js JSON (client.js tells what is in it; and `httpPort` of the simulated hub)
// One play of a device on the official SDK and of its service. Prints {observed, wire}: what the SDK told the application, and what
// went over the wire. It is the same play straight against the hub and through a gateway.
import common from 'azure-iot-common';
import { cut, mark, wire } from './wire.js';
import { description, newClient, play } from './client.js';
import { Service, until } from './service.js';

const who = description();
const service = new Service(who.httpPort, who.deviceId);
const observed = [];
const CLOUD = `devices/${who.deviceId}/messages/devicebound/#`;
const DESIRED = '$iothub/twin/PATCH/properties/desired/#';
const METHODS = '$iothub/methods/POST/#';

const note = (event, what) => observed.push({ event, ...what });
const noted = (event) => observed.filter((one) => one.event === event).length;
const step = (name) => {
  mark(name);
  note('step', { name });
};

const made = (body, { properties = [], ...system } = {}) => {
  const message = Object.assign(new common.Message(body), system);
  for (const [key, value] of properties) message.properties.add(key, value);
  return message;
};

const opened = async ({ listens = false } = {}) => {
  const client = await newClient(who, { modelId: 'dtmi:com:example:Thermostat;1', productInfo: 'play/1.0 (é; test)' });
  client.on('disconnect', (result) => note('disconnect', { why: result.constructor.name }));
  client.on('error', (error) => note('error', { error: error.message }));
  client.on('connect', () => note('connect'));
  if (listens) listen(client);
  await client.open();
  return client;
};

const listen = (client) => client.on('message', (message) => {
  const { messageId, correlationId, userId, to, contentType, contentEncoding } = message;
  note('message', {
    messageId, correlationId, userId, to, contentType, contentEncoding, body: message.getData().toString('base64'),
    properties: message.properties.propertyList.map(({ key, value }) => [key, value]),
  });
  client.complete(message).then((result) => note('completed', { messageId, result: result.constructor.name }),
    (error) => note('not completed', { messageId, error: error.message }));
});

const telemetry = async (client) => {
  const messages = [
    made('plain'),
    made(''),
    made(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))),
    made('properties', { properties: [['unicode', 'Grüße 温度 🌡'], ['empty', ''], ['reserved', '&=/%?#+:;,@$\'()*!'], ['a b', ' c ']] }),
    made('system', {
      messageId: 'id/1 é', correlationId: 'cor=1&2', userId: 'user', contentType: 'application/json;charset=utf-8', contentEncoding: 'utf-8',
      to: '/devices/x', expiryTimeUtc: '2031-02-03T04:05:06.789Z', interfaceId: 'urn:azureiot:Security:SecurityAgent:1',
      properties: [['dt-subject', 'thermostat1'], ['$.mid', 'not the id'], ['last', '1']],
    }),
    made(Buffer.alloc(200_000, 'large')),
  ];
  for (const message of messages) note('sent', { result: (await client.sendEvent(message)).constructor.name });
  await Promise.all(Array.from({ length: 20 }, (_, n) => client.sendEvent(made(`burst ${n}`, { messageId: String(n) }))));
  note('burst sent');
};

const cloudToDevice = async () => {
  await service.send('Grüße', {
    'iothub-messageid': 'm1', 'iothub-correlationid': 'c/1', 'iothub-userid': 'u 1', 'iothub-ack': 'full',
    'iothub-contenttype': 'text/plain; charset=utf-8', 'iothub-contentencoding': 'utf-8', 'iothub-app-unit': 'C/%&=+#;', 'iothub-app-empty': '',
  });
  await service.send('', { 'iothub-messageid': 'm2' });
  await service.send(Buffer.alloc(64_000, 'cloud'), { 'iothub-messageid': 'm3', 'iothub-ack': 'positive' });
  await service.completed(3);
  await until(() => noted('completed') === 3, 'three messages completed in the SDK');
};

const twinOf = ({ properties: { desired, reported } }) => JSON.parse(JSON.stringify({ desired, reported }));
const reported = (twin, patch) => new Promise((resolve) => {
  twin.properties.reported.update(patch, (error) => {
    note('reported', error ? { error: error.message } : {});
    resolve();
  });
});

const twins = async (client) => {
  const twin = await client.getTwin();
  note('twin', twinOf(twin));
  await reported(twin, { seen: 'Grün', nested: { a: 1, b: [1, 2.5, true, 'x'], c: { d: -7 } }, gone: 1 });
  await reported(twin, { gone: null, nested: { c: null, e: '' } });
  await reported(twin, { 'with.dot': 1 });
  await reported(twin, {});
  await twin.get();
  note('twin', twinOf(twin));
  twin.on('properties.desired', (patch) => note('desired', { patch: JSON.parse(JSON.stringify(patch)) }));
  await service.follows(CLOUD, DESIRED);
  await service.desire({ colour: 'blau', limits: { low: null, high: 81 } });
  await until(() => noted('desired') === 2, 'the change of desired properties');
  await service.desire({ colour: null });
  await until(() => noted('desired') === 3, 'the second change of desired properties');
  note('twin', twinOf(twin));
};

const methods = async (client) => {
  const answers = { answer: () => [200, { half: 21, text: 'é' }], nothing: () => [204], wrong: () => [-404, 'no such thing'], large: () => [2147483647, 0] };
  for (const [name, answer] of Object.entries(answers)) {
    client.onDeviceMethod(name, async (request, response) => {
      note('method', { name, payload: request.payload });
      await response.send(...answer());
    });
  }
  const held = [];
  client.onDeviceMethod('held', (request, response) => {
    note('method', { name: 'held', payload: request.payload });
    held.push(() => response.send(200, request.payload));
  });
  await service.follows(CLOUD, DESIRED, METHODS);
  const call = async (...call) => note('answer', await service.invoke(...call));
  await call('answer', { value: 42, list: [null, 'ü'] });
  await call('answer', null);
  await call('nothing');
  await call('nothing', '');
  await call('wrong', [1]);
  await call('large', 'x'.repeat(100_000));
  const first = call('held', 1);
  await until(() => held.length === 1, 'the first call');
  const second = call('held', 2);
  await until(() => held.length === 2, 'the second call');
  await held[1]();
  await second;
  await held[0]();
  await first;
};

// Three messages come while nobody is there; the kept session brings them as soon as the device is back.
const away = async (client) => {
  await client.close();
  await service.forgets();
  for (const messageId of ['a1', 'a2', 'a3']) await service.send(messageId, { 'iothub-messageid': messageId, 'iothub-ack': 'full' });
  note('method while away', await service.invoke('answer', 1));
  await service.desire({ while: 'away' });
  step('back');
  const again = await opened({ listens: true });
  await service.completed(6);
  await until(() => noted('completed') === 6, 'six messages completed in the SDK');
  const twin = await again.getTwin();
  note('twin', twinOf(twin));
  return again;
};

// No DISCONNECT: the SDK notices, connects again and subscribes by itself.
const loss = async (client) => {
  const connects = noted('connect');
  cut();
  await until(() => noted('connect') > connects, 'the SDK connected again');
  await service.follows(CLOUD);
  note('sent', { result: (await client.sendEvent(made('after the loss'))).constructor.name });
  await service.send('after the loss', { 'iothub-messageid': 'l1' });
  await service.completed(7);
  await until(() => noted('completed') === 7, 'seven messages completed in the SDK');
};

const run = async () => {
  await service.register();
  await service.desire({ colour: 'grün', limits: { high: 80, low: -4.5 }, deep: { er: { and: 'deeper' } } });
  step('connect');
  let client = await opened();
  step('telemetry');
  await telemetry(client);
  step('cloud to device');
  listen(client);
  await service.follows(CLOUD);
  await cloudToDevice();
  step('twin');
  await twins(client);
  step('methods');
  await methods(client);
  step('away');
  client = await away(client);
  step('loss');
  await loss(client);
  step('end');
  await client.close();
  return { observed, wire };
};

play(run(), () => JSON.stringify(observed.slice(-10), null, 1));
