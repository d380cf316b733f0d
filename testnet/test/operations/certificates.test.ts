/**
 * A member whose certificate changes while it serves: first by files, then by an authority, pebble, that
 * validates through an unbound which validates DNSSEC. One of the names is in somebody else's zone, served
 * by knot, with the one CNAME that the documentation asks for. Judges are OpenSSL and kdig.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { startPebble } from '../../../packages/node/test/tls/pebble.ts';
import type { Pebble } from '../../../packages/node/test/tls/pebble.ts';
import { freePortBase } from '../../src/free-ports.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { eventually, openLab, startUnbound } from '../lab.ts';
import type { Lab } from '../lab.ts';

/** The API's name in a zone of its organisation. */
const foreignName = 'api.alpha.example';
const stack = new AsyncDisposableStack();
let lab: Lab;
let alpha: MemberLayout;
let ownName = '';
let tlsPort = 0;
let knotPort = 0;
let pebble: Pebble;

beforeAll(async () => {
  lab = stack.use(await openLab(1));
  alpha = lab.testnet.layout.members[0]!;
  ownName = `api.${alpha.zone}`;
  knotPort = await freePortBase(0);
  tlsPort = knotPort + 1;
  const { resolver } = lab.description;
  stack.use(await startKnot());
  await appendFile(
    resolver.config,
    `stub-zone:\n  name: "alpha.example."\n  stub-addr: 127.0.0.1@${knotPort}\n` +
      'server:\n  domain-insecure: "alpha.example."\n',
  );
  stack.use(await startUnbound(lab));
  const folder = join(lab.folder, 'pebble');
  await mkdir(folder);
  const dnsServer = `${resolver.address}:${resolver.port}`;
  pebble = stack.use(await startPebble({ folder, dnsServer }));
  await writeFile(join(lab.folder, 'root.pem'), pebble.root);
}, 120_000);

afterAll(async () => await stack.disposeAsync());

