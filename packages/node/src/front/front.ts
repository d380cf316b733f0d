/**
 * A front end: answers DNS and look-ups from the shared database, and keeps nothing that it could lose. It
 * starts whether the database is there or not, says what it waits for, and answers as soon as it may. Any
 * number of them run beside one writer.
 */
import { availableParallelism } from 'node:os';
import type { Http2SecureServer } from 'node:http2';
import { createFrontApi, ApiError } from '@callbook/api';
import type { LookupPort } from '@callbook/api';
import type { Cryptography } from '@callbook/protocol';
import { openPostgresStore, SharedView } from '@callbook/replication/shared-database';
import type { Logger } from 'pino';
import { pickCryptography } from '../cryptography.ts';
import { keepDnsGuardFresh, readDnsGuard } from '../dns-guard.ts';
import type { DnsGuard } from '../dns-guard.ts';
import { errorCodes } from '../event-log.ts';
import { startMemoryWash } from '../forgetting/memory-wash.ts';
import { washParser } from '../forgetting/wash-parser.ts';
import { washThread } from '../forgetting/wash-thread.ts';
import { orListenFailed } from '../listen-failed.ts';
import { startSmallServer } from '../operator/small-server.ts';
import { systemClock, systemRandom } from '../system-ports.ts';
import { openPair } from '../tls/certificate-pair.ts';
import type { CertificatePair } from '../tls/certificate-pair.ts';
import type { ReloadedFiles } from '../reloaded-files.ts';
import { followPair } from './front-certificates.ts';
import type { FrontConfig } from './front-config.ts';
import { FrontFreshness } from './front-freshness.ts';
import { FrontMetrics } from './front-metrics.ts';
import { startFrontZone } from './front-zone.ts';
import type { FrontZone } from './front-zone.ts';
import { readSharedDatabase } from './shared-database.ts';
import { followSharedView } from './view-polling.ts';

export interface RunningFront extends AsyncDisposable {
  readonly addresses: Readonly<Record<string, string | readonly string[]>>;
}

const answerTableMebibytesDefault = 64;
const connectionsDefault = 3;
/** Of this thread: streams, the API and what is polled. */
const ownConnections = 4;
const stalenessSecondsDefault = 30;
/** A thread that lived as long since its last crash is taken to be well again. */
const recoveredAfterMs = 10_000;

/** What is there after the database was first read. */
interface FrontState {
  zone: FrontZone | undefined;
  crashedAtMs: number;
}

