/**
 * The keys of this member's zone while it runs: opened from their folder, rolled over in time, and
 * told to the log. Who says that the parent has a new DS is decided here: the charter, since clients
 * pin what it names, and where servers of the parent are configured, each of those as well.
 */
import {
  askParentDs,
  dnskeyOfEntry,
  formatDs,
  isDsOf,
  keysIn,
  keyTimingsDefault,
  openKeyFolder,
  openKeyKeeper,
  parseDsRecord,
  servedPhases,
} from '@callbook/dns';
import type { KeyEvent, KeyKeeper, KeyState, KeyTimings } from '@callbook/dns';
import { parseName } from '@callbook/dns/wire';
import type { DnskeyRdata, DomainName, DsRdata } from '@callbook/dns/wire';
import { DirectoryError } from '@callbook/protocol';
import type { CharterMember } from '@callbook/protocol';
import type { Logger } from 'pino';
import type { NodeConfig } from './config.ts';
import type { NodeErrorCode } from './errors.ts';
import { systemClock } from './system-ports.ts';

const dayMs = 86_400_000;
/** How often the folder is looked at: for what is due, and for what a command has asked. */
const roundMs = 10_000;

export interface MemberKeys extends AsyncDisposable {
  readonly keyring: KeyKeeper;
  /** Reasons why the member should not be counted on just now, for readiness. */
  troubles(): readonly string[];
}

/** Returns the times by which a member's keys roll over, as configured. */
export function zoneKeyTimings({ keys = {} }: NodeConfig['dns']): KeyTimings {
  const { zskLifetimeDays, kskLifetimeDays, parentDsTtlSeconds, propagationSeconds } = keys;
  return {
    ...keyTimingsDefault,
    ...(zskLifetimeDays !== undefined && { zskLifetimeMs: zskLifetimeDays * dayMs }),
    ...(kskLifetimeDays !== undefined && { kskLifetimeMs: kskLifetimeDays * dayMs }),
    ...(parentDsTtlSeconds !== undefined && { parentDsTtlMs: parentDsTtlSeconds * 1000 }),
    ...(propagationSeconds !== undefined && { propagationMs: propagationSeconds * 1000 }),
  };
}

/**
 * Opens and keeps the keys until disposed of; `member` is asked for at each use. Codes: those of
 * `openKeyKeeper`, `member_key_mismatch`.
 */
export async function startMemberKeys(
  config: NodeConfig,
  member: () => CharterMember,
  log: Logger,
): Promise<MemberKeys> {
  const { zone } = member();
  const events = new KeyEventLog(log);
  const keyring = await openKeyKeeper({
    apex: zone,
    store: openKeyFolder(config.keys.zone),
    timings: zoneKeyTimings(config.dns),
    clock: systemClock,
    parentDs: async () => await knownDs(config, member()),
    onEvent: (event) => events.write(event),
  });
  assertCharterNames(member(), keyring.snapshot().state);
  keyring.start(roundMs);
  return {
    keyring,
    troubles: () => events.troubles(),
    [Symbol.asyncDispose]: async () => await keyring[Symbol.asyncDispose](),
  };
}

/** The DS that all who must have it have; undefined when nobody is there to say. */
async function knownDs(
  { dns }: NodeConfig,
  { zone, zoneDs }: CharterMember,
): Promise<readonly DsRdata[] | undefined> {
  const inCharter = zoneDs.map(parseDsRecord);
  const servers = dns.keys?.parentServers ?? [];
  if (servers.length === 0) return inCharter.length === 0 ? undefined : inCharter;
  const atParent = await askParentDs(zone, servers);
  if (inCharter.length === 0) return atParent;
  const texts = new Set(inCharter.map(formatDs));
  return atParent.filter((ds) => texts.has(formatDs(ds)));
}

/** Tells whether a charter names the DS of a key. */
export function isInCharter(
  { zone, zoneDs }: Pick<CharterMember, 'zone' | 'zoneDs'>,
  dnskey: DnskeyRdata,
): boolean {
  const apex = nameOfZone(zone);
  return zoneDs.some((text) => isDsOf(parseDsRecord(text), apex, dnskey));
}

/** Parses the apex of a member's zone; the charter has it checked. */
export function nameOfZone(zone: string): DomainName {
  const name = parseName(zone);
  if (name.verdict !== 'accept')
    throw new DirectoryError<NodeErrorCode>('charter_unreadable', 'the zone is not a domain name');
  return name.value;
}

/** A zone signed by keys that nobody delegates to would be bogus everywhere; better not to start. */
function assertCharterNames(member: CharterMember, state: KeyState): void {
  const ksks = keysIn(state, 'ksk', servedPhases);
  if (ksks.some((entry) => isInCharter(member, dnskeyOfEntry(entry)))) return;
  throw new DirectoryError<NodeErrorCode>(
    'member_key_mismatch',
    'the zone keys are not those whose DS the charter names for this member',
  );
}

/** Writes events once, and what lasts once a day. */
class KeyEventLog {
  private readonly log: Logger;
  private readonly writtenAtMs: Map<string, number> = new Map();
  private hasEnded = false;

  constructor(log: Logger) {
    this.log = log;
  }

  troubles(): readonly string[] {
    return this.hasEnded ? ['zone_keys_ended'] : [];
  }

  write(event: KeyEvent): void {
    switch (event.kind) {
      case 'moved':
        this.log.info({ key: event.id, phase: event.phase }, 'zone_key_moved');
        if (event.role === 'ksk' && event.phase === 'ready')
          this.log.warn({ key: event.id }, 'zone_key_awaits_ds');
        break;
      case 'generated':
      case 'destroyed':
        this.log.info({ key: event.id }, `zone_key_${event.kind}`);
        break;
      case 'stalled':
        if (this.isDue(event.kind)) this.log.error({ err: event.error }, 'zone_keys_stalled');
        break;
      case 'parent_unknown':
        if (this.isDue(event.kind)) this.log.warn({ err: event.error }, 'zone_parent_unknown');
        break;
      case 'presigned_ending':
        this.hasEnded = false;
        if (this.isDue(event.kind)) this.log.warn(untilOf(event), 'zone_keys_ending');
        break;
      case 'presigned_ended':
        this.hasEnded = true;
        if (this.isDue(event.kind)) this.log.error(untilOf(event), 'zone_keys_ended');
        break;
    }
  }

  private isDue(kind: string): boolean {
    const nowMs = systemClock.nowMs();
    if (nowMs - (this.writtenAtMs.get(kind) ?? -Infinity) < dayMs) return false;
    this.writtenAtMs.set(kind, nowMs);
    return true;
  }
}

function untilOf({ untilMs }: { readonly untilMs: number }): { readonly until: string } {
  return { until: new Date(untilMs).toISOString() };
}