/** The zone of the organisation, with the record that it adds once. */
async function startKnot(): Promise<AsyncDisposable> {
  const folder = join(lab.folder, 'knot');
  await mkdir(folder);
  const zone = [
    '$ORIGIN alpha.example.',
    '@ 60 SOA ns hostmaster 1 3600 600 86400 60',
    '@ 60 NS ns',
    'ns 60 A 127.0.0.1',
    `_acme-challenge.api 60 CNAME _acme-challenge.${ownName}.`,
  ];
  await writeFile(join(folder, 'alpha.example.zone'), `${zone.join('\n')}\n`);
  const settings = {
    server: { listen: `127.0.0.1@${knotPort}`, rundir: folder },
    database: { storage: folder },
    log: [{ target: 'stderr', any: 'error' }],
    zone: [{ domain: 'alpha.example', storage: folder, file: 'alpha.example.zone' }],
  };
  await writeFile(join(folder, 'knot.conf'), stringify(settings));
  const child = spawn('/usr/sbin/knotd', ['-c', join(folder, 'knot.conf')], { stdio: 'inherit' });
  return {
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

/** The status and `Verify return code` of OpenSSL's client, and what it says of DANE. */
async function handshake(name: string, options: string): Promise<string> {
  const { apiPort } = alpha;
  const command = `openssl s_client -connect 127.0.0.1:${apiPort} -servername ${name} ${options}`;
  const args = ['-c', `${command} </dev/null 2>&1`];
  try {
    return execFileSync('sh', args, { cwd: lab.folder, encoding: 'utf8' });
  } catch (error) {
    return (error as { readonly stdout: string }).stdout;
  }
}

async function shownSerial(): Promise<string> {
  const shown = await handshake(ownName, '-showcerts');
  const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(shown)?.[0] ?? '';
  return execFileSync('openssl', ['x509', '-noout', '-serial'], { input: pem, encoding: 'utf8' });
}

async function statusOver(session: ClientHttp2Session): Promise<number> {
  const stream = session.request({ ':path': '/healthz' });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  stream.resume();
  await once(stream, 'end');
  return Number(headers[':status']);
}

/** TLSA records as the resolver gives them once it has validated them. */
async function validatedTlsa(): Promise<string[]> {
  const { address, port } = lab.description.resolver;
  const question = `_443._tcp.${ownName} TLSA`;
  const { stdout } = await lab.run(`dig +dnssec +nosplit @${address} -p ${port} ${question}`);
  expect(stdout).toMatch(/flags: qr rd ra ad;/);
  return Array.from(stdout.matchAll(/\sTLSA\s+(3 1 1 .*)$/gm), ([, rdata]) => rdata!);
}

it('a renewal that is put in its files is shown to new connections, and the open one goes on', async () => {
  const session = connect(`https://localhost:${alpha.apiPort}`, {
    ca: await readFile(lab.testnet.layout.caFile),
  });
  stack.defer(() => session.destroy());
  expect(await statusOver(session)).toBe(200);
  const before = { serial: await shownSerial(), tlsa: await validatedTlsa() };
  const [key, next] = [join(alpha.folder, 'api.key'), join(alpha.folder, 'next.pem')];
  const names = ['-subj', '/CN=next', '-addext', `subjectAltName=DNS:localhost,DNS:${ownName}`];
  const renew = ['req', '-x509', '-key', key, '-days', '90', '-out', next, ...names];
  execFileSync('openssl', renew, { stdio: 'ignore' });
  await rename(next, join(alpha.folder, 'api.pem'));
  await eventually(shownSerial, (serial) => serial !== before.serial, 30_000);
  expect(await statusOver(session)).toBe(200);
  expect(await validatedTlsa()).toEqual(before.tlsa);
}, 120_000);

it('a member with an authority in place of files has a certificate that clients trust', async () => {
  const config = parse(await readFile(alpha.configFile, 'utf8')) as {
    api: { listen: object };
    dns: object;
  };
  const acme = {
    directory: pebble.directory,
    ca: pebble.caFile,
    contact: 'hostmaster@alpha.example',
    termsAccepted: true,
    names: [foreignName, ownName],
  };
  const { listen } = config.api;
  const tls = { listen: [{ address: '127.0.0.1', port: tlsPort }] };
  const changed = { ...config, api: { listen, acme }, dns: { ...config.dns, tls } };
  await writeFile(alpha.configFile, stringify(changed));
  // It is ready when it has one.
  await lab.testnet.restart('alpha');
  for (const name of [foreignName, ownName]) {
    const verified = await handshake(name, `-CAfile root.pem -verify_hostname ${name}`);
    expect(verified).toContain('Verify return code: 0 (ok)');
  }
  const stranger = await handshake('localhost', '-CAfile root.pem -verify_hostname localhost');
  expect(stranger).toContain('Verify return code: 62');
}, 120_000);

it('a client that validates DNSSEC verifies it by its TLSA alone', async () => {
  const [tlsa, ...more] = await validatedTlsa();
  expect(more).toEqual([]);
  const dane = (rdata: string): string =>
    `-no-CAfile -no-CApath -no-CAstore -dane_tlsa_domain ${ownName} -dane_tlsa_rrdata '${rdata}'`;
  const verified = await handshake(ownName, dane(tlsa!));
  expect(verified).toContain('Verify return code: 0 (ok)');
  expect(verified).toMatch(/DANE TLSA 3 1 1 .* matched (the )?EE certificate/);
  const forged = tlsa!.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
  expect(await handshake(ownName, dane(forged))).toContain('Verify return code: 65');
});

it('DNS over TLS has the same certificate', async () => {
  const ask = async (name: string): Promise<string> => {
    const trust = `+tls-ca=root.pem +tls-hostname=${name}`;
    const { stdout } = await lab.run(`kdig @127.0.0.1 -p ${tlsPort} ${trust} SOA ${alpha.zone}`);
    return stdout;
  };
  expect(await ask(ownName)).toContain('status: NOERROR');
  expect(await ask('elsewhere.example')).not.toContain('status: NOERROR');
});

it('a start without the authority serves what was kept, and asks for nothing', async () => {
  const before = await shownSerial();
  await pebble[Symbol.asyncDispose]();
  await lab.testnet.restart('alpha');
  expect(await shownSerial()).toBe(before);
  const log = await readFile(lab.testnet.members[0]!.logFile, 'utf8');
  expect(log).toContain('acme_certificate_issued');
  expect(log).not.toContain('acme_order_failed');
  // What stands in the log names nobody, and quotes nothing.
  expect(log).not.toMatch(/alpha\.example|BEGIN |_acme-challenge/);
}, 120_000);
