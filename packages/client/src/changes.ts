/**
 * Publishing other routes or keys of a claimed identifier, for which one member suffices, and what it
 * shares with changes of ownership: every change is signed by the authority key in force, saved by the
 * caller, and only then posted.
 */
import {
  commitPayload,
  entryId,
  signEntry,
  type Entry,
  type Payload,
  type PublishedKey,
  type Route,
  type Visibility,
} from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import { holdingPayload, type Holding } from './holding.ts';
import { encodeValidPayload } from './own-keys.ts';
import type { PendingEntry, SavePending } from './pending-entry.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';
import { authorityOf } from './signers/authority-signer.ts';
import { assertComplete, submitEntry } from './submission.ts';

/** What to publish instead; anything left out stays as it is. */
export interface PayloadChanges {
  readonly routes?: readonly Route[];
  readonly keys?: readonly PublishedKey[];
  readonly visibility?: Visibility;
}

/** How a change is followed, and kept in case of a crash. */
export interface ChangeOptions {
  readonly onProgress?: OnProgress;
  readonly savePending?: SavePending;
}

/** Publishes other routes, keys or visibility; returns the holding to keep. */
export async function publish(
  context: DirectoryContext,
  change: { holding: Holding; changes: PayloadChanges },
  options: ChangeOptions = {},
): Promise<Holding> {
  const { holding, changes } = change;
  const before = holdingPayload(holding);
  const after: Payload = {
    ...before,
    visibility: changes.visibility ?? before.visibility,
    routes: [...(changes.routes ?? before.routes)],
    keys: [...(changes.keys ?? before.keys)],
  };
  return submitChange(context, await signUpdate(context, holding, after), options);
}

/** Saves, posts and waits until enough members have logged it; returns the holding to keep. */
export async function submitChange(
  context: DirectoryContext,
  pending: PendingEntry,
  options: ChangeOptions,
): Promise<Holding> {
  await options.savePending?.(pending);
  const onProgress = options.onProgress ?? ignoreProgress;
  const { receipts } = assertComplete(await submitEntry(context, { pending, onProgress }));
  return { ...pending.holding, receipts };
}

/** The fields of the next entry that every change of `holding` shares. */
export function nextEntryOf(
  holding: Holding,
): Pick<Entry, 'epoch' | 'label' | 'labelEpoch' | 'prev' | 'v'> {
  const { labelEpoch, label, epoch } = holding;
  return { v: 1 as const, labelEpoch, label, epoch, prev: holding.ownershipId };
}

async function signUpdate(
  context: DirectoryContext,
  holding: Holding,
  after: Payload,
): Promise<PendingEntry> {
  const { crypto, random } = context;
  const payload = encodeValidPayload(after);
  const opening = random.bytes(32);
  const authority = await authorityOf(context, holding);
  const seq = holding.seq + 1;
  const entry = await signEntry(
    {
      ...nextEntryOf(holding),
      kind: 'update',
      seq,
      authority: authority.publicKey,
      commitment: commitPayload(opening, payload, crypto),
      recovery: holding.recovery,
      lock: holding.lock,
      email: holding.email,
    },
    { authority },
  );
  const next = { ...holding, seq, entryId: entryId(entry, crypto), payload, opening, receipts: [] };
  return pendingOf('update', { entry, payload, opening, holding: next });
}

/** A change that no member has seen. */
export function pendingOf(
  kind: PendingEntry['kind'],
  of: Pick<PendingEntry, 'entry' | 'payload' | 'opening' | 'holding'>,
): PendingEntry {
  return { kind, ...of, challenges: [], receipts: [] };
}
