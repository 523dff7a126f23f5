// send_sas.js HOST PORT DEVICE_ID BASE64_KEY CA COUNT [HUB]
// The same as send.js with a device key: the SDK makes and renews its own SAS token.
import { readFileSync } from 'node:fs';
import common from 'azure-iot-common';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';
import { finish, send } from './device.js';

const [host, port, deviceId, key, caFile, count, hub] = process.argv.slice(2);
if (!count) {
  console.error('usage: send_sas.js HOST PORT DEVICE_ID BASE64_KEY CA COUNT [HUB]');
  process.exit(2);
}

const client = device.Client.fromConnectionString(
  `HostName=${hub ?? host};DeviceId=${deviceId};SharedAccessKey=${key};GatewayHostName=${host}:${port}`, mqtt.Mqtt);
client.setRetryPolicy(new common.NoRetry());
const run = async () => {
  await client.setOptions({ ca: readFileSync(caFile, 'utf8') });
  return send(client, Number(count));
};
finish(run());
