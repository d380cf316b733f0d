/**
 * The directory as the bridge asks it: one kind of record of one number, in the zones of several members
 * through a resolver that is believed nothing. As many zones as have to agree are asked first, the others
 * when those fail or contradict each other. Where the members prove that there is nothing, other ENUM
 * providers are asked in their order. Answers are kept for their TTL and never longer than 300 s;
 * failures are not kept, and never turn into "no keys".
 */
import type { Validation, Validator } from '@callbook/client';
import { parseName, type DomainName } from '@callbook/dns/wire';
import { assert, type Clock } from '@callbook/protocol';
import {
  answersKeptMax,
  lookupMsMax,
  lookupsAtOnceMax,
  verdictSecondsMax,
  zoneRestMs,
} from '../limits.ts';
import { identifierOf, type E164 } from '../number.ts';
import { agree, type Agreed, type ZoneWord } from './agreement.ts';
import { AnswerCache } from './answer-cache.ts';
import {
  identityKeys,
  sipKeys,
  sipRoutes,
  type DirectoryKey,
  type DirectoryRoute,
  type RecordKind,
} from './record-kinds.ts';

/** An answer with when it has to be asked for again; `unavailable` is never kept. */
export type Found<Item> =
  | {
      readonly state: 'known';
      readonly items: ReadonlyMap<string, Item>;
      readonly disputed: ReadonlySet<string>;
      readonly expiresAtMs: number;
    }
  | Extract<Agreed<Item>, { state: 'unavailable' }>;

export interface BridgeDirectory {
  sipKeys(number: E164): Promise<Found<DirectoryKey>>;
  identityKeys(number: E164): Promise<Found<DirectoryKey>>;
  sipRoutes(number: E164): Promise<Found<DirectoryRoute>>;
  /** Answers that are kept. */
  readonly keptCount: number;
}

export interface BridgeDirectoryOptions {
  readonly validator: Validator;
  readonly clock: Clock;
  /** Zones of members. */
  readonly suffixes: readonly string[];
  /** How many of them have to say the same. */
  readonly agree: number;
  /** Suffixes of other providers. */
  readonly providers: readonly string[];
}

/** Opens it. No I/O. */
export function openBridgeDirectory(options: BridgeDirectoryOptions): BridgeDirectory {
  const lookups = new Lookups(options);
  return {
    sipKeys: async (number) => await lookups.find(sipKeys, number),
    identityKeys: async (number) => await lookups.find(identityKeys, number),
    sipRoutes: async (number) => await lookups.find(sipRoutes, number),
    get keptCount() {
      return lookups.keptCount;
    },
  };
}

interface Suffix {
  readonly apex: DomainName;
  readonly isMember: boolean;
  /** Until when it is asked after the others. */
  restsUntilMs: number;
}

class Lookups {
  readonly #options: BridgeDirectoryOptions;
  readonly #members: readonly Suffix[];
  readonly #providers: readonly Suffix[];
  readonly #kept: AnswerCache<Found<unknown>>;
  readonly #underWay = new Map<string, Promise<Found<unknown>>>();

  constructor(options: BridgeDirectoryOptions) {
    this.#options = options;
    this.#members = options.suffixes.map((text) => suffixOf(text, true));
    this.#providers = options.providers.map((text) => suffixOf(text, false));
    this.#kept = new AnswerCache(options.clock, answersKeptMax);
  }

  get keptCount(): number {
    return this.#kept.size;
  }

  /** Several who ask the same at a time share one look-up. */
  async find<Item>(kind: RecordKind<Item>, number: E164): Promise<Found<Item>> {
    const rowKey = `${kind.name} ${number}`;
    const kept = this.#kept.get(rowKey);
    if (kept !== undefined) return kept.value as Found<Item>;
    const asked = this.#underWay.get(rowKey);
    if (asked !== undefined) return (await asked) as Found<Item>;
    if (this.#underWay.size >= lookupsAtOnceMax) return { state: 'unavailable', code: 'busy' };
    const asking = this.#ask(kind, number).then((found) => this.#keep(rowKey, found));
    this.#underWay.set(rowKey, asking);
    try {
      return await asking;
    } finally {
      this.#underWay.delete(rowKey);
    }
  }

  #keep<Item>(rowKey: string, agreed: Agreed<Item>): Found<Item> {
    if (agreed.state !== 'known') return agreed;
    const ttlSeconds = Math.min(agreed.ttlSeconds, verdictSecondsMax);
    const { items, disputed } = agreed;
    const expiresAtMs = this.#options.clock.nowMs() + ttlSeconds * 1000;
    const found: Found<Item> = { state: 'known', items, disputed, expiresAtMs };
    // What is disputed may be settled within a second.
    if (disputed.size === 0 && ttlSeconds > 0) this.#kept.set(rowKey, found, expiresAtMs);
    return found;
  }

