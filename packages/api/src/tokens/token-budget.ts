/**
 * How many tokens a holder may have of this member: its share of the federation's budget, so that members need
 * not ask each other. A holder is a label and an epoch: a new authority key of the same holder has what
 * is left. The rows know days, not hours, of holders who have asked, and nothing of the tokens.
 *
 * What is asked for is taken before it is signed, and is on disk before it leaves. If we crash between, the
 * same request is answered again and costs nothing more.
 */
import {
  bytesEqual,
  concatBytes,
  tokensAtRegistration,
  tokensMax,
  tokensPerDay,
} from '@callbook/protocol';
import type { TokenHolder, TokenRows } from '../ports.ts';
import { budgetRow } from './token-rows.ts';

const dayMs: number = 24 * 60 * 60 * 1000;
const leftBytes = 8;

export interface TokenDemand {
  readonly count: number;
  /** SHA-256 of what is posted, 32 bytes. */
  readonly requestHash: Uint8Array;
  /** Active members, each of which gives its share. */
  readonly memberCount: number;
  readonly nowMs: number;
}

interface Budget {
  readonly left: number;
  readonly day: number;
  readonly requestHash: Uint8Array;
}

export class TokenBudget {
  readonly #rows: TokenRows;
  /** One holder after another. */
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(rows: TokenRows) {
    this.#rows = rows;
  }

  /** Takes tokens out of a holder's budget: 0, or how long to wait until there are as many. */
  async take(holder: TokenHolder, demand: TokenDemand): Promise<number> {
    const rowKey = budgetRow(holder.label, holder.epoch);
    const name = rowKey.toHex();
    const before = this.#busy.get(name) ?? Promise.resolve();
    const taking = before.then(() => this.#take(rowKey, holder, demand));
    const settled = taking.catch(() => {});
    this.#busy.set(name, settled);
    try {
      return await taking;
    } finally {
      if (this.#busy.get(name) === settled) this.#busy.delete(name);
    }
  }

  async #take(rowKey: Uint8Array, holder: TokenHolder, demand: TokenDemand): Promise<number> {
    const { count, requestHash, memberCount, nowMs } = demand;
    const row = this.#rows.get(rowKey);
    const budget = row === undefined ? opening(holder, memberCount) : parseBudget(row);
    if (bytesEqual(budget.requestHash, requestHash)) return 0;
    const day = Math.max(budget.day, Math.floor(nowMs / dayMs));
    const perDay = tokensPerDay / memberCount;
    const grown = budget.left + (day - budget.day) * perDay;
    const left = Math.min(grown, tokensMax / memberCount) - count;
    if (left < 0) return (day + Math.ceil(-left / perDay)) * dayMs - nowMs;
    await this.#rows.write([{ rowKey, value: encodeBudget({ left, day, requestHash }) }]);
    return 0;
  }
}

function opening({ sinceMs }: TokenHolder, memberCount: number): Budget {
  const left = tokensAtRegistration / memberCount;
  return { left, day: Math.floor(sinceMs / dayMs), requestHash: new Uint8Array() };
}

function encodeBudget({ left, day, requestHash }: Budget): Uint8Array {
  const head = new DataView(new ArrayBuffer(leftBytes + 4));
  head.setFloat64(0, left);
  head.setUint32(leftBytes, day);
  return concatBytes(new Uint8Array(head.buffer), requestHash);
}

function parseBudget(row: Uint8Array): Budget {
  const head = new DataView(row.buffer, row.byteOffset, row.length);
  const requestHash = row.slice(leftBytes + 4);
  return { left: head.getFloat64(0), day: head.getUint32(leftBytes), requestHash };
}
