/**
 * Walks the charter forward. A client ships with version 1; members give it the versions after, and
 * each is verified by the one before, so no member has to be trusted with it. Once for a directory
 * the quickest answer is enough; when something names a charter that is not known here, all members
 * are asked, since a member that lags, or hides a version, may have been the quickest.
 */
import {
  extendCharterSet,
  quorumOf,
  type CharterSet,
  type Cryptography,
  type KnownCharter,
} from '@callbook/protocol';
import { clientError } from './errors.ts';
import { charterStepsMax } from './limits.ts';
import { fetchTextIfThere, type Fetch } from './member-call.ts';
import { listMembers, type Member } from './member.ts';

export interface CharterWalkOptions {
  readonly charters: CharterSet;
  /** Names of the members to ask first. */
  readonly first: readonly string[];
  readonly crypto: Cryptography;
  readonly fetch: Fetch;
}

export class CharterWalk {
  readonly #options: CharterWalkOptions;
  #charters: CharterSet;
  #members: readonly Member[];
  #begun: Promise<void> | undefined;

  constructor(options: CharterWalkOptions) {
    this.#options = options;
    this.#charters = options.charters;
    this.#members = this.#membersNow();
  }

  get charters(): CharterSet {
    return this.#charters;
  }

  get current(): KnownCharter {
    return this.#charters.current;
  }

  /** The active members, in the order in which they are asked. */
  get members(): readonly Member[] {
    return this.#members;
  }

  get quorum(): number {
    return quorumOf(this.current.charter);
  }

  /** Walks once; never throws, for what is pinned remains. */
  begin(): Promise<void> {
    this.#begun ??= this.#walk((answers) => Promise.any(answers));
    return this.#begun;
  }

  /** Walks again and waits for every member; true when a later charter was found. */
  async again(): Promise<boolean> {
    const { version } = this.current.charter;
    await this.#walk(async (answers) => {
      const settled = await Promise.allSettled(answers);
      const found = settled.map((answer) => (answer.status === 'fulfilled' ? answer.value : ''));
      return found.find((longer) => typeof longer === 'object');
    });
    return this.current.charter.version > version;
  }

  async #walk(
    choose: (answers: Promise<CharterSet | undefined>[]) => Promise<CharterSet | '' | undefined>,
  ): Promise<void> {
    for (let step = 0; step < charterStepsMax; step++) {
      const chosen = new AbortController();
      const answers = this.#members.map((member) => this.#askNext(member, chosen.signal));
      const longer = await choose(answers).catch(() => undefined);
      chosen.abort();
      await Promise.allSettled(answers);
      if (typeof longer !== 'object') return;
      this.#charters = longer;
      this.#members = this.#membersNow();
    }
  }

  /** The chain with one charter more; undefined where the member has none; rejects otherwise. */
  async #askNext(member: Member, signal: AbortSignal): Promise<CharterSet | undefined> {
    const { crypto, fetch } = this.#options;
    const [before, version] = [this.#charters, this.current.charter.version + 1];
    const until: Fetch = (url, init) => {
      const signals = [signal, ...(init.signal ? [init.signal] : [])];
      return fetch(url, { ...init, signal: AbortSignal.any(signals) });
    };
    const note = await fetchTextIfThere(until, member, `/v1/charter/${version}`);
    if (note === undefined) return undefined;
    const longer = extendCharterSet(before, note, crypto);
    if (longer.verdict === 'accept') return longer.value;
    throw clientError('member_answer_malformed', `the member gave no next charter: ${longer.code}`);
  }

  #membersNow(): readonly Member[] {
    const members = listMembers(this.current.charter);
    const named = this.#options.first.flatMap(
      (name) => members.find((member) => member.name === name) ?? [],
    );
    return [...new Set([...named, ...members])];
  }
}
