/** Looks at the parts of a running member and says how it is doing, whenever somebody wants to know. */
import { openKeyFolder } from '@callbook/dns';
import type { DirectoryPort } from '@callbook/api';
import type { LogMember, Mesh, Replica } from '@callbook/replication';
import { readLastBackup } from '../backup/last-backup.ts';
import type { NodeConfig } from '../config.ts';
import { zoneKeyTimings } from '../member-keys.ts';
import { systemClock } from '../system-ports.ts';
import type { MemberStores } from '../member-stores.ts';
import type { MemberCertificates } from '../tls/member-certificates.ts';
import { adviceOn } from './advice.ts';
import { Disagreements } from './disagreements.ts';
import { DiskWatch } from './disk-use.ts';
import type { DiskUse } from './disk-use.ts';
import { EventLoopDelay } from './event-loop-delay.ts';
import type { MemberCondition, MemberRow, MemberStatus } from './member-status.ts';
import { programVersion } from './version.ts';
import { readZoneKeyOutlook } from './zone-key-outlook.ts';

export interface MemberWatchParts {
  readonly replica: Replica;
  readonly mesh: Mesh;
  readonly directory: Pick<DirectoryPort, 'readiness'>;
  readonly certificates: Pick<MemberCertificates, 'ends'>;
  readonly stores: Pick<MemberStores, 'sharedDatabase'>;
}

export class MemberWatch implements Disposable {
  readonly #config: NodeConfig;
  readonly #parts: MemberWatchParts;
  readonly #startedAtMs = systemClock.nowMs();
  readonly #disagreements: Disagreements;
  readonly #loopDelay = new EventLoopDelay();
  readonly #disk: DiskWatch;

  constructor(config: NodeConfig, parts: MemberWatchParts) {
    this.#config = config;
    this.#parts = parts;
    this.#disagreements = new Disagreements(parts.mesh, parts.replica);
    this.#disk = new DiskWatch(config);
  }

  /** Codes: those of the state of zone keys. */
  async status(): Promise<MemberStatus> {
    const config = this.#config;
    const nowMs = systemClock.nowMs();
    const timings = zoneKeyTimings(config.dns);
    const [zoneKeys, lastBackup, disk] = await Promise.all([
      readZoneKeyOutlook(openKeyFolder(config.keys.zone), { nowMs, timings }),
      readLastBackup(config.dataDir),
      this.#diskUse(nowMs),
    ]);
    const { replica, directory, certificates } = this.#parts;
    const sharedDatabase = this.#parts.stores.sharedDatabase();
    const { user, system } = process.cpuUsage();
    const memory = process.memoryUsage();
    const condition: MemberCondition = {
      member: replica.memberName,
      version: programVersion,
      atMs: nowMs,
      startedAtMs: this.#startedAtMs,
      ...directory.readiness(),
      charter: charterOf(replica),
      members: this.#members(),
      evidenceCount: replica.evidence.all().length,
      zoneKeys,
      certificates: certificates.ends(),
      ...(sharedDatabase && { sharedDatabase }),
      ...(lastBackup && { backupAtMs: Date.parse(lastBackup.at) }),
      ...(disk !== undefined && { disk }),
      process: {
        residentBytes: memory.rss,
        heapBytes: memory.heapUsed,
        externalBytes: memory.external,
        cpuSeconds: (user + system) / 1e6,
        loopDelay: this.#loopDelay.latest(),
      },
    };
    return { ...condition, next: adviceOn(condition) };
  }

  #members(): MemberRow[] {
    const { replica, mesh } = this.#parts;
    const connected = new Set(mesh.connected());
    return replica.membership.members.map((member) => this.#row(member, connected));
  }

  #row({ member: { name }, logKey }: LogMember, connected: ReadonlySet<string>): MemberRow {
    const { replica } = this.#parts;
    const { cosigning } = replica;
    const origin = logKey.name;
    const isSelf = name === replica.memberName;
    const logSize = cosigning.storedSize(origin);
    const agreed = cosigning.agreed.tree(origin);
    const same = cosigning.roots.agreements().find(({ memberName }) => memberName === name);
    return {
      name,
      isSelf,
      connected: isSelf || connected.has(name),
      logSize,
      lag: Math.max(0, replica.signedSize(origin) - logSize),
      unagreed: Math.max(0, logSize - (agreed?.size ?? 0)),
      ...(agreed && { agreedAtMs: agreed.timestampSeconds * 1000 }),
      ...(same && { sameRootAtMs: same.atMs }),
      isRootCurrent:
        isSelf ||
        (same?.sizes.every(({ origin: log, size }) => size === cosigning.storedSize(log)) ?? false),
      brokenRules: this.#disagreements.brokenRulesOf(name),
      contradictions: this.#disagreements.contradictionsOf(name),
      convicted: replica.frozen(origin),
    };
  }

  async #diskUse(nowMs: number): Promise<DiskUse | undefined> {
    return await this.#disk.look(nowMs).catch(() => undefined);
  }

  [Symbol.dispose](): void {
    this.#disagreements[Symbol.dispose]();
    this.#loopDelay[Symbol.dispose]();
  }
}

function charterOf(replica: Replica): MemberCondition['charter'] {
  const { version, expiresAtMs } = replica.membership.charters.current.charter;
  const next = replica.knownCharters.find(({ charter }) => charter.version > version)?.charter;
  return {
    version,
    expiresAtMs,
    ...(next && { next: { version: next.version, effectiveAtMs: next.effectiveAtMs } }),
  };
}
