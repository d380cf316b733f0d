/** Checks of the doctor that need no federation: ports, disk, gateways and certificates, good and bad. */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../src/config.ts';
import { checkCertificates } from '../../src/doctor/certificate-check.ts';
import { checkDisk } from '../../src/doctor/disk-check.ts';
import type { Patient } from '../../src/doctor/doctor.ts';
import { checkGateways } from '../../src/doctor/gateway-check.ts';
import { checkPeers } from '../../src/doctor/peer-check.ts';
import { checkPorts } from '../../src/doctor/port-check.ts';
import { isInUse } from '../../src/doctor/sockets-in-use.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-doctor-'));
});

afterEach(async () => await rm(folder, { recursive: true, force: true }));

interface Changes {
  readonly dnsPort?: number;
  readonly apiAddress?: string;
  readonly challenges?: string;
}

function patient(changes: Changes = {}): Patient {
  const { dnsPort = 0, apiAddress = '127.0.0.1', challenges = 'outbox: o' } = changes;
  const config = parseConfig(`
member: alpha
dataDir: ${folder}/data
charters: [c]
keys: { log: l, peer: p, vrf: v, zone: z }
dns:
  listen: [{ address: 127.0.0.1, port: ${dnsPort} }]
  nameservers: [{ name: ns.alpha.test, addresses: [] }]
  contact: h@alpha.test
api: { listen: { address: ${apiAddress}, port: 8 }, certificate: ${folder}/api.pem, privateKey: ${folder}/api.key }
mesh: { listen: [/ip4/127.0.0.1/tcp/0] }
challenges: { ${challenges} }
`);
  const unknown = { charter: undefined, self: undefined, ca: undefined };
  return { config, ...unknown, isRunning: false, resolvers: [] };
}

/** A TCP server, and its port. */
async function listening(): Promise<number> {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** As `listening`, on a port that nobody has on UDP, as others on this machine may by chance. */
async function listeningOnTcpAlone(): Promise<number> {
  for (;;) {
    const port = await listening();
    const socket = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '0.0.0.0', () => resolve(true));
    });
    socket.close();
    if (isFree) return port;
  }
}

describe('the doctor says of ports', () => {
  it('that they are free', async () => {
    const port = await listening();
    // The server is there on TCP alone; another port is free.
    const found = await checkPorts(patient({ dnsPort: port === 65_535 ? 1024 : port + 1 }));
    expect(found.map(({ state }) => state)).toContain('ok');
  });

  it('that TCP is taken, and how to find by whom', async () => {
    const port = await listening();
    const [dns] = await checkPorts(patient({ dnsPort: port }));
    expect(dns).toMatchObject({ state: 'fail' });
    expect(dns!.found).toContain('taken by another process (EADDRINUSE)');
    expect(dns!.next).toContain(`sport = :${port}`);
  });

  it('that UDP is taken', async () => {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const [dns] = await checkPorts(patient({ dnsPort: socket.address().port }));
    expect(dns!.found).toContain('EADDRINUSE');
  });

  it('who has one that this user may not try', async () => {
    const tcp = { address: '127.0.0.1', port: await listeningOnTcpAlone() };
    expect(await isInUse('tcp', tcp)).toBe(true);
    expect(await isInUse('udp', tcp)).toBe(false);
    expect(await isInUse('tcp', { ...tcp, address: '0.0.0.0' })).toBe(true);
    expect(await isInUse('tcp', { ...tcp, address: '192.0.2.1' })).toBe(false);
    for (const [family, everywhere, address] of [
      ['udp4', '0.0.0.0', '192.0.2.1'],
      ['udp6', '::', '2001:db8::53'],
      ['udp6', '::1', '::1'],
    ] as const) {
      const socket = createSocket(family);
      onTestFinished(() => void socket.close());
      socket.bind(0, everywhere);
      await once(socket, 'listening');
      expect(await isInUse('udp', { address, port: socket.address().port })).toBe(true);
    }
  });

  it('that the machine has no such address', async () => {
    const found = await checkPorts(patient({ apiAddress: '192.0.2.1' }));
    expect(found.at(-1)).toMatchObject({ state: 'fail' });
    expect(found.at(-1)!.found).toContain('EADDRNOTAVAIL');
  });

  it('that a member runs and nobody listens', async () => {
    const found = await checkPorts({ ...patient(), isRunning: true });
    expect(found.at(-1)).toMatchObject({ state: 'fail' });
    expect(found.at(-1)!.found).toContain('nobody listens (ECONNREFUSED)');
  });
});

