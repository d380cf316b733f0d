/**
 * One batch of changes to the view: reads the labels concerned, takes leaves in, and at the end gives
 * the rows that the same atomic batch writes beside the log's own. Until then nothing outside has
 * changed, so a batch that is given up leaves no trace.
 */
import type {
  BindingState,
  CharterSet,
  Entry,
  Identifier,
  LabelHistory,
  LoggedEntry,
  MentionedEntry,
  Payload,
  PublishedBinding,
  Verdict,
  Visibility,
} from '@callbook/protocol';
import {
  accept,
  assert,
  bytesEqual,
  foldLabel,
  ignore,
  integrateLeaf,
  pendingRequests,
  slabCopy,
} from '@callbook/protocol';

import type { LabelState } from '../index/label-states.ts';
import type { WantedPayload } from '../payloads/payload-messages.ts';
import {
  bindingKey,
  entryKey,
  missingKey,
  ownershipKey,
  releaseKey,
  updatesKey,
} from '../store/row-keys.ts';
import type { RowChange, Store } from '../store/store.ts';
import { encodeAwaited, encodeBinding } from './binding-row.ts';
import { changedRows, keptHolding, parseHeldLabel, parseLabelRow } from './label-row.ts';
import type { HeldPayload, LabelRow } from './label-row.ts';
import {
  erasedNow,
  holdsPayload,
  isPublishedAlready,
  knowsEntry,
  payloadOf,
  workOn,
} from './label-work.ts';
import type { LabelWork } from './label-work.ts';
import { ownerKeyOf } from './owner-names.ts';
import { checkPayload } from './payload-check.ts';
import type { OpenedPayload, PayloadContext } from './payload-check.ts';
import { keptPayloads, servedPayload } from './served-payload.ts';

/** With the VRF public key of the label epoch in force. */
export interface ViewContext extends Omit<PayloadContext, 'knownIdentifier'> {
  readonly store: Store;
  readonly charters: CharterSet;
  /** Hears, before they are written, of rows in which a payload stood that is erased. */
  readonly onErased?: (rowKeys: readonly Uint8Array[]) => void;
}

/** What a batch comes to. */
export interface ViewChanges {
  readonly changes: readonly RowChange[];
  /** Identifiers whose published binding has changed, come or gone. */
  readonly identifiers: readonly Identifier[];
  /** Labels of which the logs say something new, for the index. */
  readonly states: readonly LabelState[];
}

export class ViewBatch {
  readonly #context: ViewContext;
  readonly #labels: Map<string, LabelWork>;
  readonly #changes: RowChange[] = [];
  readonly #identifiers: Identifier[] = [];
  readonly #states: LabelState[] = [];
  readonly #erased: Uint8Array[] = [];

  private constructor(context: ViewContext, labels: Map<string, LabelWork>) {
    this.#context = context;
    this.#labels = labels;
  }

  /** Reads the rows of these labels: of those that are held and only updated, one. */
  static async open(context: ViewContext, labels: readonly Uint8Array[]): Promise<ViewBatch> {
    const { store } = context;
    const unique = new Map<string, Uint8Array>();
    for (const label of labels) unique.set(nameOf(label), label);
    const updates = await store.getMany(Array.from(unique.values(), updatesKey));
    const work = new Map<string, LabelWork>();
    const others: {
      readonly name: string;
      readonly label: Uint8Array;
      row: Uint8Array | undefined;
    }[] = [];
    let place = 0;
    for (const [name, label] of unique) {
      const row = updates[place++];
      const before = parseHeldLabel(label, row, () => store.get(ownershipKey(label)));
      if (before === undefined) others.push({ name, label, row });
      else work.set(name, workOn(label, before));
    }
    const owned =
      others.length === 0
        ? []
        : await store.getMany(others.map(({ label }) => ownershipKey(label)));
    for (const [position, { name, label, row }] of others.entries()) {
      work.set(name, workOn(label, parseLabelRow(owned[position], row)));
    }
    return new ViewBatch(context, work);
  }

  history(label: Uint8Array): LabelHistory {
    return this.#work(label).history;
  }

