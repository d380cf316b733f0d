/** `callbook status`: what is held here, compared with what every member says. */
import { holdingPayload, type Holding, type Survey, type MemberEntryState } from '@callbook/client';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectRecord } from '../journal.ts';
import type { KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import { writeRoute } from '../route-text.ts';
import { surveyOwn } from '../own-survey.ts';
import type { Session } from '../session.ts';
import { describeOwnership } from './status-ownership.ts';

/**
 * `published`: every member that answered says what the key file says. `spreading`: some do not say
 * it yet. `changed`: a newer entry of the same key is in force. `replaced`: another ownership entry
 * is. `absent`: no member publishes it. `pending`: an entry is not known to be complete. `unclaimed`:
 * the claim stopped before an entry was signed.
 */
type HoldingState =
  | 'published'
  | 'spreading'
  | 'changed'
  | 'replaced'
  | 'absent'
  | 'pending'
  | 'unclaimed'
  | 'requested';

const exitCodeOf: Readonly<Record<HoldingState, ExitCode>> = {
  published: exitCodes.ok,
  spreading: exitCodes.ok,
  changed: exitCodes.actionNeeded,
  replaced: exitCodes.verifiedBad,
  absent: exitCodes.actionNeeded,
  pending: exitCodes.actionNeeded,
  unclaimed: exitCodes.actionNeeded,
  requested: exitCodes.actionNeeded,
};

const nextStepOf: Readonly<Record<HoldingState, string | undefined>> = {
  published: undefined,
  spreading: 'Ask again in a few seconds.',
  changed: 'Another device with this key has changed it; use that one.',
  replaced: 'Somebody else holds the number now. If it is yours, act at once: callbook replace',
  absent: 'Publish it again: callbook routes set',
  pending: 'Run the command that was broken off again; it continues the same entry.',
  unclaimed: 'Claim it: callbook register',
  requested: undefined,
};

export async function status(session: Session, number: string | undefined): Promise<ExitCode> {
  const records = await selectRecords(session, number);
  if (records.length === 0) session.report.progress('no number is held here');
  let worst: ExitCode = exitCodes.ok;
  for (const record of records) {
    const { value, lines, exitCode } = await describeRecord(session, record);
    session.report.result(value, lines);
    // "Verified bad" must not be hidden by anything milder.
    if (worst !== exitCodes.verifiedBad && exitCode !== exitCodes.ok) worst = exitCode;
  }
  return worst;
}

/** The records that a command is about: one, or all there are. */
export async function selectRecords(
  session: Session,
  number: string | undefined,
): Promise<KeyRecord[]> {
  return number === undefined
    ? await session.keys.readAll()
    : [await selectRecord(session, number)];
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

/** What there is to say of one record. */
interface RecordStatus {
  readonly value: object;
  readonly lines: readonly string[];
  readonly exitCode: ExitCode;
}

/** Asks the members about a record; every error of a claim of its own is left to the claim. */
async function describeRecord(session: Session, record: KeyRecord): Promise<RecordStatus> {
  const { identifier, holding, pending } = record;
  const entryId = pending?.holding.entryId ?? holding?.entryId;
  const [found, entries] = await Promise.all([
    surveyOwn(session, record),
    entryId === undefined ? [] : session.directory.entryState(entryId),
  ]);
  const state = stateOfRecord(record, found, entries);
  const ownership = await describeOwnership(session, record, found);
  const payload = holding === null ? undefined : holdingPayload(holding);
  const next = ownership.next ?? nextStepOf[state];
  const keyFile = session.keys.pathOf(identifier);
  const { agreement } = found;
  return {
    exitCode: ownership.isUrgent ? worseOf(exitCodeOf[state]) : exitCodeOf[state],
    value: {
      identifier,
      state,
      ...(holding === null ? {} : { epoch: holding.epoch, seq: holding.seq }),
      ...(entryId === undefined ? {} : { entryId: entryId.toHex() }),
      ...ownership.value,
      agreement,
      members: found.members.map(({ member, state: said }) => ({ member, state: said })),
      entry: entries,
      routes: payload?.routes ?? [],
      keyFile,
    },
    lines: [
      writeIdentifier(identifier),
      `  state     ${state}`,
      `  members   ${agreement.agreeing} of ${agreement.asked} say "${found.state}"`,
      ...entries.map((entry) => `  entry     ${describeEntry(entry)}`),
      ...(payload?.routes ?? []).map((route) => `  route  ${writeRoute(route)}`),
      ...ownership.lines,
      `  key file  ${keyFile}`,
      ...(next === undefined ? [] : [`  next      ${next}`]),
    ],
  };
}

function worseOf(code: ExitCode): ExitCode {
  return code === exitCodes.ok ? exitCodes.actionNeeded : code;
}

function stateOfRecord(
  { holding, pending, replacement }: KeyRecord,
  found: Survey,
  entries: readonly MemberEntryState[],
): HoldingState {
  if (pending !== null) return 'pending';
  if (replacement !== null && holding === null) return 'requested';
  // Who has taken it over may publish nothing: the look-up does not tell that.
  if (found.state === 'absent' && holding !== null && isSuperseded(holding, entries)) {
    return 'replaced';
  }
  return stateOf(holding, found);
}

function stateOf(holding: Holding | null, found: Survey): HoldingState {
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

/** Whether most members that know an entry of the holding have another holder in force. */
export function isSuperseded({ epoch }: Holding, entries: readonly MemberEntryState[]): boolean {
  const known = entries.filter((entry) => 'epoch' in entry);
  const later = known.filter((entry) => entry.epoch !== null && entry.epoch > epoch);
  return 2 * later.length > known.length;
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
