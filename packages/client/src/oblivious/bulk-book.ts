/**
 * The first pass over an address book: 16 numbers a capsule, 16 octets for each, the same whether anybody
 * has it. Which member gets which numbers in which chunk is drawn anew every time, so a chunk says
 * little of whose book it is of. What as many members as are needed call absent is settled here; what any
 * member has is left to be asked for with its keys, and so is all that could not be settled.
 */
import {
  bulkMediaType,
  encodeBulkRequest,
  obliviousBulkSlots,
  parseBulkAnswers,
  type BulkAnswer,
  type Identifier,
} from '@callbook/protocol';
import { orderAt, type DirectoryContext } from '../directory-context.ts';
import { clientError } from '../errors.ts';
import { survive, waitMsOf, type MemberFailure } from '../failover.ts';
import { inLanes } from '../lanes.ts';
import { lookupWaitMsMax } from '../limits.ts';
import type { MemberLookup } from '../member-answers.ts';
import { callMemberForOctets } from '../member-call.ts';
import type { Member } from '../member.ts';
import { shuffled } from '../shuffle.ts';

export interface SiftOptions {
  /** Members that must say that there is nothing. */
  readonly needed: number;
  readonly signal?: AbortSignal;
  /** Hears how many are settled. */
  readonly onDone?: (count: number) => void;
}

export interface SiftedBook {
  /** What is settled as absent, and what each member that was asked has said. */
  readonly absent: ReadonlyMap<Identifier, readonly MemberLookup[]>;
  /** Everything else, in the order given. */
  readonly left: readonly Identifier[];
}

interface Vote {
  readonly identifier: `tel:${string}`;
  readonly toAsk: Member[];
  readonly said: MemberLookup[];
  absentCount: number;
  isHeld: boolean;
}

/** Sifts what members call absent out of a list. Never throws for a member. */
export async function siftBook(
  context: DirectoryContext,
  identifiers: readonly Identifier[],
  options: SiftOptions,
): Promise<SiftedBook> {
  const { needed, onDone } = options;
  const votes = identifiers.filter(isNumber).map((identifier, place): Vote => ({
    identifier,
    toAsk: orderAt(context, place),
    said: [],
    absentCount: 0,
    isHeld: false,
  }));
  const isSettled = ({ isHeld, absentCount }: Vote): boolean => isHeld || absentCount >= needed;
  for (;;) {
    const parts = whomToAsk(
      votes.filter((vote) => !isSettled(vote)),
      needed,
    );
    if (parts.size === 0) break;
    const asking = [...parts].map(([member, part]) =>
      askMember(context, member, {
        part,
        signal: options.signal,
        onAnswer: () => onDone?.(votes.filter((vote) => !vote.isHeld && isSettled(vote)).length),
      }),
    );
    await Promise.all(asking);
  }
  const absent = new Map(
    votes
      .filter((vote) => !vote.isHeld && isSettled(vote))
      .map(({ identifier, said }): [Identifier, MemberLookup[]] => [identifier, said]),
  );
  return { absent, left: identifiers.filter((identifier) => !absent.has(identifier)) };
}

/** Other identifiers have no slot. */
function isNumber(identifier: Identifier): identifier is `tel:${string}` {
  return identifier.startsWith('tel:');
}

/** Of each number as many members as it lacks. */
function whomToAsk(open: readonly Vote[], needed: number): Map<Member, Vote[]> {
  const parts = new Map<Member, Vote[]>();
  for (const vote of open) {
    for (const member of vote.toAsk.splice(0, needed - vote.absentCount)) {
      const part = parts.get(member) ?? [];
      part.push(vote);
      parts.set(member, part);
    }
  }
  return parts;
}

interface MemberPart {
  readonly part: readonly Vote[];
  readonly signal: AbortSignal | undefined;
  readonly onAnswer: () => void;
}

async function askMember(
  context: DirectoryContext,
  member: Member,
  { part, signal, onAnswer }: MemberPart,
): Promise<void> {
  // Shuffled for each member: otherwise chunks of two would show which belong together.
  const order = shuffled(part, context.random);
  const chunks = Array.from({ length: Math.ceil(order.length / obliviousBulkSlots) }, (_, chunk) =>
    order.slice(chunk * obliviousBulkSlots, (chunk + 1) * obliviousBulkSlots),
  );
  const { callsAtOnce } = context.asking;
  let waitMsLeft = lookupWaitMsMax * callsAtOnce;
  const ask = async (chunk: readonly Vote[]): Promise<readonly BulkAnswer[] | MemberFailure> => {
    for (;;) {
      const answers = await tryChunk(context, member, { chunk, signal });
      const waitMs = 'error' in answers ? waitMsOf(answers) : undefined;
      if (waitMs === undefined || waitMs > waitMsLeft) return answers;
      // Its budget for those whom nobody knows is spent, by whomever: it fills again.
      waitMsLeft -= waitMs;
      await context.pause(waitMs, signal);
    }
  };
  await inLanes(chunks, callsAtOnce, async (chunk) => {
    const answers = await ask(chunk);
    if ('error' in answers) {
      const failed = { member: member.name, state: 'failed', code: answers.error.code } as const;
      for (const { said } of chunk) said.push(failed);
      context.health.failed(member);
    } else {
      chunk.forEach((vote, place) => count(vote, member, answers[place]));
      context.health.answered(member);
    }
    onAnswer();
  });
}

async function tryChunk(
  context: DirectoryContext,
  member: Member,
  of: { readonly chunk: readonly Vote[]; readonly signal: AbortSignal | undefined },
): Promise<readonly BulkAnswer[] | MemberFailure> {
  try {
    return await askChunk(context, member, of);
  } catch (error) {
    of.signal?.throwIfAborted();
    return survive(member, error);
  }
}

async function askChunk(
  context: DirectoryContext,
  member: Member,
  { chunk, signal }: { readonly chunk: readonly Vote[]; readonly signal: AbortSignal | undefined },
): Promise<readonly BulkAnswer[]> {
  const body = encodeBulkRequest(
    chunk.map(({ identifier }) => identifier),
    obliviousBulkSlots,
  );
  const octets = await callMemberForOctets(context.fetch, member, {
    method: 'POST',
    path: '/v1/bulk',
    body,
    mediaType: bulkMediaType,
    ...(signal === undefined ? {} : { signal }),
  });
  const answers = parseBulkAnswers(octets, obliviousBulkSlots);
  if (answers.verdict === 'accept') return answers.value;
  throw clientError(
    'member_answer_malformed',
    `answer of member ${member.name} is no bulk answer`,
    {
      details: { member: member.name },
    },
  );
}

function count(vote: Vote, member: Member, answer: BulkAnswer | undefined): void {
  // What is published is asked for with its keys: here it counts only that there is something.
  if (answer?.status === 'published') vote.isHeld = true;
  if (answer?.status !== 'absent') return;
  vote.absentCount += 1;
  vote.said.push({ member: member.name, state: 'absent' });
}
