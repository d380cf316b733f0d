/**
 * docs/providers as a new operator follows it: its configuration and its commands as they stand there, and
 * then those of its users, after which a person's key registers. Only folders, the zones, the root's anchor
 * and the one public address differ, and this test is what a service manager and a web server are.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as ask } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPeer } from '../../src/peer-process.ts';
import { startSipFederation, suffixesOf } from '../../src/sip/federation.ts';
import type { SipFederation } from '../../src/sip/federation.ts';
import { networkAddresses } from '../../src/sip/own-network.ts';
import { sipKeyPem, writePhoneCertificate } from '../../src/sip/phone-key.ts';
import { environment, eventually, runCommand } from '../lab.ts';
import { SipConnection } from '../sip/sip-connection.ts';

const domain = 'sip.example.org';
const accountsHost = 'accounts.example.org';
const accountsAddress = networkAddresses.servers[1];
const number = '+34912345678';
const address = networkAddresses.servers[2];
const patientMs = 30_000;

const stack = new AsyncDisposableStack();
let folder: string;
let federation: SipFederation;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-operator-'));
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const hosts = { [domain]: address, [accountsHost]: accountsAddress };
  federation = stack.use(await startSipFederation({ folder, hosts }));
}, 60_000);

afterAll(async () => await stack.disposeAsync(), 60_000);

/** What the page shows, on this machine. */
async function pageHere(): Promise<{
  readonly yaml: string;
  readonly commands: readonly string[];
  /** Of those who have a number. */
  readonly users: string;
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
    users: block('text', 'callbook provision'),
  };
}

/** The web server with TLS of the operator's own, in front of the accounts. */
async function startWebServer(): Promise<AsyncDisposable> {
  const { certificate, privateKey } = await federation.authority.issue([accountsHost]);
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    const { method, url: path, headers } = request;
    const onward = ask({ host: '127.0.0.1', port: 8061, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(443, accountsAddress, resolve));
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What section 4 leaves to the person: a number, the key for the telephone, and then its commands. */
async function followAsPerson(users: string): Promise<string> {
  const { clientConfigFile, outboxFile } = federation.testnet.layout;
  const env = {
    ...environment(folder),
    CALLBOOK_CONFIG: clientConfigFile,
    NODE_EXTRA_CA_CERTS: federation.authorityFile,
  };
  const script = [
    `callbook register ${number} --code-from ${outboxFile}`,
    'callbook cert phone.pem',
    users,
  ].join('\n');
  const ran = await runCommand('sh', ['-e', '-c', script], { cwd: folder, env });
  expect(ran.code, `${ran.stdout}${ran.stderr}`).toBe(0);
  expect(ran.stdout).toContain(`has the account sip:${number}@${domain}`);
  expect(ran.stdout).toContain('sip_certificate phone.pem');
  return await readFile(join(folder, 'phone.pem'), 'utf8');
}

/** `pem` has a key and a certificate for it. */
async function register(pem: string): Promise<number> {
  const ca = federation.authority.certificate;
  const certificate = { cert: pem, key: pem };
  using phone = await SipConnection.open({ address, port: 5061, ca, certificate });
  const from = `sip:${number}@${domain}`;
  return (await phone.request({ method: 'REGISTER', from })).status;
}

async function strangersPem(): Promise<string> {
  const { keys } = await federation.claim('+447700900001', { domain });
  const key = sipKeyPem(keys.sip);
  const { certificate } = await writePhoneCertificate(folder, key);
  return `${key}${await readFile(certificate, 'utf8')}`;
}

it('leads to a server where the key of a number registers, and no other', async () => {
  const { yaml, commands, users } = await pageHere();
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
  running.use(await startWebServer());
  const pem = await followAsPerson(users);
  const status = await eventually(
    async () => await register(pem),
    (code) => code === 200,
    patientMs,
  );
  expect(status).toBe(200);
  const strangers = await strangersPem();
  // A server that is busy says 503, which refuses nobody for good.
  const refusal = await eventually(
    async () => await register(strangers),
    (code) => code !== 503,
    patientMs,
  );
  expect(refusal).toBe(403);
}, 150_000);
