/**
 * Open and passed challenges, in memory only: a restart forgets them and the claimant asks for
 * another code. A row holds the right answer, never the code. Rows leave when their two spans of
 * ten minutes are over, whatever became of them, so an expired one can still be told from an
 * unknown one for a while.
 */
import { timingSafeEqual } from 'node:crypto';
import { encodeBase64Url } from '@callbook/protocol';
import type { Identifier, Random } from '@callbook/protocol';
import { ApiError } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import type { IdentifierLabel } from '../ports.ts';
import type { ChallengeForm } from './sealed-code.ts';

export type ChallengeLimits = Pick<
  ApiLimits,
  'challengeAnswerMsMax' | 'challengeUseMsMax' | 'challengeAttemptsMax' | 'challengesMax'
>;

export interface NewChallenge {
  readonly identifier: Identifier;
  /** 32 bytes. */
  readonly authority: Uint8Array;
  readonly form: ChallengeForm;
  /** The right answer, 32 bytes. */
  readonly proof: Uint8Array;
}

export interface PassedChallenge {
  readonly identifier: Identifier;
  readonly authority: Uint8Array;
  readonly usableUntilMs: number;
  /** What the answer told the claimant. */
  readonly told: IdentifierLabel | undefined;
}

/**
 * A row. There may be 20 000, so byte strings are kept as text with a character for each octet: as an
 * array, 32 octets take the engine 250.
 */
interface Challenge extends Omit<NewChallenge, 'authority' | 'proof'> {
  readonly authorityText: string;
  readonly proofText: string;
  readonly expiresAtMs: number;
  readonly forgottenAtMs: number;
  attemptsLeft: number;
  /** Set by the right answer. */
  usableUntilMs: number | undefined;
  /** Id of the one entry it serves, in hexadecimal. */
  entryIdHex: string | undefined;
  told: IdentifierLabel | undefined;
}

const challengeIdBytes = 16;

export class ChallengeStore {
  /** Challenge id → challenge, oldest first. */
  readonly #challenges = new Map<string, Challenge>();
  readonly #limits: ChallengeLimits;
  readonly #random: Random;

  constructor(limits: ChallengeLimits, random: Random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Throws `challenge_rate_limited` while the store is full. */
  assertRoom(nowMs: number): void {
    this.forget(nowMs);
    if (this.#challenges.size < this.#limits.challengesMax) return;
    const [oldest] = this.#challenges.values();
    throw new ApiError('challenge_rate_limited', {
      message: `this member has ${this.#challenges.size} challenges open, at most ${this.#limits.challengesMax}`,
      retryAfterSeconds: Math.ceil((oldest!.forgottenAtMs - nowMs) / 1000),
    });
  }

  /** Opens a challenge. Throws `challenge_rate_limited` while the store is full. */
  open(challenge: NewChallenge, nowMs: number): { challengeId: string; expiresAtMs: number } {
    this.assertRoom(nowMs);
    const { challengeAnswerMsMax, challengeUseMsMax, challengeAttemptsMax } = this.#limits;
    const challengeId = encodeBase64Url(this.#random.bytes(challengeIdBytes));
    const expiresAtMs = nowMs + challengeAnswerMsMax;
    const { identifier, form, authority, proof } = challenge;
    this.#challenges.set(challengeId, {
      identifier,
      form,
      authorityText: textOf(authority),
      proofText: textOf(proof),
      expiresAtMs,
      forgottenAtMs: expiresAtMs + challengeUseMsMax,
      attemptsLeft: challengeAttemptsMax,
      usableUntilMs: undefined,
      entryIdHex: undefined,
      told: undefined,
    });
    return { challengeId, expiresAtMs };
  }

  /** Returns what a challenge asks for; throws as `answer`, and judges nothing. */
  peek(challengeId: string, nowMs: number): Pick<NewChallenge, 'identifier' | 'form'> {
    const { identifier, form } = this.#unexpired(challengeId, nowMs);
    return { identifier, form };
  }

  /** Drops a challenge whose code could not be sent. */
  drop(challengeId: string): void {
    this.#challenges.delete(challengeId);
  }

  /**
   * Judges an answer. The right one may be given again and returns the same.
   *
   * Throws `challenge_unknown`, `challenge_expired`, `challenge_exhausted` or
   * `challenge_answer_wrong` (with `attemptsLeft`).
   */
  answer(challengeId: string, proof: Uint8Array, nowMs: number): PassedChallenge {
    const challenge = this.#unexpired(challengeId, nowMs);
    if (challenge.attemptsLeft === 0) throw new ApiError('challenge_exhausted');
    if (!timingSafeEqual(bytesIn(challenge.proofText), proof)) {
      challenge.attemptsLeft -= 1;
      throw new ApiError('challenge_answer_wrong', {
        extensions: { attemptsLeft: challenge.attemptsLeft },
      });
    }
    challenge.usableUntilMs ??= nowMs + this.#limits.challengeUseMsMax;
    return this.passed(challengeId, nowMs);
  }

  /** Keeps what a right answer was answered with, as long as the challenge. */
  tell(challengeId: string, told: IdentifierLabel): void {
    const challenge = this.#challenges.get(challengeId);
    if (challenge !== undefined) challenge.told = told;
  }

  /**
   * Binds passed challenges to the one entry they serve, all or none; the same entry again is let
   * through.
   *
   * Throws `challenge_unknown`, `challenge_expired`, `challenge_not_passed` or `challenge_used`.
   */
  claim(challengeIds: readonly string[], entryId: Uint8Array, nowMs: number): void {
    const entryIdHex = entryId.toHex();
    for (const challengeId of challengeIds) {
      this.passed(challengeId, nowMs);
      const { entryIdHex: served = entryIdHex } = this.#challenges.get(challengeId)!;
      if (served !== entryIdHex) throw new ApiError('challenge_used');
    }
    for (const challengeId of challengeIds) {
      this.#challenges.get(challengeId)!.entryIdHex = entryIdHex;
    }
  }

  /**
   * Reads a passed challenge, whatever it serves.
   *
   * Throws `challenge_unknown`, `challenge_expired` or `challenge_not_passed`.
   */
  passed(challengeId: string, nowMs: number): PassedChallenge {
    const { identifier, authorityText, usableUntilMs, told } = this.#unexpired(challengeId, nowMs);
    if (usableUntilMs === undefined) throw new ApiError('challenge_not_passed');
    return { identifier, authority: bytesIn(authorityText), usableUntilMs, told };
  }

  /** Frees a challenge whose entry was refused, so nothing of it was logged. */
  unclaim(challengeId: string, entryId: Uint8Array): void {
    const challenge = this.#challenges.get(challengeId);
    if (challenge?.entryIdHex === entryId.toHex()) challenge.entryIdHex = undefined;
  }

  /** Drops the challenges whose time is over. */
  forget(nowMs: number): void {
    for (const [challengeId, challenge] of this.#challenges) {
      if (challenge.forgottenAtMs > nowMs) break;
      this.#challenges.delete(challengeId);
    }
  }

  /** Challenges held, open and passed. */
  get challengeCount(): number {
    return this.#challenges.size;
  }

  #unexpired(challengeId: string, nowMs: number): Challenge {
    this.forget(nowMs);
    const challenge = this.#challenges.get(challengeId);
    if (challenge === undefined) throw new ApiError('challenge_unknown');
    if (nowMs >= (challenge.usableUntilMs ?? challenge.expiresAtMs)) {
      throw new ApiError('challenge_expired');
    }
    return challenge;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function bytesIn(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}