  async #ask<Item>(kind: RecordKind<Item>, number: E164): Promise<Agreed<Item>> {
    const { promise: late, resolve } = Promise.withResolvers<Agreed<Item>>();
    const timer = setTimeout(
      () => resolve({ state: 'unavailable', code: 'directory_timeout' }),
      lookupMsMax,
    );
    try {
      return await Promise.race([this.#askInTurn(kind, number), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #askInTurn<Item>(kind: RecordKind<Item>, number: E164): Promise<Agreed<Item>> {
    const agreed = await this.#askMembers(kind, number);
    const isNothing = agreed.state === 'known' && agreed.items.size + agreed.disputed.size === 0;
    if (!isNothing) return agreed;
    let { ttlSeconds } = agreed;
    for (const provider of this.#providers) {
      const word = await this.#askZone(provider, kind, number);
      if (word.state === 'failed') return { state: 'unavailable', code: word.code };
      ttlSeconds = Math.min(ttlSeconds, word.ttlSeconds);
      if (word.items.size > 0) return { ...agreed, items: word.items, ttlSeconds };
    }
    return { ...agreed, ttlSeconds };
  }

  async #askMembers<Item>(kind: RecordKind<Item>, number: E164): Promise<Agreed<Item>> {
    const { agree: needed } = this.#options;
    const order = this.#inOrder(number);
    const ask = async (zones: readonly Suffix[]): Promise<ZoneWord<Item>[]> =>
      await Promise.all(zones.map(async (zone) => await this.#askZone(zone, kind, number)));
    const first = await ask(order.slice(0, needed));
    const agreed = agree(first, needed);
    if (agreed.state === 'known' && agreed.disputed.size === 0) return agreed;
    return agree([...first, ...(await ask(order.slice(needed)))], needed);
  }

  /** Spread over the members by the number, so that each number is asked of the same; who failed is last. */
  #inOrder(number: E164): readonly Suffix[] {
    const nowMs = this.#options.clock.nowMs();
    const start = Number(number.slice(-4)) % this.#members.length;
    const turned = [...this.#members.slice(start), ...this.#members.slice(0, start)];
    const rests = (zone: Suffix): boolean => zone.restsUntilMs > nowMs;
    if (!turned.some(rests)) return turned;
    return [...turned.filter((zone) => !rests(zone)), ...turned.filter(rests)];
  }

  async #askZone<Item>(
    zone: Suffix,
    kind: RecordKind<Item>,
    number: E164,
  ): Promise<ZoneWord<Item>> {
    const { validator, clock } = this.#options;
    const owner = kind.owner(identifierOf(number), zone.apex);
    // Fifteen digits and a zone whose name was measured when the configuration was read.
    assert(owner !== undefined, 'number and suffix make no domain name');
    const word = wordOf(kind, zone, await validator.validate(owner, kind.type));
    zone.restsUntilMs = word.state === 'failed' ? clock.nowMs() + zoneRestMs : 0;
    return word;
  }
}

/**
 * RFC 4035 §4.3: "insecure" is proven to have no chain of signatures; its records may be anybody's. Of
 * another provider they count as none; a member's zone is signed, or something is wrong with it.
 */
function wordOf<Item>(
  kind: RecordKind<Item>,
  { isMember }: Suffix,
  { verdict, rdatas, ttlSeconds }: Validation,
): ZoneWord<Item> {
  if (verdict === 'bogus' || (verdict === 'insecure' && isMember)) {
    return { state: 'failed', code: 'directory_bogus' };
  }
  if (verdict === 'indeterminate') return { state: 'failed', code: 'directory_unavailable' };
  const items = verdict === 'secure' ? kind.read(rdatas) : new Map<string, Item>();
  return { state: 'answered', items, ttlSeconds };
}

function suffixOf(text: string, isMember: boolean): Suffix {
  const parsed = parseName(text);
  assert(parsed.verdict === 'accept', 'a suffix is no domain name');
  return { apex: parsed.value, isMember, restsUntilMs: 0 };
}
