/**
 * The statements of all members about the keys of their gateways, as this member knows them. Of one
 * member the latest counts, so that members which hear of each other's come to the same; and none is
 * replaced too often, so that nobody can be shown one that was made for them alone.
 */
import {
  activeMembers,
  compareBytes,
  encodeKeyBundle,
  utf8,
  verifyKeyStatement,
} from '@callbook/protocol';
import type { Charter, Clock, Cryptography } from '@callbook/protocol';
import { keyStatementPauseMs } from './limits.ts';

interface Held {
  readonly note: string;
  readonly madeAtMs: number;
  readonly takenAtMs: number;
}

/** Statements grow old by the hour. */
const bundleKeptMs = 10_000;

export interface KeyBoardParts {
  readonly charter: () => Charter;
  readonly clock: Clock;
  readonly crypto: Cryptography;
}

export class KeyBoard {
  readonly #parts: KeyBoardParts;
  /** By the names of members. */
  readonly #held = new Map<string, Held>();
  #bundled: { readonly text: string; readonly charter: Charter; readonly atMs: number } | undefined;

  constructor(parts: KeyBoardParts) {
    this.#parts = parts;
  }

  /** Takes a statement over if it is good and later than the one held; says whether it did. */
  take(note: string): boolean {
    const { charter, clock, crypto } = this.#parts;
    const nowMs = clock.nowMs();
    const verified = verifyKeyStatement(note, { charter: charter(), nowMs }, crypto);
    if (verified.verdict !== 'accept') return false;
    const { member, madeAtMs } = verified.value;
    const held = this.#held.get(member.name);
    if (held !== undefined && !replaces({ note, madeAtMs }, held, nowMs)) return false;
    this.#held.set(member.name, { note, madeAtMs, takenAtMs: nowMs });
    this.#bundled = undefined;
    return true;
  }

  /** Whether nothing has been heard yet of the keys of some member. */
  lacksSome(): boolean {
    return activeMembers(this.#parts.charter()).some(({ name }) => !this.#held.has(name));
  }

  /** `GET /v1/oblivious-keys`: the same octets at every member that holds the same statements. */
  bundle(): string {
    const { clock } = this.#parts;
    const charter = this.#parts.charter();
    const nowMs = clock.nowMs();
    const kept = this.#bundled;
    const isFresh = kept?.charter === charter && Math.abs(nowMs - kept.atMs) < bundleKeptMs;
    if (isFresh) return kept.text;
    const text = this.#makeBundle(charter, nowMs);
    this.#bundled = { text, charter, atMs: nowMs };
    return text;
  }

  #makeBundle(charter: Charter, nowMs: number): string {
    const { crypto } = this.#parts;
    const at = { charter, nowMs };
    const notes = activeMembers(charter)
      .map(({ name }) => this.#held.get(name)?.note)
      .filter((note) => note !== undefined);
    // Those that have grown old since, or are of a key that a new charter has replaced, say nothing.
    return encodeKeyBundle(
      notes.filter((note) => verifyKeyStatement(note, at, crypto).verdict === 'accept'),
    );
  }
}

function replaces(
  { note, madeAtMs }: { readonly note: string; readonly madeAtMs: number },
  held: Held,
  nowMs: number,
): boolean {
  if (madeAtMs === held.madeAtMs) return compareBytes(utf8(note), utf8(held.note)) > 0;
  if (madeAtMs < held.madeAtMs) return false;
  const isSoon =
    madeAtMs - held.madeAtMs < keyStatementPauseMs && nowMs - held.takenAtMs < keyStatementPauseMs;
  return !isSoon;
}
