/**
 * Collects as many equal answers about identifiers as were asked for, from members in a given order:
 * first as many as are needed, then another for each that fails, contradicts, or takes long. So a
 * member that is down, lies or lags costs time, and decides nothing.
 */
import type { Identifier } from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import type { MemberFailure } from './failover.ts';
import { inLanes } from './lanes.ts';
import { hedgeMs } from './limits.ts';
import {
  answerAt,
  askMember,
  chunksOf,
  leadingAnswers,
  type MemberLookup,
} from './member-answers.ts';
import type { Member } from './member.ts';

/** One question to several members; filled by `collectAnswers`. */
export interface Ballot {
  readonly identifier: Identifier;
  /** Equal answers that decide it. */
  readonly needed: number;
  /** Members still to be asked, in this order. */
  readonly toAsk: Member[];
  readonly answers: MemberLookup[];
  readonly failures: MemberFailure[];
  /** Members that were asked and are not yet late. */
  waiting: number;
}

export function openBallot(
  identifier: Identifier,
  of: { readonly needed: number; readonly order: readonly Member[] },
): Ballot {
  const { needed, order } = of;
  return { identifier, needed, toAsk: [...order], answers: [], failures: [], waiting: 0 };
}

export function isDecided({ answers, needed }: Ballot): boolean {
  return leadingAnswers(answers).length >= needed;
}

/** Asks until every ballot is decided or has nobody left to ask. Never throws for a member. */
export async function collectAnswers(
  context: DirectoryContext,
  ballots: readonly Ballot[],
  signal?: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const ended = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const inFlight = new Map<Promise<void>, Member>();
  try {
    for (;;) {
      for (const [member, part] of whomToAsk(ballots)) {
        const call: Promise<void> = askAbout(context, member, { part, signal: ended }).finally(() =>
          inFlight.delete(call),
        );
        inFlight.set(call, member);
      }
      signal?.throwIfAborted();
      if (inFlight.size === 0 || ballots.every(isDecided)) return;
      await oneEndsOrIsLate(context, inFlight, ballots);
    }
  } finally {
    over.abort();
    await Promise.allSettled(inFlight.keys());
  }
}

/** Takes of every open ballot as many members as it lacks; a member gets all it is asked in one go. */
function whomToAsk(ballots: readonly Ballot[]): Map<Member, Ballot[]> {
  const asked = new Map<Member, Ballot[]>();
  for (const ballot of ballots) {
    const lacking = ballot.needed - leadingAnswers(ballot.answers).length - ballot.waiting;
    for (const member of ballot.toAsk.splice(0, Math.max(0, lacking))) {
      ballot.waiting += 1;
      const part = asked.get(member) ?? [];
      part.push(ballot);
      asked.set(member, part);
    }
  }
  return asked;
}

async function askAbout(
  context: DirectoryContext,
  member: Member,
  of: { readonly part: readonly Ballot[]; readonly signal: AbortSignal },
): Promise<void> {
  const { lookupsMax, callsAtOnce } = context.asking;
  await inLanes(chunksOf(of.part, lookupsMax), callsAtOnce, async (chunk) => {
    const identifiers = chunk.map(({ identifier }) => identifier);
    const answers = await askMember(context, member, { identifiers, signal: of.signal });
    chunk.forEach((ballot, index) => {
      ballot.answers.push(answerAt(answers, index));
      if ('error' in answers) ballot.failures.push(answers);
      ballot.waiting = Math.max(0, ballot.waiting - 1);
    });
  });
}

/** Waits for any answer; where none comes for a while, nobody who was asked is waited for any more. */
async function oneEndsOrIsLate(
  context: DirectoryContext,
  inFlight: ReadonlyMap<Promise<void>, Member>,
  ballots: readonly Ballot[],
): Promise<void> {
  const answers = [...inFlight.keys()].map((call) => call.then(() => false));
  const others = ballots.some((ballot) => ballot.toAsk.length > 0 && !isDecided(ballot));
  if (!others) {
    await Promise.race(answers);
    return;
  }
  const answered = new AbortController();
  const late = context.pause(hedgeMs, answered.signal).then(
    () => true,
    () => false,
  );
  const isLate = await Promise.race([late, ...answers]);
  answered.abort();
  if (!isLate) return;
  for (const member of inFlight.values()) context.health.failed(member);
  for (const ballot of ballots) ballot.waiting = 0;
}
