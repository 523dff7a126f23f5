// send.js HOST PORT DEVICE_ID CERT KEY CA COUNT [HUB]
// An X.509 device dials HOST:PORT, as it would dial a transparent gateway, and sends COUNT messages with properties, QoS 1.
// HUB is the hub's name in the username; without it HOST. Prints a JSON summary; exits 1 at any error.
import { readFileSync } from 'node:fs';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { finish, send } from './device.js';

const [host, port, deviceId, certificateFile, keyFile, caFile, count, hub] = process.argv.slice(2);
if (!count) {
  console.error('usage: send.js HOST PORT DEVICE_ID CERT KEY CA COUNT [HUB]');
  process.exit(2);
}

const x509 = { cert: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
const provider = new device.X509AuthenticationProvider({
  host: hub ?? host, deviceId, gatewayHostName: `${host}:${port}`, x509,
});
const client = device.Client.fromAuthenticationProvider(provider, mqtt.Mqtt);
const run = async () => {
  await client.setOptions({ ...x509, ca: readFileSync(caFile, 'utf8') });
  // A refused or silent server must fail the test at once instead of being tried for minutes.
  client.setRetryPolicy(new common.NoRetry());
  return send(client, Number(count));
};
finish(run());
