// direct.js HUBSIM_BINARY [COUNT]
// Checks the simulated hub itself against the SDK: an X.509 device and a SAS device, without a gateway between. Makes its
// certificates with the openssl command, which allows names of 64 characters at most.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const [hubsim, count = '1000'] = process.argv.slice(2);
if (!hubsim) {
  console.error('usage: direct.js HUBSIM_BINARY [COUNT]');
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const files = mkdtempSync(join(tmpdir(), 'hubsim-sdk-'));
const file = (name) => join(files, name);
const certificateId = '0123456789abcdef'.repeat(4);
const sasId = 'sas-device.1';
const sasKey = Buffer.from('a key of the test, not of anybody').toString('base64');

const certificates = () => {
  const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  openssl('req', '-x509', ...ec, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
    '-keyout', file('hub.key'), '-out', file('hub.pem'));
  openssl('req', '-x509', ...ec, '-subj', '/CN=tenant', '-keyout', file('ca.key'), '-out', file('ca.pem'));
  openssl('req', ...ec, '-subj', `/CN=${certificateId}`, '-keyout', file('device.key'), '-out', file('device.csr'));
  openssl('x509', '-req', '-in', file('device.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-days', '1',
    '-out', file('device.pem'));
};

const run = (script, ...args) => {
  const done = spawnSync(process.execPath, [join(here, script), ...args.map(String)], { encoding: 'utf8', timeout: 120_000 });
  process.stdout.write(`${script}: ${done.stdout || done.stderr}`);
  if (done.status !== 0) throw new Error(`${script} failed: ${done.stderr}`);
};

let hub;
let failed = true;
try {
  certificates();
  writeFileSync(file('registry.yaml'),
    `hub: localhost\naccept_unknown_devices: true\ndevices: [{ id: ${sasId}, key: "${sasKey}" }]\n`);
  hub = spawn(hubsim, ['--certificate', file('hub.pem'), '--key', file('hub.key'), '--registry', file('registry.yaml'),
    '--client-ca', file('ca.pem')], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(createInterface({ input: hub.stdout }), 'line');
  const ports = JSON.parse(line);
  run('send.js', 'localhost', ports.mqtt, certificateId, file('device.pem'), file('device.key'), file('hub.pem'), count);
  run('verify.js', ports.http, certificateId, count);
  run('send_sas.js', 'localhost', ports.mqtt, sasId, sasKey, file('hub.pem'), count);
  run('verify.js', ports.http, sasId, count);
  failed = false;
} catch (error) {
  console.error(error.message);
} finally {
  hub?.kill('SIGTERM');
  rmSync(files, { recursive: true });
}
process.exit(failed ? 1 : 0);
