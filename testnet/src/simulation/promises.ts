/**
 * What honest members have promised to holders, and whether it is kept: a receipt is of a leaf that is
 * there for good, and its entry counts unless a rule of the fold displaced it.
 */
import type { BindingState, CharterSet, Receipt } from '@callbook/protocol';
import { bytesEqual, compareBytes, judgeOf, parseLeaf } from '@callbook/protocol';
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
  readonly #receipted = new Map<string, { made: MadeEntry; receipts: Receipt[] }>();
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
    const idText = made.entryId.toHex();
    const known = this.#receipted.get(idText) ?? { made, receipts: [] };
    this.#receipted.set(idText, known);
    known.receipts.push(receipt);
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
  assertKept(replica: Replica, { complete, states }: Replay, charters: CharterSet): void {
    for (const receipt of this.#receipts) this.#assertLogged(receipt);
    for (const [idText, { made, receipts }] of this.#receipted) {
      const { entryId, kind } = made;
      // An update that came after a stronger one leaves no trace: see `assertCounted`.
      if (kind === 'update' || !receipts.some((one) => counts(one, charters))) continue;
      const state = replica.entryState(entryId)?.state;
      if (state === undefined || (complete.has(idText) && state !== 'complete')) {
        this.#world.violate('receipts', `${replica.memberName} lost a ${kind} that has a receipt`);
      }
    }
    for (const update of this.#updates) {
      const receipts = this.#receipted.get(update.entryId.toHex())?.receipts ?? [];
      if (receipts.some((one) => counts(one, charters))) this.#assertCounted(update, states);
    }
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

/**
 * What a member logs above its cut-off, or by a charter that is over, a later charter may void: the
 * holder is told to leave the members time to have a charter, and here they do not.
 */
function counts({ origin, index, leaf }: Receipt, charters: CharterSet): boolean {
  const parsed = parseLeaf(leaf);
  if (parsed.verdict !== 'accept') return false;
  const { at, charter } = parsed.value;
  return judgeOf({ origin, index, at, charter }, charters) !== undefined;
}
