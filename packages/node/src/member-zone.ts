/** This member's zone on its DNS sockets: bindings from the replica, keys as the charter has them. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dsRecord, loadZoneKeys } from '@callbook/dns';
import type { ApiHost, ZoneKeys } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { CharterMember, Clock, Cryptography } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import type { Logger } from 'pino';
import { storeFolder } from './config.ts';
import type { NodeConfig } from './config.ts';
import { keepDnsGuardFresh, readDnsGuard } from './dns-guard.ts';
import type { NodeErrorCode } from './errors.ts';
import { errorCodes } from './event-log.ts';
import { systemClock } from './system-ports.ts';
import { startZoneServer } from './zone-server.ts';
import type { ZoneServer } from './zone-server.ts';

export interface MemberZone extends ZoneServer {
  /** Reasons why the member should not be counted on just now, for readiness. */
  troubles(): readonly string[];
}

const answerTableMebibytesDefault = 64;

/** Serves the zone that the charter names for this member until disposed of. */
export async function startMemberZone(
  config: NodeConfig,
  parts: { readonly replica: Replica; readonly crypto: Cryptography; readonly log: Logger },
): Promise<MemberZone> {
  const { replica, crypto, log } = parts;
  const { member } = replica.membership.byName(replica.memberName)!;
  const { listen, nameservers, contact, workers, answerTableMebibytes } = config.dns;
  assertCharterNames(member, await loadZoneKeys(config.keys.zone));
  const guard = await readDnsGuard(config.dns);
  const crashes = new RecentCrash(systemClock);
  await using running = new AsyncDisposableStack();
  const server = await startZoneServer({
    ...guard,
    listen,
    workers: workers ?? Math.max(1, availableParallelism() - 1),
    answerTableMebibytes: answerTableMebibytes ?? answerTableMebibytesDefault,
    replica,
    storeFolder: storeFolder(config),
    zoneKeysFolder: config.keys.zone,
    zone: { apex: member.zone, nameservers, contact, api: await apiHost(config, crypto) },
    onFallback: (cause) => log.warn(errorCodes(cause), 'dns_engine_fallback'),
    onWorkerCrash: ({ workerIndex, crashCount, cause }) => {
      crashes.note();
      log.error({ workerIndex, crashCount, ...errorCodes(cause) }, 'dns_worker_crashed');
    },
  });
  running.use(server);
  running.use(keepDnsGuardFresh({ config: config.dns, guard, server, log }));
  const open = running.move();
  return {
    ...server,
    troubles: () => (crashes.isRecent() ? ['dns_worker_crashed'] : []),
    [Symbol.asyncDispose]: async () => await open.disposeAsync(),
  };
}

/** A worker that lived as long since is taken to be well again. */
const recoveredAfterMs = 10_000;

/** Remembers the latest crash for as long as it says something about the next seconds. */
class RecentCrash {
  private readonly clock: Clock;
  private crashedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  note(): void {
    this.crashedAtMs = this.clock.nowMs();
  }

  isRecent(): boolean {
    return this.clock.nowMs() - this.crashedAtMs < recoveredAfterMs;
  }
}

/** A zone signed by keys that nobody delegates to would be bogus everywhere; better not to start. */
function assertCharterNames({ zone, zoneDs }: CharterMember, keys: ZoneKeys): void {
  const ds = dsRecord(zone, keys)
    .split(/\sDS\s/)[1]!
    .trim();
  if (zoneDs.some((named) => named.toUpperCase() === ds.toUpperCase())) return;
  throw new DirectoryError<NodeErrorCode>(
    'member_key_mismatch',
    'the zone keys are not those whose DS the charter names for this member',
  );
}

/** `api` below the apex, with the TLSA of the certificate that is served there. */
async function apiHost({ api }: NodeConfig, crypto: Cryptography): Promise<ApiHost> {
  const certificate = new X509Certificate(await readFile(api.certificate));
  const spki = new Uint8Array(certificate.publicKey.export({ format: 'der', type: 'spki' }));
  return {
    addresses: [api.listen.address],
    // RFC 7671 §5.1: DANE-EE(3), SPKI(1), SHA-256(1): a renewal with the same key changes nothing.
    tlsa: [{ usage: 3, selector: 1, matchingType: 1, association: crypto.sha256(spki) }],
  };
}