/** Starts a front end; `signal` ends the wait for the database. */
export async function startFront(
  config: FrontConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<RunningFront> {
  await using parts = new AsyncDisposableStack();
  const { sharedDatabase, keys, dns } = config;
  const {
    connections = connectionsDefault,
    pollMilliseconds,
    stalenessSecondsMax,
  } = sharedDatabase;
  const database = await readSharedDatabase(sharedDatabase, connections);
  const guard = await readDnsGuard(dns);
  const dnsCertificate = dns.tls && (await openPair(dns.tls));
  const shared = await openPostgresStore({ ...database, connections: ownConnections });
  parts.defer(async () => await shared.close());
  const freshness = new FrontFreshness();
  const view = new SharedView({
    shared,
    monotonicMs: () => freshness.nowMs(),
    stalenessMsMax: (stalenessSecondsMax ?? stalenessSecondsDefault) * 1000,
  });
  const state: FrontState = { zone: undefined, crashedAtMs: Number.NEGATIVE_INFINITY };
  const readiness = (): { ready: boolean; reasons: readonly string[] } => {
    const reasons = reasonsOf(view, freshness, state);
    return { ready: reasons.length === 0, reasons };
  };
  const crypto = await pickCryptography();
  const served = { view, freshness, state, readiness };
  const api = parts.use(await startApi(config, { ...served, crypto, log }));
  parts.use(await startMetrics(config, served));
  const polling = parts.use(
    followSharedView({ view, freshness, shared, log, pollMs: pollMilliseconds }),
  );
  await polling.described(signal);
  const zone = parts.use(
    await startFrontZone({
      ...guard,
      ...(dns.tls &&
        dnsCertificate && { tls: { listen: dns.tls.listen, certificate: dnsCertificate.first } }),
      listen: dns.listen,
      workers: dns.workers ?? Math.max(1, availableParallelism() - 1),
      answerTableMebibytes: dns.answerTableMebibytes ?? answerTableMebibytesDefault,
      zoneKeysFolder: keys.zone,
      database,
      view,
      freshness,
      onFallback: (cause) => log.warn(errorCodes(cause), 'dns_engine_fallback'),
      onWorkerCrash: ({ cause }) => {
        state.crashedAtMs = systemClock.nowMs();
        log.error(errorCodes(cause), 'dns_worker_crashed');
      },
      onUnusable: (error) => log.error({ err: error }, 'zone_unusable'),
    }),
  );
  state.zone = zone;
  parts.use(keepFresh({ guard, dnsCertificate, zone, log }));
  parts.use(startFrontWash({ zone, asked: api.asked, log }));
  const running = parts.move();
  return {
    addresses: {
      dns: zone.addresses.map(({ address, port }) => `${address} port ${port}`),
      dnsOverTls: zone.tlsAddresses.map(({ address, port }) => `${address} port ${port}`),
      ...api.addresses,
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

function reasonsOf(view: SharedView, freshness: FrontFreshness, state: FrontState): string[] {
  const isCrashed = systemClock.nowMs() - state.crashedAtMs < recoveredAfterMs;
  return [
    ...(freshness.isFresh() ? [] : [view.code ?? 'shared_store_stale']),
    ...(state.zone === undefined ? ['front_starting'] : []),
    ...(state.zone?.isCurrent() === false ? ['zone_unusable'] : []),
    ...(isCrashed ? ['dns_worker_crashed'] : []),
  ];
}

interface Served {
  readonly view: SharedView;
  readonly freshness: FrontFreshness;
  readonly state: FrontState;
  readonly readiness: () => { ready: boolean; reasons: readonly string[] };
}

/** Whatever is asked here is public. */
function lookupsIn({ view, freshness }: Served): LookupPort {
  return {
    lookUp: async (asked) => {
      if (!freshness.isFresh()) throw new ApiError('directory_unavailable');
      try {
        const found = await view.lookUp(asked);
        const isWhole = found.every((one) => one !== 'unknown');
        if (isWhole && freshness.isFresh()) return found;
      } catch {
        // Said below: readiness has the code.
      }
      throw new ApiError('directory_unavailable');
    },
  };
}

async function startApi(
  { api: settings }: FrontConfig,
  parts: Served & { readonly crypto: Cryptography; readonly log: Logger },
): Promise<AsyncDisposable & { addresses: Record<string, string>; asked: () => number }> {
  if (settings === undefined) {
    return { addresses: {}, asked: () => 0, [Symbol.asyncDispose]: async () => undefined };
  }
  const { state, readiness, crypto, log } = parts;
  const files = await openPair(settings);
  const api = createFrontApi({
    lookups: lookupsIn(parts),
    dns: {
      answer: async (query) => {
        if (state.zone === undefined) throw new ApiError('directory_unavailable');
        return await state.zone.answer(query);
      },
    },
    readiness,
    clock: systemClock,
    random: systemRandom,
    crypto,
    logger: log,
    tls: { cert: files.first.certificate, key: files.first.privateKey },
  });
  const server = api.server as unknown as Http2SecureServer;
  const following = followPair(
    files,
    ({ certificate, privateKey }) =>
      server.setSecureContext({ cert: certificate, key: privateKey }),
    log,
  );
  let askedCount = 0;
  api.addHook('onResponse', async ({ method }) => {
    if (method !== 'GET') askedCount += 1;
  });
  const { address, port } = settings.listen;
  await orListenFailed('the API', api.listen({ host: address, port }));
  return {
    addresses: { api: `https://${address}:${port}` },
    asked: () => askedCount,
    [Symbol.asyncDispose]: async () => {
      following[Symbol.dispose]();
      await api.close();
    },
  };
}

async function startMetrics(
  { metrics }: FrontConfig,
  { view, state, readiness }: Served,
): Promise<AsyncDisposable | undefined> {
  if (metrics === undefined) return undefined;
  const figures = new FrontMetrics(systemRandom);
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
  return await startSmallServer(metrics.listen, 'the metrics', async ({ method, url }) => {
    if (method !== 'GET' || url !== '/metrics') {
      return { status: 404, headers, body: 'there is /metrics\n' };
    }
    const body = figures.text({
      stalenessMs: view.stalenessMs,
      code: view.code,
      isReady: readiness().ready,
      generation: view.seen.generation,
      traffic: state.zone?.traffic(),
    });
    return { status: 200, headers, body };
  });
}

function keepFresh(parts: {
  readonly guard: DnsGuard;
  readonly dnsCertificate: ReloadedFiles<CertificatePair> | undefined;
  readonly zone: FrontZone;
  readonly log: Logger;
}): Disposable {
  const { guard, dnsCertificate, zone, log } = parts;
  const stack = new DisposableStack();
  stack.use(keepDnsGuardFresh({ guard, server: zone, log }));
  if (dnsCertificate !== undefined) {
    stack.use(followPair(dnsCertificate, (pair) => zone.replaceCertificate(pair), log));
  }
  return stack;
}

function startFrontWash(parts: {
  readonly zone: FrontZone;
  readonly asked: () => number;
  readonly log: Logger;
}): Disposable {
  const { zone, asked, log } = parts;
  return startMemoryWash({
    asked: () => zone.traffic().received + zone.traffic().otherQueries + asked(),
    wash: async () => {
      zone.wash();
      await washParser().catch((error: unknown) => log.warn({ err: error }, 'wash_failed'));
      washThread();
    },
  });
}
