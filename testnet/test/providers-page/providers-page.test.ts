/**
 * docs/providers as a new operator follows it: its configuration and its commands as they stand there, and
 * then a person's key registers. Only folders, the zones, the root's anchor and the one public address
 * differ, and this test is what a service manager is.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPeer } from '../../src/peer-process.ts';
import { startSipFederation, suffixesOf } from '../../src/sip/federation.ts';
import type { Person, SipFederation } from '../../src/sip/federation.ts';
import { networkAddresses } from '../../src/sip/own-network.ts';
import { sipKeyPem, writePhoneCertificate } from '../../src/sip/phone-key.ts';
import { environment, eventually, runCommand } from '../lab.ts';
import { SipConnection } from '../sip/sip-connection.ts';

const domain = 'sip.example.org';
const accounts = 'https://accounts.example.org';
const number = '+34912345678';
const address = networkAddresses.servers[2];
const patientMs = 30_000;

const stack = new AsyncDisposableStack();
let folder: string;
let federation: SipFederation;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-operator-'));
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const hosts = { [domain]: address };
  federation = stack.use(await startSipFederation({ folder, hosts }));
}, 60_000);

afterAll(async () => await stack.disposeAsync(), 60_000);

/** What the page shows, on this machine. */
async function pageHere(): Promise<{
  readonly yaml: string;
  readonly commands: readonly string[];
}> {
  const text = await readFile(
    join(import.meta.dirname, '../../../docs/providers/README.md'),
    'utf8',
  );
  const zones = `suffixes: [${suffixesOf(federation).join(', ')}]`;
  const anchor = `anchor: ${federation.testnet.layout.trustAnchorFile}`;
  const here = text
    .replaceAll(/\/(etc|var\/lib)\/(callbook-sip|kamailio)/g, `${folder}/$1/$2`)
    .replace(/suffixes: \[.*\]/, `${zones}\n  ${anchor}`)
    .replace('192.0.2.7', address);
  const block = (kind: string, has: string): string =>
    Array.from(
      here.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\`$`, 'gm')),
      ([, inside]) => inside!,
    ).find((inside) => inside.includes(has)) ?? '';
  return {
    yaml: block('yaml', 'provider:'),
    commands: [block('text', 'callbook-sip serve'), block('text', 'callbook-sip kamailio-config')]
      .join('')
      .trim()
      .split('\n'),
  };
}

async function openAccount(person: Person): Promise<number> {
  const request = new Request(`${accounts}/v1/accounts/mine`, { method: 'PUT' });
  const { headers } = await federation.directory.signAs(request, person.holding);
  // The web server with TLS that is in front of the bridge is the operator's own.
  return (await fetch('http://127.0.0.1:8061/v1/accounts/mine', { method: 'PUT', headers })).status;
}

async function register(person: Person): Promise<number> {
  const key = sipKeyPem(person.keys.sip);
  const { certificate } = await writePhoneCertificate(folder, key);
  const ca = federation.authority.certificate;
  const shown = { cert: await readFile(certificate, 'utf8'), key };
  using phone = await SipConnection.open({ address, port: 5061, ca, certificate: shown });
  const from = `sip:${number}@${domain}`;
  return (await phone.request({ method: 'REGISTER', from })).status;
}

it('leads to a server where the key of a number registers, and no other', async () => {
  const { yaml, commands } = await pageHere();
  const [etc, kamailio] = [join(folder, 'etc/callbook-sip'), join(folder, 'etc/kamailio')];
  await mkdir(etc, { recursive: true });
  await mkdir(join(folder, 'var/lib'), { recursive: true });
  await writeFile(join(etc, 'bridge.yaml'), yaml);
  const { certificate, privateKey } = await federation.authority.issue([domain, address]);
  await writeFile(join(etc, 'tls.pem'), certificate);
  await writeFile(join(etc, 'tls.key'), privateKey, { mode: 0o600 });
  const env = environment(folder);
  const serve = commands.find((line) => line.startsWith('callbook-sip serve'))!;
  const managed = commands.filter((line) => line !== serve && !line.startsWith('systemctl'));
  expect(managed.length).toBe(commands.length - 2);
  const script = [...managed, 'callbook-sip doctor --config bridge.yaml'].join('\n');
  const ran = await runCommand('sh', ['-e', '-c', script], { cwd: folder, env });
  expect(ran.code, `${ran.stdout}${ran.stderr}`).toBe(0);
  await using running = new AsyncDisposableStack();
  running.use(await startPeer(serve.split(' '), { cwd: etc, ready: 'serving', env }));
  const server = ['kamailio', '-DD', '-E', '-f', join(kamailio, 'kamailio.cfg'), '-Y', folder];
  running.use(await startPeer(server, { cwd: folder, host: address, port: 5061 }));
  const person = await federation.claim(number, { domain });
  const stranger = await federation.claim('+447700900001', { domain });
  const made = await eventually(
    async () => await openAccount(person),
    (status) => status < 300,
    patientMs,
  );
  expect(made).toBe(201);
  expect(await register(person)).toBe(200);
  expect(await register({ ...person, keys: stranger.keys })).toBe(403);
}, 100_000);
