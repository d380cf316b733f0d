/**
 * This member's own keys: one a period, made and stated a day before it is used, kept on disk until its
 * tokens are void. A member that has lost the key of a period does not make another one: it issues nothing
 * until the next, since a second key for one period is what a member would tag somebody with.
 */
import {
  signTokenStatement,
  tokenKeyAheadMs,
  tokenPeriodAt,
  tokenPeriodMs,
} from '@callbook/protocol';
import type { Clock, NoteSigner } from '@callbook/protocol';
import type { TokenRows } from '../ports.ts';
import { IssuerKey } from './issuer-key.ts';
import type { TokenBoard } from './token-board.ts';
import { issuerKeyRow } from './token-rows.ts';

export interface TokenIssuerParts {
  readonly rows: TokenRows;
  readonly board: TokenBoard;
  /** Of the log key, under the origin of the log. */
  readonly signer: NoteSigner;
  readonly clock: Clock;
}

/** A key that issues, or will. */
export interface OwnTokenKey {
  readonly period: number;
  /** From when on it issues. */
  readonly fromMs: number;
  readonly issuerKey: IssuerKey;
  /** Last octet of its id. */
  readonly truncatedKeyId: number;
}

export class TokenIssuer {
  readonly #parts: TokenIssuerParts;
  readonly #keys = new Map<number, IssuerKey>();

  constructor(parts: TokenIssuerParts) {
    this.#parts = parts;
  }

  /** Makes and states the keys whose time has come. Keys are on disk before anybody hears of them. */
  async turn(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    const period = tokenPeriodAt(nowMs);
    await this.#open(period);
    if (tokenPeriodAt(nowMs + tokenKeyAheadMs) > period) await this.#open(period + 1);
    for (const known of this.#keys.keys()) if (known < period - 1) this.#keys.delete(known);
  }

  /** Whether there is no key of this period on the disk: then others may know of one that was lost. */
  get isWithoutKey(): boolean {
    const period = tokenPeriodAt(this.#parts.clock.nowMs());
    return !this.#keys.has(period) && this.#parts.rows.get(issuerKeyRow(period)) === undefined;
  }

  /** The key that issues now; undefined while there is none. */
  get current(): OwnTokenKey | undefined {
    return this.#own(tokenPeriodAt(this.#parts.clock.nowMs()));
  }

  /** That key and the next one, where it is stated. */
  get listed(): readonly OwnTokenKey[] {
    const period = tokenPeriodAt(this.#parts.clock.nowMs());
    return [this.#own(period), this.#own(period + 1)].filter((key) => key !== undefined);
  }

  #own(period: number): OwnTokenKey | undefined {
    const { board, signer } = this.#parts;
    const issuerKey = this.#keys.get(period);
    const stated = board.statement(signer.name, period);
    // Where others hold a statement of another key, ours would be worth nothing to them.
    if (issuerKey === undefined || stated?.tokenKey.toHex() !== issuerKey.tokenKey.toHex()) {
      return undefined;
    }
    const fromMs = period * tokenPeriodMs;
    return { period, fromMs, issuerKey, truncatedKeyId: stated.tokenKeyId.at(-1)! };
  }

  async #open(period: number): Promise<void> {
    const { board, signer } = this.#parts;
    const isStated = board.statement(signer.name, period) !== undefined;
    const issuerKey = this.#keys.get(period) ?? (await this.#readOrMake(period, isStated));
    if (issuerKey === undefined) return;
    this.#keys.set(period, issuerKey);
    const { tokenKey } = issuerKey;
    if (!isStated)
      board.take(signTokenStatement({ origin: signer.name, period, tokenKey }, signer));
  }

  /** Makes none where one is stated that is not ours any more. */
  async #readOrMake(period: number, isStated: boolean): Promise<IssuerKey | undefined> {
    const { rows } = this.#parts;
    const held = rows.get(issuerKeyRow(period));
    if (held !== undefined) return IssuerKey.open(held);
    if (isStated) return undefined;
    const issuerKey = await IssuerKey.generate();
    // If we crash before this, nobody has heard of the key; after it, the key is found again.
    await rows.write([{ rowKey: issuerKeyRow(period), value: issuerKey.export() }]);
    return issuerKey;
  }
}
