/** `callbook status`: what is held here, compared with what every member says. */
import { holdingPayload, type Holding, type Lookup, type MemberEntryState } from '@callbook/client';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectRecord } from '../journal.ts';
import type { KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import { writeRoute } from '../route-text.ts';
import type { Session } from '../session.ts';

/**
 * `published`: every member that answered says what the key file says. `spreading`: some do not say
 * it yet. `changed`: a newer entry of the same key is in force. `replaced`: another ownership entry
 * is. `absent`: no member publishes it. `pending`: an entry is not known to be complete. `unclaimed`:
 * the claim stopped before an entry was signed.
 */
type HoldingState =
  'published' | 'spreading' | 'changed' | 'replaced' | 'absent' | 'pending' | 'unclaimed';

const exitCodeOf: Readonly<Record<HoldingState, ExitCode>> = {
  published: exitCodes.ok,
  spreading: exitCodes.ok,
  changed: exitCodes.actionNeeded,
  replaced: exitCodes.verifiedBad,
  absent: exitCodes.actionNeeded,
  pending: exitCodes.actionNeeded,
  unclaimed: exitCodes.actionNeeded,
};

const nextStepOf: Readonly<Record<HoldingState, string | undefined>> = {
  published: undefined,
  spreading: 'Ask again in a few seconds.',
  changed: 'Another device with this key has changed it; use that one.',
  replaced: 'Somebody else holds the number now. If it is yours, act at once.',
  absent: 'Publish it again: callbook routes set',
  pending: 'Run the command that was broken off again; it continues the same entry.',
  unclaimed: 'Claim it: callbook register',
};

export async function status(session: Session, number: string | undefined): Promise<ExitCode> {
  const records =
    number === undefined ? await session.keys.readAll() : [await selectRecord(session, number)];
  if (records.length === 0) session.report.progress('no number is held here');
  let worst: ExitCode = exitCodes.ok;
  for (const record of records) {
    const code = await reportRecord(session, record);
    // "Verified bad" must not be hidden by anything milder.
    if (worst !== exitCodes.verifiedBad && code !== exitCodes.ok) worst = code;
  }
  return worst;
}

export interface StatusOptions {
  /** 64 hexadecimal digits. */
  readonly entry?: string;
}

/** Says what every member knows of one entry: whether a release has been carried out everywhere. */
export async function entryStatus(session: Session, id: string): Promise<ExitCode> {
  if (!/^[0-9a-f]{64}$/.test(id)) {
    throw cliError('usage', 'the id of an entry is 64 hexadecimal digits');
  }
  const entries = await session.directory.entryState(Uint8Array.fromHex(id));
  session.report.result(
    { entryId: id, entry: entries },
    entries.map((entry) => `  entry     ${describeEntry(entry)}`),
  );
  return exitCodes.ok;
}

async function reportRecord(session: Session, record: KeyRecord): Promise<ExitCode> {
  const { identifier, holding, pending } = record;
  const entryId = pending?.holding.entryId ?? holding?.entryId;
  const [found, entries] = await Promise.all([
    session.directory.lookup(identifier),
    entryId === undefined ? [] : session.directory.entryState(entryId),
  ]);
  const state = pending === null ? stateOf(holding, found) : 'pending';
  const payload = holding === null ? undefined : holdingPayload(holding);
  const next = nextStepOf[state];
  const keyFile = session.keys.pathOf(identifier);
  const { agreement } = found;
  session.report.result(
    {
      identifier,
      state,
      ...(holding === null ? {} : { epoch: holding.epoch, seq: holding.seq }),
      ...(entryId === undefined ? {} : { entryId: entryId.toHex() }),
      agreement,
      members: found.members.map(({ member, state }) => ({ member, state })),
      entry: entries,
      routes: payload?.routes ?? [],
      keyFile,
    },
    [
      writeIdentifier(identifier),
      `  state     ${state}`,
      `  members   ${agreement.agreeing} of ${agreement.asked} say "${found.state}"`,
      ...entries.map((entry) => `  entry     ${describeEntry(entry)}`),
      ...(payload?.routes ?? []).map((route) => `  route  ${writeRoute(route)}`),
      `  key file  ${keyFile}`,
      ...(next === undefined ? [] : [`  next      ${next}`]),
    ],
  );
  return exitCodeOf[state];
}

function stateOf(holding: Holding | null, found: Lookup): HoldingState {
  if (holding === null) return 'unclaimed';
  if (found.state === 'absent') return 'absent';
  const { binding, agreement } = found;
  if (binding.ownershipId.toHex() !== holding.ownershipId.toHex()) {
    // A member that lags shows the entry before ours: the same holder or the one before.
    return binding.epoch < holding.epoch ? 'spreading' : 'replaced';
  }
  if (binding.seq > holding.seq) return 'changed';
  const everywhere = agreement.agreeing === agreement.answered;
  return binding.seq === holding.seq && everywhere ? 'published' : 'spreading';
}

function describeEntry(entry: MemberEntryState): string {
  switch (entry.state) {
    case 'failed':
      return `${entry.member}: no answer (${entry.code})`;
    case 'unknown':
      return `${entry.member}: not seen yet`;
    case 'complete':
    case 'incomplete':
      return `${entry.member}: ${entry.state}${entry.inForce ? ', in force' : ''}${erased(entry.erasedAtMs)}`;
  }
}

function erased(atMs: number | null): string {
  return atMs === null ? '' : `, erased ${new Date(atMs).toISOString()}`;
}
