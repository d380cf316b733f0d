/**
 * Certificates from an authority, pebble, which validates by asking the DNS server of these tests: the
 * member's zone, and what the member's certificates announce in it. Only the clock is the tests' own.
 */
import { X509Certificate } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDirectoryZone,
  createResponder,
  generateZoneKeys,
  startDnsServer,
} from '@callbook/dns';
import type { HostRecords, TlsCertificate } from '@callbook/dns';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeConfig } from '../../src/config.ts';
import { errorCodes } from '../../src/event-log.ts';
import { MemberCertificates, readApiCertificate } from '../../src/tls/member-certificates.ts';
import { startForbidden, startPebble } from './pebble.ts';
import type { Pebble, PebbleOptions } from './pebble.ts';
import { makePair, pathsAt, put } from './test-certificates.ts';

// An order is several exchanges with another process, and some tests make two.
vi.setConfig({ testTimeout: 150_000, hookTimeout: 150_000 });

const zone = 'e164.alpha.test';
const host = `api.${zone}`;
const dayMs = 24 * 3_600_000;
const stack = new AsyncDisposableStack();
let folder = '';
let dnsServer = '';
let pebble: Pebble;
let hostRecords: HostRecords = { apiKeyHashes: [], challenges: [] };
let aheadMs = 0;
let served: TlsCertificate[] = [];
let events: { msg: string; [field: string]: unknown }[] = [];

let running: MemberCertificates[] = [];
/** What has ended looks at the clock no more, and announces nothing. */
async function endAll(): Promise<void> {
  await Promise.all(running.map(async (certificates) => await certificates[Symbol.asyncDispose]()));
  running = [];
}

const clock = { nowMs: () => Date.now() + aheadMs };
const write = (line: string): void => void events.push(JSON.parse(line) as (typeof events)[number]);
const log = pino({ serializers: { err: errorCodes } }, { write });
const named = (name: string): typeof events => events.filter(({ msg }) => msg === name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'callbook-acme-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const respond = createResponder([
    createDirectoryZone({
      apex: zone,
      nameservers: [{ name: `ns.${zone}`, addresses: ['127.0.0.1'] }],
      contact: 'hostmaster@alpha.test',
      charterHash: () => new Uint8Array(32),
      hostRecords: () => hostRecords,
      source: { byDigits: () => undefined, byOwnerHash: () => undefined },
      keys: generateZoneKeys(13),
      clock,
    }),
  ]);
  const listen = [{ address: '127.0.0.1', port: 0 }];
  const server = stack.use(await startDnsServer({ listen, respond }));
  dnsServer = `127.0.0.1:${server.addresses[0]!.port}`;
  pebble = stack.use(await startPebble({ folder, dnsServer }));
});
afterAll(async () => await stack.disposeAsync());
afterEach(endAll);
beforeEach(() => {
  aheadMs = 0;
  served = [];
  events = [];
});

interface Opened {
  readonly certificates: MemberCertificates;
  readonly dataDir: string;
  /** As serving would, some seconds later. */
  readonly serve: () => void;
}

interface OpenOptions {
  readonly acme?: Partial<NonNullable<NodeConfig['api']['acme']>>;
  readonly files?: { readonly certificate: string; readonly privateKey: string };
  readonly dataDir?: string;
  readonly authority?: Pebble;
  readonly stopwatch?: { nowMs: () => number };
}

