/**
 * The keys to seal to. Each member serves the signed statements of all members; they are fetched from
 * several, and a gateway's key is used only where two members show the same statement of it, and its
 * zone the same hash: a key that only one client is shown would be a mark on that client. A member that
 * shows something else than two others do is not used, neither as a relay nor as a gateway.
 *
 * The members that are asked for statements see who asks, as with the charter; never for what.
 */
import {
  parseKeyBundle,
  verifyKeyStatement,
  type Charter,
  type Clock,
  type Cryptography,
  type KeyStatement,
  type Random,
} from '@callbook/protocol';
import type { Pause } from '../directory-context.ts';
import type { ClientErrorCode } from '../errors.ts';
import { isClientError } from '../errors.ts';
import { keyShownMin, keyWitnessesMax, obliviousKeysMs, settleMs } from '../limits.ts';
import { fetchText, type Fetch } from '../member-call.ts';
import type { Member } from '../member.ts';
import { shuffled } from '../shuffle.ts';
import { openGatewayKey, type GatewayKey } from './capsule.ts';
import type { ZoneWord } from './zone-hash.ts';

export interface GatewayKeysOptions {
  readonly fetch: Fetch;
  readonly random: Random;
  readonly clock: Clock;
  readonly crypto: Cryptography;
  readonly pause: Pause;
  readonly charter: () => Charter;
  readonly members: () => readonly Member[];
  /** What the zone of a member says of the hash of these configurations. */
  readonly zoneWord: (member: Member, encoded: Uint8Array) => Promise<ZoneWord>;
}

/** What is known of every gateway at one time. */
export interface KnownKeys {
  /** By the names of members. */
  readonly keys: ReadonlyMap<string, GatewayKey>;
  /** Members that are not used, and why. */
  readonly refused: ReadonlyMap<string, ClientErrorCode>;
  /** Whether any member has answered when it was asked for keys. */
  readonly isHeard: boolean;
  /** Whether all that was shown is too old, or dated ahead, by this clock. */
  readonly isClockWrong: boolean;
  readonly fetchedAtMs: number;
  /** The members that it is about: others, and it is fetched anew. */
  readonly members: readonly Member[];
}

/** A statement as one member shows it. */
interface Shown {
  readonly by: string;
  readonly note: string;
  /** Undefined where it is not of these days, by this clock. */
  readonly statement?: KeyStatement;
}

export class GatewayKeys {
  readonly #options: GatewayKeysOptions;
  #known: Promise<KnownKeys> | undefined;

  constructor(options: GatewayKeysOptions) {
    this.#options = options;
  }

  /** What is known, fetched where it is not or is old. Never throws for a member. */
  async known(): Promise<KnownKeys> {
    const held = this.#known;
    const known = await held;
    if (known !== undefined && this.#isFresh(known)) return known;
    if (this.#known === held) this.#known = this.#fetch();
    return await this.#known!;
  }

  /** Fetches anew unless somebody has since `than`: for a key that its gateway does not have any more. */
  async newer(than: KnownKeys): Promise<KnownKeys> {
    const held = this.#known;
    const known = await held;
    if (known !== undefined && known !== than) return known;
    if (this.#known === held) this.#known = this.#fetch();
    return await this.#known!;
  }

  #isFresh({ fetchedAtMs, members, keys }: KnownKeys): boolean {
    if (members !== this.#options.members()) return false;
    // Where a gateway had no good key it may have one soon: it is asked about with the next call.
    const ageMsMax = keys.size === members.length ? obliviousKeysMs : settleMs;
    return Math.abs(this.#options.clock.nowMs() - fetchedAtMs) < ageMsMax;
  }

  async #fetch(): Promise<KnownKeys> {
    const first = await this.#compare();
    if (first.refused.size === 0) return first;
    // A key that has just changed takes a moment to reach all members.
    await this.#options.pause(settleMs);
    return await this.#compare();
  }

  async #compare(): Promise<KnownKeys> {
    const { random, clock } = this.#options;
    const members = this.#options.members();
    const refused = new Map<string, ClientErrorCode>();
    const witnesses = shuffled(members, random).slice(0, keyWitnessesMax);
    const answers = await Promise.all(witnesses.map((member) => this.#ask(member)));
    const shown = answers.flat().filter((one) => one !== undefined);
    // That all members sleep is less likely than that one clock is wrong.
    const isClockWrong =
      shown.length > 0 && shown.every(({ statement }) => statement === undefined);
    const keys = new Map<string, GatewayKey>();
    await Promise.all(
      members.map(async (member) => {
        const of = shown.filter(({ statement }) => statement?.origin === member.logKey.name);
        const key = await this.#judge(member, { of, refused });
        if (key !== undefined) keys.set(member.name, key);
      }),
    );
    for (const name of refused.keys()) keys.delete(name);
    const isHeard = answers.some((answer) => answer !== undefined);
    return { keys, refused, isHeard, isClockWrong, fetchedAtMs: clock.nowMs(), members };
  }

  async #judge(
    member: Member,
    found: { readonly of: readonly Shown[]; readonly refused: Map<string, ClientErrorCode> },
  ): Promise<GatewayKey | undefined> {
    const { of, refused } = found;
    const sameNotes = [...Map.groupBy(of, ({ note }) => note).values()];
    const [most = [], ...others] = sameNotes.sort((a, b) => b.length - a.length);
    const isAgreed = most.length >= keyShownMin && most.length > (others[0]?.length ?? 0);
    if (!isAgreed) {
      // Where two differ nobody can say who is right: whose key it is, is not asked.
      if (others.length > 0) refused.set(member.name, 'oblivious_keys_disagree');
      return undefined;
    }
    for (const { by } of others.flat()) refused.set(by, 'oblivious_keys_disagree');
    const statement = most[0]?.statement;
    if (statement === undefined) return undefined;
    const common = statement.configurations.find(({ suites }) =>
      suites.some(({ kdf, aead }) => kdf === 1 && aead === 1),
    );
    if (common === undefined) return undefined;
    if ((await this.#options.zoneWord(member, statement.encoded)) === 'differs') {
      refused.set(member.name, 'oblivious_keys_disagree');
      return undefined;
    }
    return await openGatewayKey(common);
  }

  /** What one member shows that somebody has signed; undefined where it cannot be asked. */
  async #ask(member: Member): Promise<Shown[] | undefined> {
    const { fetch, clock, crypto, charter } = this.#options;
    try {
      const bundle = parseKeyBundle(await fetchText(fetch, member, '/v1/oblivious-keys'));
      if (bundle.verdict !== 'accept') return [];
      return bundle.value.flatMap((note) => {
        const at = { charter: charter(), nowMs: clock.nowMs() };
        const verified = verifyKeyStatement(note, at, crypto);
        if (verified.verdict === 'accept') {
          return [{ by: member.name, note, statement: verified.value }];
        }
        return verified.code === 'oblivious_keys_old' ? [{ by: member.name, note }] : [];
      });
    } catch (error) {
      if (!isClientError(error)) throw error;
      return error.code === 'member_failed' ? [] : undefined;
    }
  }
}