describe('the doctor says of the disk', () => {
  it('that the folder can be made, and then that it is good', async () => {
    expect((await checkDisk(patient()))[0]!.found).toContain('can be made');
    await mkdir(join(folder, 'data'), { mode: 0o700 });
    expect((await checkDisk(patient()))[0]).toMatchObject({ state: 'ok' });
  });

  it('that others may write or read it', async () => {
    await mkdir(join(folder, 'data'));
    await chmod(join(folder, 'data'), 0o750);
    expect((await checkDisk(patient()))[0]).toMatchObject({ state: 'warn' });
    await chmod(join(folder, 'data'), 0o770);
    expect((await checkDisk(patient()))[0]).toMatchObject({ state: 'fail' });
  });
});

describe('the doctor says of gateways', () => {
  const smtp = (port: number): string =>
    `by: { mailto: smtp }, channels: { smtp: { host: 127.0.0.1, port: ${port}, from: a@alpha.test } }`;

  it('that one answers, and which schemes have none', async () => {
    const found = await checkGateways(patient({ challenges: smtp(await listening()) }));
    expect(found.map(({ state }) => state)).toEqual(['ok', 'warn', 'warn']);
  });

  it('that nobody is there', async () => {
    const found = await checkGateways(patient({ challenges: smtp(1) }));
    expect(found[0]).toMatchObject({ state: 'fail' });
    expect(found[0]!.found).toContain('ECONNREFUSED');
  });

  it('that one does not speak TLS', async () => {
    const hook = `https://127.0.0.1:${await listening()}/send`;
    const challenges = `by: { tel: webhook }, channels: { webhook: { url: '${hook}', secretFile: s } }`;
    expect((await checkGateways(patient({ challenges })))[0]).toMatchObject({ state: 'fail' });
  });

  it('that an outbox reaches nobody', async () => {
    expect((await checkGateways(patient()))[0]).toMatchObject({ state: 'warn' });
  });
});

describe('the doctor says of certificates', () => {
  const issue = (days: number): void => {
    const how = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${days}`;
    const names = '-subj /CN=x -addext subjectAltName=DNS:api.alpha.test';
    const files = ['-keyout', join(folder, 'api.key'), '-out', join(folder, 'api.pem')];
    execFileSync('openssl', [...`${how} ${names}`.split(' '), ...files], { stdio: 'ignore' });
  };
  const self = (api: string): Patient['self'] => ({ api }) as Patient['self'];

  it.each([
    [90, 'ok', 'days are left'],
    [3, 'warn', '2 days are left'],
  ])('how many days of %i are left', async (days, state, words) => {
    issue(days);
    const [found] = await checkCertificates(patient());
    expect(found).toMatchObject({ state });
    expect(found!.found).toContain(words);
  });

  it('that it is for another name', async () => {
    issue(90);
    const right = { ...patient(), self: self('https://api.alpha.test') };
    expect(await checkCertificates(right)).toHaveLength(1);
    const wrong = { ...patient(), self: self('https://api.beta.test') };
    expect((await checkCertificates(wrong))[1]).toMatchObject({ state: 'fail' });
  });

  it('that it is missing or half written', async () => {
    expect((await checkCertificates(patient()))[0]).toMatchObject({ state: 'fail' });
    issue(90);
    await writeFile(join(folder, 'api.pem'), '-----BEGIN CERTIFICATE-----\n');
    expect((await checkCertificates(patient()))[0]!.found).toContain('certificate_unfit');
  });
});

it('the doctor knows no members without a charter', async () => {
  expect((await checkPeers(patient()))[0]).toMatchObject({ state: 'fail' });
});
