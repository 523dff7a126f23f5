// Clients of the official device SDK from a description: {host, port, deviceId, hub, ca, cert, key} or, with a device key instead of
// certificate and key, {…, sharedAccessKey, tokenSeconds, marginSeconds}. `host:port` is dialled, `hub` is the name in username and token.
import { readFileSync } from 'node:fs';
import device from 'azure-iot-device';
import mqtt from 'azure-iot-device-mqtt';

const text = (file) => readFileSync(file, 'utf8');

export const description = () => {
  if (process.argv.length !== 3) {
    console.error(`usage: ${process.argv[1]} JSON`);
    process.exit(2);
  }
  return JSON.parse(process.argv[2]);
};

const withCertificate = ({ host, port, deviceId, hub, cert, key }) => ({
  options: { cert: text(cert), key: text(key) },
  provider: new device.X509AuthenticationProvider({
    host: hub, deviceId, gatewayHostName: `${host}:${port}`, x509: { cert: text(cert), key: text(key) },
  }),
});

const withKey = ({ host, port, deviceId, hub, sharedAccessKey, tokenSeconds, marginSeconds }) => ({
  options: {},
  provider: new device.SharedAccessKeyAuthenticationProvider(
    { host: hub, deviceId, gatewayHostName: `${host}:${port}`, sharedAccessKey }, tokenSeconds, marginSeconds),
});

export const newClient = async (who, more = {}) => {
  const { options, provider } = who.sharedAccessKey ? withKey(who) : withCertificate(who);
  const client = device.Client.fromAuthenticationProvider(provider, mqtt.Mqtt);
  await client.setOptions({ ...options, ca: text(who.ca), ...more });
  return client;
};

// Prints what the play returns, as JSON, when it has ended; exits 1 with the error when it fails.
export const play = (running, ...whenFailed) => running.then(
  (summary) => process.stdout.write(JSON.stringify(summary), () => process.exit(0)),
  (error) => {
    console.error(error.stack, ...whenFailed.map((show) => show()));
    process.exit(1);
  });
