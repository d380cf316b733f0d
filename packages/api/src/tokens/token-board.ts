/**
 * The keys with which tokens are issued, this member's and the others', by the statements that members sign.
 * Of one member and period the first statement is kept, whatever comes later: a member that states two keys
 * can show each of them to half of the others, and none to a single client.
 */
import type { KeyObject } from 'node:crypto';
import {
  activeMembers,
  encodeTokenBundle,
  isTokenPeriodGood,
  tokenPeriodAt,
  verifyTokenStatement,
} from '@callbook/protocol';
import type { Charter, Clock, Cryptography, StatedTokenKey } from '@callbook/protocol';
import { tokenVerifier } from './issuer-key.ts';

export interface TokenBoardParts {
  readonly charter: () => Charter;
  readonly clock: Clock;
  readonly crypto: Cryptography;
}

/** A key that is stated, opened. */
export interface BoardKey extends StatedTokenKey {
  readonly note: string;
  readonly verifier: KeyObject;
}

export class TokenBoard {
  readonly #parts: TokenBoardParts;
  /** By origin and period. */
  readonly #held = new Map<string, BoardKey>();
  readonly #byKeyId = new Map<string, BoardKey>();

  constructor(parts: TokenBoardParts) {
    this.#parts = parts;
  }

  /** Takes a statement over if it is good and the first of its member and period; says whether it did. */
  take(note: string): boolean {
    this.#forget();
    const stated = this.#verified(note);
    if (stated === undefined) return false;
    const place = `${stated.period} ${stated.origin}`;
    if (this.#held.has(place)) return false;
    const verifier = tokenVerifier(stated.tokenKey);
    if (verifier === undefined) return false;
    const key = { ...stated, note, verifier };
    this.#held.set(place, key);
    this.#byKeyId.set(stated.tokenKeyId.toHex(), key);
    return true;
  }

  /** The statement held of a log's period. */
  statement(origin: string, period: number): BoardKey | undefined {
    return this.#held.get(`${period} ${origin}`);
  }

  /** Whether no statement is held of some member's key of this period. */
  lacksSome(): boolean {
    const period = tokenPeriodAt(this.#parts.clock.nowMs());
    const stated = Array.from(this.#held.values()).filter((key) => key.period === period);
    const names = new Set(stated.map(({ member }) => member.name));
    return activeMembers(this.#parts.charter()).some(({ name }) => !names.has(name));
  }

  /** The key by which a token is to be verified, while tokens of it are good. */
  keyOf(tokenKeyId: Uint8Array): BoardKey | undefined {
    const key = this.#byKeyId.get(tokenKeyId.toHex());
    return key && isTokenPeriodGood(key.period, this.#parts.clock.nowMs()) ? key : undefined;
  }

  /** `GET /v1/token-keys`: the same octets at every member that holds the same statements. */
  bundle(): string {
    this.#forget();
    const notes = Array.from(this.#held.values(), ({ note }) => note);
    // Those of a member, or of a log key, that a new charter has replaced say nothing any more.
    return encodeTokenBundle(notes.filter((note) => this.#verified(note) !== undefined));
  }

  #verified(note: string): StatedTokenKey | undefined {
    const { charter, clock, crypto } = this.#parts;
    const at = { charter: charter(), nowMs: clock.nowMs() };
    const stated = verifyTokenStatement(note, at, crypto);
    return stated.verdict === 'accept' ? stated.value : undefined;
  }

  #forget(): void {
    const oldest = tokenPeriodAt(this.#parts.clock.nowMs()) - 1;
    for (const [place, key] of this.#held) {
      if (key.period >= oldest) continue;
      this.#held.delete(place);
      this.#byKeyId.delete(key.tokenKeyId.toHex());
    }
  }
}
