/**
 * Runs one entry from signing to receipts with the key file as its journal: the entry is in the
 * file before a member sees it, and leaves it only when it is complete or refused by everybody.
 */
import type { ClientErrorCode, Holding, SavePending } from '@callbook/client';
import { DirectoryError } from '@callbook/protocol';
import { cliError } from './errors.ts';
import type { KeyRecord } from './key-file.ts';
import type { Session } from './session.ts';

/** No member has logged the entry, and none will: another may be signed in its place. */
export function isRefused(error: unknown): boolean {
  return error instanceof DirectoryError && refusals.has(error.code);
}

const refusals: ReadonlySet<string> = new Set<ClientErrorCode>([
  'request_refused',
  'class_not_allowed',
  'replacement_paused',
  'hold_pending',
  'replacement_vetoed',
  'replacement_superseded',
  'identifier_free',
]);

/** Runs `submit` and returns the record with the holding it led to. */
export async function journal(
  session: Session,
  record: KeyRecord,
  submit: (savePending: SavePending) => Promise<Holding>,
): Promise<KeyRecord> {
  let current = record;
  const save = async (next: KeyRecord): Promise<void> => {
    await session.keys.update(next);
    current = next;
  };
  try {
    const holding = await submit((pending) => save({ ...current, pending }));
    await save({ ...current, holding, pending: null, replacement: null });
    return current;
  } catch (error) {
    if (isRefused(error) && current.pending !== null) {
      await save({ ...current, pending: null, refused: current.pending });
    }
    throw error;
  }
}

/** A record that holds something. */
export type HeldRecord = KeyRecord & { readonly holding: Holding };

/**
 * Returns the one record that `number` names, or the only one there is, with nothing pending: an
 * entry that a crash left behind is brought to its end first.
 */
export async function selectHeld(
  session: Session,
  number: string | undefined,
): Promise<HeldRecord> {
  const record = await selectRecord(session, number);
  const { pending } = record;
  if (record.holding === null) {
    throw cliError('holding_missing', 'the claim of this number was never completed');
  }
  if (pending === null) return { ...record, holding: record.holding };
  const { onProgress } = session;
  const settled = await journal(session, record, () =>
    session.directory.resume(pending, { onProgress }),
  );
  if (pending.kind === 'release') {
    await session.keys.retire(settled);
    throw cliError('holding_missing', 'the release of this number has been completed');
  }
  return { ...settled, holding: settled.holding ?? record.holding };
}

/** Returns the record that `number` names, or the only one. */
export async function selectRecord(
  session: Session,
  number: string | undefined,
): Promise<KeyRecord> {
  if (number !== undefined) {
    const record = await session.keys.read(await session.readIdentifier(number));
    if (record === undefined) throw cliError('holding_missing', 'no key file holds this number');
    return record;
  }
  const records = await session.keys.readAll();
  const [only] = records;
  if (only === undefined) throw cliError('holding_missing', 'there are no key files');
  if (records.length > 1) {
    throw cliError('holding_ambiguous', `${records.length} numbers are held`);
  }
  return only;
}