  /** Tells whether a payload of this commitment is stored or will be with this batch. */
  holds(label: Uint8Array, commitment: Uint8Array): boolean {
    return holdsPayload(this.#work(label), commitment);
  }

  /** Checks an offered payload; the batch stays as it is. */
  check(entry: Entry, opened: OpenedPayload): Verdict<Payload> {
    if (entry.labelEpoch !== this.#context.charters.current.charter.labelEpoch) {
      return ignore('label_epoch_mismatch', 'the payload belongs to another label epoch');
    }
    const work = this.#work(entry.label);
    const earlier = work.checked.get(opened);
    if (earlier?.entry === entry) return accept(earlier.payload);
    const knownIdentifier = work.identifier;
    const payload = checkPayload(entry, opened, { ...this.#context, knownIdentifier });
    if (payload.verdict === 'accept') work.checked.set(opened, { entry, payload: payload.value });
    return payload;
  }

  /** Takes in one leaf whose entry has been verified, and a payload that came with it. */
  integrate(logged: LoggedEntry, offered?: OpenedPayload): void {
    const work = this.#work(logged.entry.label);
    const history = integrateLeaf(work.history, logged, this.#context);
    if (history !== work.history) {
      work.history = history;
      work.touched = true;
      this.#changes.push({ rowKey: entryKey(logged.entryId), value: slabCopy(work.label) });
    }
    if (offered !== undefined) this.#integratePayload(work, logged, offered);
  }

  #integratePayload(
    work: LabelWork,
    logged: Pick<LoggedEntry, 'entry' | 'entryId' | 'origin' | 'at'>,
    offered: OpenedPayload,
  ): void {
    const { entry, entryId } = logged;
    if (entry.commitment === null || holdsPayload(work, entry.commitment)) return;
    if (!knowsEntry(work.history, logged)) return;
    const payload = this.check(entry, offered);
    // One that fails is treated as missing: any member may supply it later.
    if (payload.verdict !== 'accept') return;
    work.identifier = payload.value.identifier;
    const held: HeldPayload = {
      commitment: entry.commitment,
      opened: offered,
      entryId,
      ownershipId: entry.kind === 'update' ? entry.prev! : entryId,
      epoch: entry.epoch,
      seq: entry.seq,
      origin: logged.origin,
      atMs: logged.at,
    };
    work.payloads = [...work.payloads, held];
    work.touched = true;
  }

  /** Marks a label to be folded again although no leaf has come: its leaves are judged otherwise. */
  refold(label: Uint8Array): void {
    const work = this.#work(label);
    work.touched = true;
    work.refolded = true;
  }

  /** Forgets the updates of a label, which are about to be integrated anew. */
  forgetUpdates(label: Uint8Array): void {
    this.refold(label);
    const work = this.#work(label);
    work.history = { ...work.history, updates: new Map() };
  }

  /** Takes in a payload for the entry in force; one that nobody lacks any more changes nothing. */
  supply({ label, commitment }: WantedPayload, opened: OpenedPayload): Verdict<void> {
    const work = this.#work(label);
    const { history } = work;
    const state = foldLabel(history, this.#context.charters);
    if (state?.commitment == null || !bytesEqual(state.commitment, commitment)) {
      return accept(undefined);
    }
    const { entryId, origin, changedAtMs: at } = state;
    const known = [...history.ownership.values(), ...history.updates.values()].find((one) =>
      bytesEqual(one.entryId, entryId),
    );
    assert(known !== undefined, 'the entry in force is in the history');
    const verdict = this.check(known.entry, opened);
    if (verdict.verdict !== 'accept') return verdict;
    this.#integratePayload(work, { ...known, origin, at }, opened);
    return accept(undefined);
  }

  /** Forgets what one log says of a label, and all its updates, which are to be integrated anew. */
  forgetLog(label: Uint8Array, origin: string): void {
    this.forgetUpdates(label);
    const work = this.#work(label);
    const ownership = new Map<string, MentionedEntry>();
    for (const [name, mentioned] of work.history.ownership) {
      const mentions = mentioned.mentions.filter((mention) => mention.origin !== origin);
      if (mentions.length > 0) ownership.set(name, { ...mentioned, mentions });
    }
    work.history = { ownership, updates: work.history.updates };
  }

  /** Marks a label to be looked at again although no leaf has come: its pause may be over. */
  review(label: Uint8Array): void {
    this.#work(label).touched = true;
  }

  /** Folds every label that has changed and returns all rows to write. */
  finish(nowMs: number): ViewChanges {
    for (const work of this.#labels.values()) if (work.touched) this.#finishLabel(work, nowMs);
    if (this.#erased.length > 0) this.#context.onErased?.(this.#erased);
    return { changes: this.#changes, identifiers: this.#identifiers, states: this.#states };
  }

  #finishLabel(work: LabelWork, nowMs: number): void {
    const { charters } = this.#context;
    const { ownership, updates } = work.history;
    const holding = keptHolding(work.history, charters, work.before.erased);
    const history = { ownership, updates, ...(holding && { holding }) };
    const state = foldLabel(history, charters);
    if (work.refolded || work.history !== work.before.history)
      this.#states.push({ label: work.label, state });
    const ended = state !== undefined && state.endsAtMs !== null && state.endsAtMs <= nowMs;
    const current = ended ? undefined : state;
    const served = current && servedPayload(current, history, work.payloads);
    // What a charter has brought back nobody may have any more: that is not awaited.
    const isAwaited =
      served === undefined && (current?.commitment ?? null) !== null && !work.refolded;
    const kept = keptPayloads({ history, charters, state, ended }, work.payloads, served);
    if (state !== undefined && state.endsAtMs !== null && !ended) {
      const rowKey = releaseKey(state.endsAtMs, work.label);
      this.#changes.push({ rowKey, value: new Uint8Array(0) });
    }
    let { published } = work.before;
    if (isAwaited) this.#await(work, current!);
    else if (served === undefined) published = this.#unpublish(work);
    else if (!isPublishedAlready(work, state!, served)) {
      published = this.#publish(work, state!, served);
    }
    const commitment = current?.commitment ?? null;
    const lacking = commitment !== null && !holdsPayload(work, commitment);
    if (lacking !== work.before.lacking) {
      const rowKey = missingKey(work.label);
      this.#changes.push(lacking ? { rowKey, value: new Uint8Array(0) } : { rowKey, erase: true });
    }
    if (ended && kept.length < work.before.payloads.length) {
      this.#erased.push(ownershipKey(work.label), updatesKey(work.label));
    }
    const after: LabelRow = {
      history,
      endsWithHolding: holding !== undefined,
      lacking,
      erased: ended ? erasedNow(work, state.epoch, nowMs) : work.before.erased,
      // With its last payload goes what says whose label this was, unless the next one is to come.
      identifier:
        kept.length > 0 || (isAwaited && published !== undefined) ? work.identifier : undefined,
      payloads: kept,
      published,
    };
    this.#changes.push(...changedRows(work.label, work.before, after));
  }

  #publish(work: LabelWork, state: BindingState, served: HeldPayload): Visibility {
    const { identifier, visibility, routes, keys } = payloadOf(work, served);
    const inForce = bytesEqual(served.entryId, state.entryId);
    const binding: PublishedBinding = {
      identifier,
      visibility,
      routes,
      keys,
      labelEpoch: state.labelEpoch,
      label: state.label,
      epoch: state.epoch,
      seq: served.seq,
      ownershipId: state.ownershipId,
      entryId: served.entryId,
      origin: inForce ? state.origin : served.origin,
      changedAtMs: inForce ? state.changedAtMs : served.atMs,
      pending: pendingRequests(work.history, this.#context.charters),
    };
    if (work.before.published !== visibility) this.#unpublish(work);
    this.#changes.push({
      rowKey: bindingKey(identifier, visibility),
      value: encodeBinding(binding),
    });
    if (visibility === 'dns' && work.before.published !== 'dns') {
      const rowKey = ownerKeyOf(identifier, this.#context.crypto);
      this.#changes.push({ rowKey, value: Buffer.from(identifier) });
    }
    this.#identifiers.push(identifier);
    return visibility;
  }

  /** What is told where the payload is missing; who was told nothing before knows of no binding now either. */
  #await({ before: { identifier, published } }: LabelWork, state: BindingState): void {
    if (published === undefined || identifier === undefined) return;
    const told = { identifier, visibility: published };
    const rowKey = bindingKey(identifier, published);
    this.#changes.push({ rowKey, value: encodeAwaited(state, told) });
    this.#identifiers.push(identifier);
  }

  #unpublish(work: LabelWork): undefined {
    const { identifier, published } = work.before;
    if (published === undefined || identifier === undefined) return;
    this.#erase(bindingKey(identifier, published));
    if (published === 'dns') this.#erase(ownerKeyOf(identifier, this.#context.crypto));
    this.#identifiers.push(identifier);
  }

  #erase(rowKey: Uint8Array): void {
    this.#changes.push({ rowKey, erase: true });
    this.#erased.push(rowKey);
  }

  #work(label: Uint8Array): LabelWork {
    const work = this.#labels.get(nameOf(label));
    assert(work !== undefined, 'a label that the batch has not opened');
    return work;
  }
}

function nameOf(label: Uint8Array): string {
  return label.toHex();
}
