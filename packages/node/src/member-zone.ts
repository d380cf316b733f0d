/** This member's zone on its DNS sockets: bindings from the replica, keys as the charter has them. */
import { availableParallelism } from 'node:os';
import type { ApiHost } from '@callbook/dns';
import type { CharterMember, Clock } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import type { Logger } from 'pino';
import { storeFolder } from './config.ts';
import type { NodeConfig } from './config.ts';
import { keepDnsGuardFresh, readDnsGuard } from './dns-guard.ts';
import { errorCodes } from './event-log.ts';
import { startMemberKeys } from './member-keys.ts';
import { systemClock } from './system-ports.ts';
import type { MemberCertificates } from './tls/member-certificates.ts';
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
  parts: {
    readonly replica: Replica;
    readonly certificates: Pick<MemberCertificates, 'dns' | 'hostRecords'>;
    readonly log: Logger;
  },
): Promise<MemberZone> {
  const { replica, certificates, log } = parts;
  let member = replica.membership.byName(replica.memberName)!.member;
  // What the newest charter says of a member that it does not expel.
  const memberNow = (): CharterMember => {
    member = replica.membership.byName(replica.memberName)?.member ?? member;
    return member;
  };
  const { listen, nameservers, contact, workers, answerTableMebibytes, tls } = config.dns;
  const guard = await readDnsGuard(config.dns);
  const crashes = new RecentCrash(systemClock);
  await using running = new AsyncDisposableStack();
  const keys = running.use(await startMemberKeys(config, memberNow, log));
  const server = await startZoneServer({
    ...guard,
    listen,
    workers: workers ?? Math.max(1, availableParallelism() - 1),
    answerTableMebibytes: answerTableMebibytes ?? answerTableMebibytesDefault,
    replica,
    storeFolder: storeFolder(config),
    zoneKeysFolder: config.keys.zone,
    keys: keys.keyring,
    zone: { apex: member.zone, nameservers, contact, api: apiHost(config, member) },
    hostRecords: certificates.hostRecords,
    ...(tls && { tls: { listen: tls.listen, certificate: certificates.dns } }),
    onFallback: (cause) => log.warn(errorCodes(cause), 'dns_engine_fallback'),
    onWorkerCrash: ({ workerIndex, crashCount, cause }) => {
      crashes.note();
      log.error({ workerIndex, crashCount, ...errorCodes(cause) }, 'dns_worker_crashed');
    },
  });
  running.use(server);
  running.use(keepDnsGuardFresh({ guard, server, log }));
  const open = running.move();
  return {
    ...server,
    troubles: () => [...(crashes.isRecent() ? ['dns_worker_crashed'] : []), ...keys.troubles()],
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

/** `api` below the apex. */
function apiHost({ api, oblivious }: NodeConfig, member: CharterMember): ApiHost {
  return {
    addresses: [api.listen.address],
    service: { ...publicPort(member), alpn: ['h2', 'http/1.1'], ohttp: oblivious?.enabled ?? true },
  };
}

/** The port that the charter tells everybody, where it is not the default one. */
function publicPort({ api }: CharterMember): { port?: number } {
  const { port } = new URL(api);
  return port === '' ? {} : { port: Number(port) };
}
