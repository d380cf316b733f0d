/**
 * `callbook watch`: tells what happens to the numbers held here that their holder has not done, and
 * says no to whoever wants one, if told to. One object a line with `--json`, until it is stopped.
 */
import type { Finding, Holding, OwnStates, WatchEvent } from '@callbook/client';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectHeld } from '../journal.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';
import { selectRecords } from './status.ts';
import { vetoAll } from './veto.ts';

export interface WatchCommandOptions {
  readonly veto?: boolean;
  /** Seconds within which a change is told, 1 to 86 400. */
  readonly every: string;
}

const everyMax = 86_400;

/** Runs until it is stopped, or until every number that it watches is gone. */
export async function watch(
  session: Session,
  number: string | undefined,
  options: WatchCommandOptions,
): Promise<ExitCode> {
  const periodMs = readEvery(options.every) * 1000;
  const records = await selectRecords(session, number);
  const held = records.flatMap(({ holding }) => (holding === null ? [] : [holding]));
  if (held.length === 0) throw cliError('holding_missing', 'there is no number to watch');
  const codes = await Promise.all(
    held.map((holding) => watchOne(session, holding, { periodMs, veto: options.veto === true })),
  );
  return codes.includes(exitCodes.verifiedBad)
    ? exitCodes.verifiedBad
    : (Math.max(...codes) as ExitCode);
}

/** Reads the seconds of a period. Throws `usage`. */
function readEvery(text: string): number {
  const seconds = Number(text);
  if (seconds >= 1 && seconds <= everyMax) return seconds;
  throw cliError('usage', `--every is not a number of seconds from 1 to ${everyMax}`);
}

async function watchOne(
  session: Session,
  first: Holding,
  of: { readonly periodMs: number; readonly veto: boolean },
): Promise<ExitCode> {
  const { identifier } = first;
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, session.terminal.stopped]);
  let own: OwnStates = [first];
  /** As another command has left it, or leaves it just now; a number given up is watched no more. */
  const now = async (): Promise<OwnStates> => {
    const record = await session.keys.read(identifier);
    if (record?.holding == null) stopping.abort();
    else own = [record.holding, ...(record.pending === null ? [] : [record.pending.holding])];
    return own;
  };
  let worst: ExitCode = exitCodes.ok;
  for await (const event of session.directory.watch(now, { periodMs: of.periodMs, signal })) {
    if (signal.aborted) break;
    session.report.result({ identifier, ...jsonOf(event) }, [
      `${writeIdentifier(identifier)}  ${describeEvent(event)}`,
    ]);
    const code = exitCodeOf[event.kind];
    if (worst !== exitCodes.verifiedBad && code !== exitCodes.ok) worst = code;
    if (event.kind === 'request' && of.veto) await refuse(session, identifier, event);
  }
  return worst;
}

const exitCodeOf: Readonly<Record<WatchEvent['kind'], ExitCode>> = {
  watching: exitCodes.ok,
  request: exitCodes.actionNeeded,
  request_gone: exitCodes.ok,
  unreachable: exitCodes.unavailable,
  changed: exitCodes.actionNeeded,
  rotated: exitCodes.verifiedBad,
  replaced: exitCodes.verifiedBad,
  released: exitCodes.verifiedBad,
  absent: exitCodes.actionNeeded,
  member_differs: exitCodes.ok,
};

/** Through the journal of the key file, so that a veto that is broken off is brought to its end. */
async function refuse(
  session: Session,
  identifier: Holding['identifier'],
  { request }: Extract<WatchEvent, { kind: 'request' }>,
): Promise<void> {
  try {
    const held = await selectHeld(session, identifier);
    await vetoAll(session, held, { requests: [request], options: {} });
    const vetoed = [request.requestId.toHex()];
    session.report.result({ identifier, event: 'vetoed', vetoed }, [
      `${writeIdentifier(identifier)}  stays yours: the request is vetoed`,
    ]);
  } catch (error) {
    // The watch goes on: whoever reads it may veto by code.
    session.report.error(error);
  }
}

function jsonOf(event: WatchEvent): object {
  if (event.kind === 'request') {
    const { requestId, ...request } = event.request;
    return { event: event.kind, request: { requestId: requestId.toHex(), ...request } };
  }
  if (event.kind === 'request_gone') {
    return { event: event.kind, requestId: event.requestId.toHex() };
  }
  const { kind, ...rest } = event;
  return { event: kind, ...rest };
}

function describeEvent(event: WatchEvent): string {
  if (event.kind === 'watching') {
    return `${event.agreement.agreeing} of ${event.agreement.asked} members agree`;
  }
  if (event.kind === 'request') {
    const from = new Date(event.request.commitFromMs).toISOString();
    return `REQUEST   somebody wants to take it over from ${from} on: callbook veto`;
  }
  if (event.kind === 'request_gone') return 'the request is gone';
  if (event.kind === 'unreachable') return `too few members answer (${event.code})`;
  return describeFinding(event);
}

function describeFinding(finding: Finding): string {
  switch (finding.kind) {
    case 'changed':
      return `CHANGED   something else is published by your key: ${finding.members.join(', ')}`;
    case 'rotated':
      return `ROTATED   your key was replaced by whoever had it: callbook replace`;
    case 'replaced':
      return `REPLACED  somebody else holds it now: callbook replace`;
    case 'released':
      return `RELEASED  it was given up by whoever had your key: callbook replace`;
    case 'absent':
      return `ABSENT    the members publish nothing: callbook routes set`;
    case 'member_differs':
      return `${finding.member} says something else (${finding.says}), and proves nothing`;
  }
}
