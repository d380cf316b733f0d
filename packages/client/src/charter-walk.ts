/**
 * Walks the charter forward. A client ships with version 1; members give it the versions after, and
 * each is verified by the one before, so no member has to be trusted with it. Once for a directory
 * the quickest that has one is enough, and that there is none is what a quorum says; when something
 * names a charter that is not known here, all members are waited for.
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

  /** Walks once, and anew where nobody answered; never throws, for what is pinned remains. */
  begin(): Promise<void> {
    this.#begun ??= this.#walk((answers) => quickest(answers, this.quorum)).then((isHeard) => {
      if (!isHeard) this.#begun = undefined;
    });
    return this.#begun;
  }

  /** Walks again and waits for every member; true when a later charter was found. */
  async again(): Promise<boolean> {
    const { version } = this.current.charter;
    await this.#walk((answers) => quickest(answers, Number.POSITIVE_INFINITY));
    return this.current.charter.version > version;
  }

  /** True when any member has answered. */
  async #walk(choose: (answers: Answers) => Promise<Chosen>): Promise<boolean> {
    let isHeard = false;
    for (let step = 0; step < charterStepsMax; step++) {
      const chosen = new AbortController();
      const answers = this.#members.map((member) => this.#askNext(member, chosen.signal));
      const longer = await choose(answers);
      chosen.abort();
      await Promise.allSettled(answers);
      isHeard ||= longer !== 'unheard';
      if (typeof longer !== 'object') break;
      this.#charters = longer;
      this.#members = this.#membersNow();
    }
    return isHeard;
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

type Answers = readonly Promise<CharterSet | undefined>[];
type Chosen = CharterSet | 'none' | 'unheard';

/**
 * The first charter that comes; none as soon as `noneMin` members say that they have none, since one
 * that lags, or hides it, must not decide; else what is left when all have answered or failed.
 */
function quickest(answers: Answers, noneMin: number): Promise<Chosen> {
  const { promise, resolve } = Promise.withResolvers<Chosen>();
  let [open, none] = [answers.length, 0];
  const settle = (longer: CharterSet | undefined | 'failed'): void => {
    open -= 1;
    if (longer === undefined) none += 1;
    if (typeof longer === 'object') resolve(longer);
    else if (none >= noneMin || (open === 0 && none > 0)) resolve('none');
    else if (open === 0) resolve('unheard');
  };
  for (const answer of answers) answer.then(settle, () => settle('failed'));
  return promise;
}