async function openCertificates(options: OpenOptions = {}): Promise<Opened> {
  const { directory, caFile } = options.authority ?? pebble;
  const dataDir = options.dataDir ?? mkdtempSync(join(folder, 'data-'));
  const acme = { directory, ca: caFile, contact: 'tls@alpha.test', termsAccepted: true as const };
  const config = {
    dataDir,
    dns: {},
    api: { ...options.files, acme: { ...acme, ...options.acme } },
  } as unknown as NodeConfig;
  const member = { api: `https://${host}`, zone };
  const { stopwatch = { nowMs: () => 0 } } = options;
  const parts = { member, log, clock, stopwatch };
  const certificates = await MemberCertificates.open(config, parts);
  running.push(certificates);
  const targets = {
    zone: {
      replaceCertificate: () => {},
      announceHostRecords: (records: HostRecords) => void (hostRecords = records),
    },
    api: { replaceCertificate: (next: TlsCertificate) => void served.push(next) },
  };
  return { certificates, dataDir, serve: () => certificates.serve(targets) };
}

async function until(name: string, count = 1): Promise<void> {
  await vi.waitFor(
    () => {
      if (named(name).length < count) throw new Error(JSON.stringify(events));
    },
    { timeout: 60_000, interval: 50 },
  );
}

describe('the first certificate', () => {
  it('is ordered, validated by DNS, kept with its key in one file and served', async () => {
    const { certificates, dataDir, serve } = await openCertificates();
    expect(certificates.api).toBeUndefined();
    expect(certificates.troubles()).toEqual(['certificate_missing']);
    expect(certificates.hostRecords.apiKeyHashes).toHaveLength(1);
    serve();
    await until('certificate_replaced');
    expect(certificates.troubles()).toEqual([]);
    const [shown] = served;
    const leaf = new X509Certificate(shown!.certificate);
    expect(leaf.subjectAltName).toBe(`DNS:${host}`);
    expect(certificates.hostRecords).toEqual({
      apiKeyHashes: [certificates.api!.keyHash],
      challenges: [],
    });
    expect(certificates.ends()).toEqual([{ use: 'api', endsAtMs: leaf.validToDate.getTime() }]);
    const tls = join(dataDir, 'tls');
    const files = ['account.key', 'api.key', 'api.pem', 'attempts.json'];
    expect(readdirSync(tls).sort()).toEqual(files);
    for (const file of files) expect(statSync(join(tls, file)).mode & 0o777).toBe(0o600);
    expect(statSync(tls).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(tls, 'api.pem'), 'utf8')).toContain(
      readFileSync(join(tls, 'api.key'), 'utf8'),
    );
    // A start later nothing is asked for.
    const again = await openCertificates({ dataDir });
    again.serve();
    expect(again.certificates.api!.certificate).toBe(certificates.api!.certificate);
    expect(named('acme_certificate_issued')).toHaveLength(1);
  });

  it('takes the place of files, which are served until then', async () => {
    const [paths, pair] = [pathsAt(folder, 'files'), makePair(folder, host)];
    put(paths, pair);
    let elapsedMs = 0;
    const stopwatch = { nowMs: () => elapsedMs };
    const { certificates, serve } = await openCertificates({ files: paths, stopwatch });
    serve();
    expect(certificates.api!.certificate).toBe(pair.certificate);
    expect(certificates.hostRecords.apiKeyHashes).toHaveLength(2);
    // The key of the one to come is known in DNS before there is a certificate for it.
    expect(named('acme_certificate_issued')).toEqual([]);
    elapsedMs = 600_000;
    serve();
    await until('certificate_replaced');
    expect(certificates.api!.certificate).not.toBe(pair.certificate);
    expect(certificates.hostRecords.apiKeyHashes).toEqual([certificates.api!.keyHash]);
  });
});

