/** Certificates in files: what is put there is served, unless it is no pair; on real sockets. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { X509Certificate } from 'node:crypto';
import { startDnsServer } from '@callbook/dns';
import type { DnsServer, HostRecords } from '@callbook/dns';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NodeConfig } from '../../src/config.ts';
import { errorCodes } from '../../src/event-log.ts';
import { MemberCertificates } from '../../src/tls/member-certificates.ts';
import type { CertificatePair } from '../../src/tls/certificate-pair.ts';
import { connected, makePair, pathsAt, put, shownAt } from './test-certificates.ts';

const host = 'api.alpha.test';
const dayMs = 24 * 3_600_000;
const listen = [{ address: '127.0.0.1', port: 0 }];
const stack = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), 'callbook-files-'));
const [apiFiles, dnsFiles] = [pathsAt(folder, 'api'), pathsAt(folder, 'dns')];
const first = makePair(folder, host);
const renewed = makePair(folder, host, join(folder, 'made-1.key'));
const another = makePair(folder, host);
let certificates: MemberCertificates;
/** Each is a server over TLS that takes over certificates as the API and DNS over TLS do. */
let servers: { readonly api: DnsServer; readonly dns: DnsServer };
let hostRecords: HostRecords;
let elapsedMs = 0;
let aheadMs = 0;
let events: { msg: string; [field: string]: unknown }[] = [];

const write = (line: string): void => void events.push(JSON.parse(line) as (typeof events)[number]);
const log = pino({ serializers: { err: errorCodes } }, { write });
const named = (name: string): typeof events => events.filter(({ msg }) => msg === name);

beforeAll(async () => {
  stack.defer(() => rmSync(folder, { recursive: true }));
  const start = async (): Promise<DnsServer> => {
    const tls = { listen, certificate: undefined };
    return stack.use(await startDnsServer({ listen, respond: () => Uint8Array.of(7, 7), tls }));
  };
  servers = { api: await start(), dns: await start() };
});
afterAll(async () => await stack.disposeAsync());
beforeEach(() => {
  [elapsedMs, aheadMs, events] = [0, 0, []];
  put(apiFiles, first);
  put(dnsFiles, first);
});
afterEach(async () => await certificates[Symbol.asyncDispose]());

async function open(tls: object | undefined = { listen }): Promise<void> {
  const config = { dns: { tls }, api: { listen: listen[0], ...apiFiles } } as unknown as NodeConfig;
  certificates = await MemberCertificates.open(config, {
    member: { api: `https://${host}`, zone: 'e164.alpha.test' },
    log,
    clock: { nowMs: () => Date.now() + aheadMs },
    stopwatch: { nowMs: () => elapsedMs },
    pollMs: 10,
  });
  serve();
}

/** Serves, or looks once more. */
function serve(): void {
  certificates.serve({
    zone: {
      replaceCertificate: (next) => servers.dns.replaceCertificate(next),
      announceHostRecords: (records) => void (hostRecords = records),
    },
    api: { replaceCertificate: (next) => servers.api.replaceCertificate(next) },
  });
}

async function untilShown(of: 'api' | 'dns', { certificate }: CertificatePair): Promise<void> {
  const wanted = new X509Certificate(certificate).toString();
  await expect.poll(async () => await shown(of)).toBe(wanted);
}

async function shown(of: 'api' | 'dns'): Promise<string> {
  return await shownAt(servers[of].tlsAddresses[0]!.port);
}

