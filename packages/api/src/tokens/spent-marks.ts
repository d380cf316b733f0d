/**
 * Marks of the tokens that are spent, of those that this member keeps. A mark is on disk before the look-up
 * is answered, so no crash makes a token good again; marks that come together are written together. The marks of a
 * period are erased when its key's time is over, so there are never more than tokens of two periods.
 */
import { bytesEqual, tokenPeriodAt } from '@callbook/protocol';
import type { RowToWrite, TokenRows } from '../ports.ts';
import { rowsBefore, spentRow } from './token-rows.ts';

export interface Spending {
  readonly period: number;
  /** 16 bytes. */
  readonly spentId: Uint8Array;
  /** Drawn for one redemption, 8 bytes: a member that got no answer asks again with the same. */
  readonly redemption: Uint8Array;
}

export class SpentMarks {
  readonly #rows: TokenRows;
  /** Marks on their way to the disk. */
  readonly #pending = new Map<string, Uint8Array>();
  #gathered: RowToWrite[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(rows: TokenRows) {
    this.#rows = rows;
  }

  /** Marks a token: true when it was not marked before, or by this very redemption. */
  async spend({ period, spentId, redemption }: Spending): Promise<boolean> {
    const rowKey = spentRow(period, spentId);
    const name = rowKey.toHex();
    const pending = this.#pending.get(name);
    const marked = pending ?? this.#rows.get(rowKey);
    if (marked !== undefined && !bytesEqual(marked, redemption)) return false;
    if (marked !== undefined && pending === undefined) return true;
    if (pending === undefined) {
      this.#pending.set(name, redemption);
      this.#gathered.push({ rowKey, value: redemption });
    }
    try {
      await this.#written();
    } finally {
      this.#pending.delete(name);
    }
    return true;
  }

  /** Erases the marks of periods whose tokens are void. */
  async forget(nowMs: number): Promise<void> {
    for (const rows of rowsBefore(tokenPeriodAt(nowMs) - 1)) await this.#rows.erase(rows);
  }

  /** Resolves when nothing is on its way to the disk. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  /** Resolves when all that is gathered now is on disk. */
  async #written(): Promise<void> {
    const writing = this.#writing.then(async () => {
      const rows = this.#gathered;
      this.#gathered = [];
      if (rows.length > 0) await this.#rows.write(rows);
    });
    // One that fails has marked nothing, or perhaps something: its tokens are not taken, and may be lost.
    this.#writing = writing.catch(() => {});
    await writing;
  }
}