describe('a renewal', () => {
  it('comes after two thirds of the lifetime and a little, with the same key', async () => {
    const { certificates, serve } = await openCertificates();
    serve();
    await until('certificate_replaced');
    const first = certificates.api!;
    const lifetimeMs = first.notAfterMs - first.notBeforeMs;
    aheadMs = Math.floor(lifetimeMs * 0.66);
    serve();
    expect(named('acme_certificate_issued')).toHaveLength(1);
    aheadMs = Math.ceil(lifetimeMs * 0.701);
    // What pebble issues is of now by its own clock, and still valid by ours.
    serve();
    await until('certificate_replaced', 2);
    expect(certificates.api!.certificate).not.toBe(first.certificate);
    expect(certificates.api!.keyHash).toEqual(first.keyHash);
  });

  it('is for another key once the file of the old one was taken away', async () => {
    const { certificates, dataDir, serve } = await openCertificates();
    serve();
    await until('certificate_replaced');
    const first = certificates.api!;
    rmSync(join(dataDir, 'tls/api.key'));
    let elapsedMs = 0;
    const later = await openCertificates({ dataDir, stopwatch: { nowMs: () => elapsedMs } });
    later.serve();
    expect(later.certificates.api!.certificate).toBe(first.certificate);
    expect(later.certificates.hostRecords.apiKeyHashes).toHaveLength(2);
    elapsedMs = 600_000;
    later.serve();
    await until('certificate_replaced', 2);
    expect(later.certificates.api!.keyHash).not.toEqual(first.keyHash);
    expect(later.certificates.hostRecords.apiKeyHashes).toEqual([later.certificates.api!.keyHash]);
  });
});

