// provision.js JSON: {host, port, dpsPort, ca, idScope, registrationId, payload} and sharedAccessKey, or cert and key
// A device on the official provisioning SDK registers; then, on the official device SDK, it connects to the hub it was assigned to and
// sends one message. Prints the assignment and what went over the wire, or {refused}.
import { readFileSync } from 'node:fs';
import common from 'azure-iot-common';
import provisioning from 'azure-iot-provisioning-device';
import transport from 'azure-iot-provisioning-device-mqtt';
import symmetricKey from 'azure-iot-security-symmetric-key';
import x509 from 'azure-iot-security-x509';
import { wire } from './wire.js';
import { description, newClient, play } from './client.js';

const who = description();

const security = () => {
  if (who.sharedAccessKey) return new symmetricKey.SymmetricKeySecurityClient(who.registrationId, who.sharedAccessKey);
  return new x509.X509Security(who.registrationId, { cert: readFileSync(who.cert, 'utf8'), key: readFileSync(who.key, 'utf8') });
};

const registered = async () => {
  const client = provisioning.ProvisioningDeviceClient.create(`${who.host}:${who.dpsPort}`, who.idScope, new transport.Mqtt(), security());
  if (who.payload !== undefined) client.setProvisioningPayload(who.payload);
  return client.register();
};

const run = async () => {
  let assigned;
  try {
    assigned = await registered();
  } catch (error) {
    return { refused: { name: error.name, message: error.message }, wire };
  }
  const device = await newClient({ ...who, deviceId: assigned.deviceId, hub: assigned.assignedHub });
  await device.open();
  await device.sendEvent(new common.Message(`hello from ${assigned.deviceId}`));
  await device.close();
  return { assigned, wire };
};

play(run());
