/**
 * The charters of a running member: those in force, by which it folds, and those that are signed and
 * wait for their time. The pinned notes come from the configuration, later ones from the store; a
 * stored note that contradicts a pinned one stops the start, since one of the two is a forgery or
 * the operator has mixed up two federations.
 *
 * Knows no log and no view: what taking a charter up means is for `adoption.ts`.
 */
import type { CharterSet, Clock, Cryptography, KnownCharter, Verdict } from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  charterHash,
  charterSetUpTo,
  DirectoryError,
  extendCharterSet,
  ignore,
  parseCharter,
} from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { charterVersionsMax, chartersWaitingMax } from '../limits.ts';
import type { Store } from '../store/store.ts';
import { readProgress, storedNote } from './charter-rows.ts';
import { loadMembership, membershipOf } from './membership.ts';
import type { Membership } from './membership.ts';

export interface CharterChainOptions {
  /** Pinned, version 1 first. */
  readonly charterNotes: readonly string[];
  readonly store: Store;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly memberName: string;
}

export class CharterChain {
  readonly #crypto: Cryptography;
  /** All that are verified, in force or not. */
  #known: CharterSet;
  #membership: Membership;

  private constructor(crypto: Cryptography, known: CharterSet, membership: Membership) {
    this.#crypto = crypto;
    this.#known = known;
    this.#membership = membership;
  }

  /** Reads pinned and stored notes. Errors: `charter_refused`, `charter_contradicted`, `store_corrupt`. */
  static open(options: CharterChainOptions): CharterChain {
    const { crypto } = options;
    const known = loadMembership(allNotes(options), crypto).charters;
    const inForce = versionInForce(known, options);
    return new CharterChain(crypto, known, membershipOf(charterSetUpTo(known, inForce)));
  }

  /** The chain in force, always the newest: what is handed out once need not be handed out again. */
  readonly charters: CharterSet = liveChain(() => this.#membership.charters);

  /** The members under the charter in force. */
  get membership(): Membership {
    return this.#membership;
  }

  /** The charter that comes into force next, if one is signed. */
  get next(): KnownCharter | undefined {
    return this.#known.all[this.#membership.charters.current.charter.version];
  }

  /** Every charter that is verified, in force or not, version 1 first. */
  get known(): readonly KnownCharter[] {
    return this.#known.all;
  }

  /** Charters of the chain up to a version. */
  upTo(version: number): CharterSet {
    return charterSetUpTo(this.#known, version);
  }

  /** Verifies a charter as the next one; a known one is found again. Changes nothing. */
  verify(note: string): Verdict<KnownCharter> {
    const charter = parseCharter(note);
    if (charter.verdict !== 'accept') return charter;
    const known = this.#known.byHash(charterHash(note, this.#crypto));
    if (known !== undefined) return accept(known);
    const waiting = this.#known.all.length - this.#membership.charters.all.length;
    if (waiting >= chartersWaitingMax) {
      return ignore('member_busy', `${waiting} charters wait for their time already`);
    }
    const longer = extendCharterSet(this.#known, note, this.#crypto);
    return longer.verdict === 'accept' ? accept(longer.value.current) : longer;
  }

  /** Takes over a charter that `verify` has accepted and that is stored. */
  add({ note, hash }: KnownCharter): void {
    if (this.#known.byHash(hash) !== undefined) return;
    const longer = extendCharterSet(this.#known, note, this.#crypto);
    if (longer.verdict === 'accept') this.#known = longer.value;
  }

  /** Puts the next charter in force. */
  advance(): void {
    const { version } = this.#membership.charters.current.charter;
    this.#membership = membershipOf(this.upTo(version + 1));
  }
}

/** The pinned notes, and the stored ones beyond them. */
function allNotes({ charterNotes, store, crypto }: CharterChainOptions): readonly string[] {
  const notes = [...charterNotes];
  for (const [place, pinned] of charterNotes.entries()) {
    const stored = storedNote(store, place + 1);
    if (stored !== undefined && !isSameCharter(pinned, stored, crypto)) {
      throw new DirectoryError<ReplicationErrorCode>(
        'charter_contradicted',
        `the store has another charter of version ${place + 1} than the configuration`,
        { details: { version: place + 1 } },
      );
    }
  }
  while (notes.length < charterVersionsMax) {
    const stored = storedNote(store, notes.length + 1);
    if (stored === undefined) break;
    notes.push(stored);
  }
  return notes;
}

/** The same text; the signatures under it may be others of the same quorum. */
function isSameCharter(a: string, b: string, crypto: Cryptography): boolean {
  if ([a, b].some((note) => parseCharter(note).verdict !== 'accept')) return false;
  return bytesEqual(charterHash(a, crypto), charterHash(b, crypto));
}

/**
 * The newest version whose time has come, or had come before the clock went back. A member that only
 * a later one names starts under that: it can log nothing before its time, but may get ready.
 */
function versionInForce(
  { all }: CharterSet,
  { store, clock, memberName }: CharterChainOptions,
): number {
  const { adopted } = readProgress(store);
  const nowMs = clock.nowMs();
  const due = all.findLast(
    ({ charter }) => charter.version <= adopted || charter.effectiveAtMs <= nowMs,
  );
  const version = due?.charter.version ?? 1;
  const names = ({ charter }: KnownCharter): boolean =>
    charter.members.some(({ name }) => name === memberName);
  if (names(all[version - 1]!)) return version;
  return all.find(names)?.charter.version ?? version;
}

function liveChain(inForce: () => CharterSet): CharterSet {
  return {
    get current() {
      return inForce().current;
    },
    get all() {
      return inForce().all;
    },
    byHash: (hash) => inForce().byHash(hash),
  };
}
