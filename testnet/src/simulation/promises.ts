/**
 * What honest members have promised to holders, and whether it is kept: a receipt is of a leaf that is
 * there for good, and its entry counts unless a rule of the fold displaced it.
 */
import type { BindingState, Receipt } from '@callbook/protocol';
import { bytesEqual, compareBytes } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import type { MadeEntry } from './claimant.ts';
import type { Replay } from './full-replay.ts';
import type { UnionOfLogs } from './union-of-logs.ts';
import type { World } from './world.ts';

/** An update of which a holder has an honest member's receipt. */
export interface PromisedUpdate {
  /** Hexadecimal. */
  readonly label: string;
  /** The ownership entry that it names, 32 bytes. */
  readonly ownershipId: Uint8Array;
  readonly seq: number;
  /** 32 bytes. */
  readonly entryId: Uint8Array;
}

export class Promises {
  readonly #world: World;
  readonly #union: UnionOfLogs;
  readonly #receipts: Receipt[] = [];
  readonly #receipted = new Map<string, MadeEntry>();
  readonly #updates: PromisedUpdate[] = [];

  constructor(world: World, union: UnionOfLogs) {
    this.#world = world;
    this.#union = union;
  }

  /** How many receipts were given. */
  get count(): number {
    return this.#receipts.length;
  }

  /** Takes note of a receipt that an honest member gave for an entry. */
  note(receipt: Receipt, made: MadeEntry): void {
    this.#receipts.push(receipt);
    this.#receipted.set(made.entryId.toHex(), made);
    this.#assertLogged(receipt);
  }

  noteUpdate(update: PromisedUpdate): void {
    this.#updates.push(update);
  }

  #assertLogged({ origin, index, leaf }: Receipt): void {
    const logged = this.#union.leaf(origin, index);
    if (logged !== undefined && bytesEqual(logged, leaf)) return;
    this.#world.violate('receipts', `${origin} gave a receipt for ${index} and has not logged it`);
  }

  /** Asserts what must hold at an honest member that has caught up with every honest log. */
  assertKept(replica: Replica, { complete, states }: Replay): void {
    for (const receipt of this.#receipts) this.#assertLogged(receipt);
    for (const [idText, { entryId, kind }] of this.#receipted) {
      // An update that came after a stronger one leaves no trace: see `assertCounted`.
      if (kind === 'update') continue;
      const state = replica.entryState(entryId)?.state;
      if (state === undefined || (complete.has(idText) && state !== 'complete')) {
        this.#world.violate('receipts', `${replica.memberName} lost a ${kind} that has a receipt`);
      }
    }
    for (const update of this.#updates) this.#assertCounted(update, states);
  }

  /** A promised update is in force, or a stronger one, or its ownership entry is not any more. */
  #assertCounted(
    { label, ownershipId, seq, entryId }: PromisedUpdate,
    states: ReadonlyMap<string, BindingState | undefined>,
  ): void {
    const state = states.get(label);
    if (state === undefined || !bytesEqual(state.ownershipId, ownershipId)) return;
    const isStronger =
      state.seq > seq || (state.seq === seq && compareBytes(state.entryId, entryId) <= 0);
    if (!isStronger)
      this.#world.violate('receipts', `an update of seq ${seq} with a receipt is lost`);
  }
}
