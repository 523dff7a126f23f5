// downlink.js HOST PORT DEVICE_ID CERT KEY CA HUB
// An X.509 device behind a transparent gateway reads its twin, takes a change of desired properties, reports, answers a method and
// completes a cloud-to-device message. Prints `ready` on a line when it listens, then a JSON summary when all has happened.
import { readFileSync } from 'node:fs';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';

const [host, port, deviceId, certificateFile, keyFile, caFile, hub] = process.argv.slice(2);
if (!hub) {
  console.error('usage: downlink.js HOST PORT DEVICE_ID CERT KEY CA HUB');
  process.exit(2);
}

const x509 = { cert: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
const provider = new device.X509AuthenticationProvider({ host: hub, deviceId, gatewayHostName: `${host}:${port}`, x509 });
const client = device.Client.fromAuthenticationProvider(provider, mqtt.Mqtt);

const change = (twin, known) => new Promise((resolve) => {
  twin.on('properties.desired', (desired) => {
    if (desired.$version > known) resolve(desired);
  });
});

const methodCall = () => new Promise((resolve, reject) => {
  client.onDeviceMethod('measure', (request, response) => {
    response.send(200, { doubled: request.payload.value * 2 }, (error) => {
      if (error) reject(error);
      else resolve(request.payload);
    });
  });
});

const cloudMessage = () => new Promise((resolve, reject) => {
  client.on('message', (message) => {
    client.complete(message, (error) => {
      if (error) return reject(error);
      return resolve({
        id: message.messageId,
        text: message.getData().toString(),
        properties: message.properties.propertyList.map(({ key, value }) => [key, value]),
      });
    });
  });
});

const run = async () => {
  await client.setOptions({ ...x509, ca: readFileSync(caFile, 'utf8') });
  client.setRetryPolicy(new common.NoRetry());
  await client.open();
  const method = methodCall();
  const message = cloudMessage();
  const twin = await client.getTwin();
  const found = twin.properties.desired.color;
  const desired = change(twin, twin.properties.desired.$version);
  await new Promise((resolve, reject) => {
    twin.properties.reported.update({ seen: { color: found } }, (error) => (error ? reject(error) : resolve()));
  });
  console.log('ready');
  const summary = { color: found, desired: await desired, method: await method, message: await message };
  await client.close();
  return summary;
};

run().then(
  (summary) => {
    console.log(JSON.stringify(summary));
    process.exit(0);
  },
  (error) => {
    console.error(`${error.name}: ${error.message}`);
    process.exit(1);
  });
