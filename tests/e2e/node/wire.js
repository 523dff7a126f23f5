// What the SDK and its peer say to each other, as the simulated hub writes it in its transcript, so that the two can be compared.
// Import it before the SDK opens its connection. No passwords.
import mqtt from 'mqtt';

export const wire = [];
export const clients = [];

const base64 = (payload) => Buffer.from(payload ?? '').toString('base64');

const details = {
  connect: (p) => ({ client_id: p.clientId, username: p.username, clean_session: p.clean, keep_alive: p.keepalive }),
  connack: (p) => ({ code: p.returnCode, session_present: p.sessionPresent }),
  publish: (p) => ({
    topic: p.topic, payload: base64(p.payload), qos: p.qos, dup: Boolean(p.dup), retain: Boolean(p.retain),
    ...(p.qos > 0 ? { packet_id: p.messageId } : {}),
  }),
  puback: (p) => ({ packet_id: p.messageId }),
  subscribe: (p) => ({ packet_id: p.messageId, filters: p.subscriptions.map(({ topic, qos }) => [topic, qos]) }),
  suback: (p) => ({ packet_id: p.messageId, codes: [...p.granted] }),
  unsubscribe: (p) => ({ packet_id: p.messageId, filters: [...p.unsubscriptions] }),
  unsuback: (p) => ({ packet_id: p.messageId }),
};

const record = (from) => (packet) => {
  wire.push({ from, type: packet.cmd.toUpperCase(), ...(details[packet.cmd]?.(packet) ?? {}) });
};

// Where a step of the play begins.
export const mark = (step) => wire.push({ step });

const { connect } = mqtt;
mqtt.connect = (...given) => {
  const client = connect(...given);
  record('device')({ cmd: 'connect', ...client.options });  // sent before anybody could listen
  client.on('packetsend', record('device'));
  client.on('packetreceive', record('hub'));
  clients.push(client);
  return client;
};

// As if the network were gone: no DISCONNECT.
export const cut = () => clients.at(-1).stream.destroy();