describe('the old certificate stays', () => {
  const first = { dataDir: '', certificate: '' };

  beforeAll(async () => {
    [aheadMs, events] = [0, []];
    const { certificates, dataDir, serve } = await openCertificates();
    serve();
    await until('certificate_replaced');
    Object.assign(first, { dataDir, certificate: certificates.api!.certificate });
    await endAll();
  });

  /** A certificate is there, and another is wanted: two names in place of one. */
  async function renewing(options: OpenOptions = {}): Promise<Opened & { readonly old: string }> {
    const dataDir = mkdtempSync(join(folder, 'data-'));
    cpSync(first.dataDir, dataDir, { recursive: true });
    const names = [host, `ns.${zone}`];
    const opened = await openCertificates({
      ...options,
      dataDir,
      acme: { names, ...options.acme },
    });
    return { ...opened, old: first.certificate };
  }

  async function expectFailure(
    { certificates, serve, old }: Opened & { readonly old: string },
    failure: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    serve();
    await until('acme_order_failed');
    expect(named('acme_order_failed')[0]).toMatchObject({ failureCount: 1, ...failure });
    expect(certificates.api!.certificate).toBe(old);
    expect(served.at(-1)!.certificate).toBe(old);
    expect(certificates.hostRecords.challenges).toEqual([]);
    expect(certificates.troubles()).toEqual([]);
  }

  it('while the authority is down; it is asked again after five minutes, then after ten', async () => {
    const gone = { ...pebble, directory: 'https://localhost:1/dir' };
    const opened = await renewing({ authority: gone });
    await expectFailure(opened, { codes: expect.arrayContaining(['acme_unreachable']) as never });
    opened.serve();
    aheadMs = 299_000;
    opened.serve();
    expect(named('acme_order_failed')).toHaveLength(1);
    aheadMs = 301_000;
    opened.serve();
    await until('acme_order_failed', 2);
    expect(named('acme_order_failed')[1]).toMatchObject({ failureCount: 2, retryMinutes: 10 });
    // A member that starts again does not forget it.
    const again = await openCertificates({ dataDir: opened.dataDir, authority: gone });
    again.serve();
    const text = readFileSync(join(opened.dataDir, 'tls/attempts.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ failureCount: 2 });
  });

  it('when a name cannot be validated, and the log says by which problem', async () => {
    const opened = await renewing({ acme: { names: ['api.elsewhere.test'] } });
    await expectFailure(opened, {
      problem: expect.stringMatching(/^(dns|unauthorized)$/) as never,
    });
    expect(JSON.stringify(events)).not.toContain('elsewhere');
  });

  it('when the authority refuses the name', async () => {
    const settings = { domainBlocklist: [zone] };
    await using strict = await startPebble(apart({ settings }));
    await expectFailure(await renewing({ authority: strict }), { problem: 'rejectedIdentifier' });
  });

  it('when CAA does not allow the authority', async () => {
    // Pebble looks at no CAA records, so what an authority that does would say stands here.
    await using strict = await startForbidden('caa', pebble.caFile);
    const opened = await renewing({ authority: { ...pebble, directory: strict.directory } });
    await expectFailure(opened, { problem: 'caa' });
  });

  it('when the authority wants to know the account; and one that it knows is taken', async () => {
    const macKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
    const settings = {
      externalAccountBindingRequired: true,
      externalAccountMACKeys: { 'kid-1': macKey },
    };
    await using knowing = await startPebble(apart({ settings }));
    const opened = await renewing({ authority: knowing });
    await expectFailure(opened, { problem: 'externalAccountRequired' });
    aheadMs = 301_000;
    const keyFile = join(folder, 'mac.key');
    put({ certificate: '', privateKey: keyFile }, { privateKey: `${macKey}\n` });
    const known = await openCertificates({
      dataDir: opened.dataDir,
      authority: knowing,
      acme: { names: [host, `ns.${zone}`], externalAccount: { keyId: 'kid-1', keyFile } },
    });
    known.serve();
    await until('acme_certificate_issued');
    expect(new X509Certificate(known.certificates.api!.certificate).subjectAltName).toBe(
      `DNS:${host}, DNS:ns.${zone}`,
    );
  });

  it('when the disk does not take what was issued; it is kept later without another order', async () => {
    const opened = await renewing();
    const path = join(opened.dataDir, 'tls/api.pem');
    rmSync(path);
    mkdirSync(join(path, 'in the way'), { recursive: true });
    await expectFailure(opened, {
      codes: expect.arrayContaining(['acme_folder_unusable']) as never,
    });
    const orders = (): number => pebble.output().split('order').length;
    const before = orders();
    rmSync(path, { recursive: true });
    aheadMs = 301_000;
    opened.serve();
    await until('acme_certificate_issued');
    expect(orders()).toBe(before);
    expect(opened.certificates.api!.certificate).not.toBe(opened.old);
  });

  it('when the disk takes no note of the attempt: then nobody is asked', async () => {
    const opened = await renewing();
    const path = join(opened.dataDir, 'tls/attempts.json');
    rmSync(path);
    mkdirSync(join(path, 'in the way'), { recursive: true });
    const before = pebble.output();
    await expectFailure(opened, {
      codes: expect.arrayContaining(['acme_folder_unusable']) as never,
    });
    expect(pebble.output()).toBe(before);
  });

  it('when what was issued is not valid by this clock', async () => {
    const opened = await renewing();
    aheadMs = -400 * dayMs;
    await expectFailure(opened, { codes: ['acme_certificate_unfit'] });
  });

  function apart(options: Pick<PebbleOptions, 'settings'>): PebbleOptions {
    return { ...options, folder: mkdtempSync(join(folder, 'pebble-')), dnsServer };
  }
});

it('who only looks makes no folder', async () => {
  const dataDir = mkdtempSync(join(folder, 'data-'));
  const config = { dataDir, api: { acme: {} } } as unknown as NodeConfig;
  expect(await readApiCertificate(config)).toBeUndefined();
  expect(readdirSync(dataDir)).toEqual([]);
});

it('a folder whose certificate is damaged orders another', async () => {
  const { dataDir, serve } = await openCertificates();
  serve();
  await until('certificate_replaced');
  const path = join(dataDir, 'tls/api.pem');
  put(
    { certificate: '', privateKey: path },
    { privateKey: readFileSync(path, 'utf8').slice(0, 300) },
  );
  const again = await openCertificates({ dataDir });
  expect(named('certificate_unusable')).toHaveLength(1);
  again.serve();
  await until('acme_certificate_issued', 2);
  expect(again.certificates.troubles()).toEqual([]);
});