describe('a pair that is put there', () => {
  it('is served to new connections of the API and of DNS over TLS, and ends no connection', async () => {
    await open();
    const socket = await connected(servers.api.tlsAddresses[0]!.port);
    put(apiFiles, renewed);
    await untilShown('api', renewed);
    await untilShown('dns', renewed);
    socket.write(Uint8Array.of(0, 2, 7, 7));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect([...answer]).toEqual([0, 2, 7, 7]);
    socket.destroy();
    expect(named('certificate_replaced')).toHaveLength(1);
    expect(named('certificate_unusable')).toEqual([]);
  });

  it('with another key waits for DNS; its key is published with that of the old one', async () => {
    await open();
    put(apiFiles, another);
    await expect.poll(() => named('certificate_waits')).toHaveLength(1);
    expect(named('certificate_waits')[0]).toMatchObject({ use: 'api', waitSeconds: 600 });
    expect(hostRecords.apiKeyHashes).toEqual([first.keyHash, another.keyHash]);
    await untilShown('api', first);
    elapsedMs = 600_000;
    serve();
    await untilShown('api', another);
    expect(hostRecords.apiKeyHashes).toEqual([another.keyHash]);
  });

  it('is that of DNS over TLS alone, where that has files of its own, and is served at once', async () => {
    await open({ listen, ...dnsFiles });
    put(dnsFiles, another);
    await untilShown('dns', another);
    await untilShown('api', first);
    expect(hostRecords.apiKeyHashes).toEqual([first.keyHash]);
    expect(certificates.ends()).toEqual([
      { use: 'api', endsAtMs: first.notAfterMs },
      { use: 'dns', endsAtMs: another.notAfterMs },
    ]);
  });
});

describe('what cannot be served', () => {
  const half = (text: string): string => text.slice(0, text.length / 2);

  it.each([
    ['half a certificate', { certificate: half(renewed.certificate) }, 'certificate_unfit'],
    [
      'a chain that was cut off',
      { certificate: `${renewed.certificate}${half(first.certificate)}` },
      'certificate_unfit',
    ],
    ['the key of another', { privateKey: another.privateKey }, 'certificate_unfit'],
    ['an empty file', { certificate: '' }, 'certificate_unfit'],
    ['no PEM', { certificate: 'hunter2', privateKey: 'hunter2' }, 'certificate_unfit'],
  ])('%s is told once, and leaves what was served', async (_what, texts, code) => {
    await open();
    put(apiFiles, texts);
    await expect.poll(() => named('certificate_unusable')).toHaveLength(1);
    expect(named('certificate_unusable')[0]).toMatchObject({ use: 'api' });
    expect(JSON.stringify(events)).toContain(code);
    expect(JSON.stringify(events)).not.toMatch(/hunter2|BEGIN|made-/);
    await sleep(50);
    expect(named('certificate_unusable')).toHaveLength(1);
    await untilShown('api', first);
    // The other half, or the whole, comes.
    put(apiFiles, renewed);
    await untilShown('api', renewed);
  });

  it('a key that others can read is refused, and so is none at all', async () => {
    await open();
    put(apiFiles, renewed);
    chmodSync(apiFiles.privateKey, 0o644);
    await expect.poll(() => JSON.stringify(events)).toContain('key_file_exposed');
    rmSync(apiFiles.certificate);
    await expect.poll(() => named('certificate_unusable').length).toBeGreaterThan(0);
    await untilShown('api', first);
  });

  it('ends the start, since there is nothing else to serve', async () => {
    put(apiFiles, { privateKey: another.privateKey });
    await expect(open()).rejects.toMatchObject({ code: 'certificate_unfit' });
    rmSync(apiFiles.certificate);
    await expect(open()).rejects.toMatchObject({ code: 'certificate_unreadable' });
  });
});

describe('the end of a certificate', () => {
  const lifetimeMs = first.notAfterMs - first.notBeforeMs;

  it('is told once a day from a sixth of its lifetime on, and is a trouble when it has come', async () => {
    await open();
    expect(events).toEqual([]);
    aheadMs = Math.ceil((lifetimeMs * 5) / 6) + 60_000;
    serve();
    serve();
    expect(named('certificate_expires_soon')).toMatchObject([
      { use: 'api', daysLeft: 14 },
      { use: 'dns', daysLeft: 14 },
    ]);
    aheadMs += dayMs;
    serve();
    expect(named('certificate_expires_soon')).toHaveLength(4);
    expect(certificates.troubles()).toEqual([]);
    aheadMs = lifetimeMs;
    serve();
    expect(named('certificate_expired')).toHaveLength(2);
    expect(certificates.troubles()).toEqual(['certificate_expired']);
  });

  it('a clock that is behind its beginning, and a host that it does not name, are told too', async () => {
    const elsewhere = makePair(folder, 'elsewhere.test');
    put(apiFiles, elsewhere);
    await open();
    expect(named('certificate_for_another_host')).toHaveLength(1);
    aheadMs = -dayMs;
    serve();
    expect(named('certificate_not_yet_valid')).toHaveLength(2);
  });
});
