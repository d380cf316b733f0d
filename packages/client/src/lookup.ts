/**
 * Looks identifiers up at every active member and says how many agree. A member that fails says
 * nothing about an identifier: it lowers the count of answers and is never read as "absent".
 */
import {
  encodeBase64Url,
  lookupIdentifiersMax,
  type Identifier,
  type PublishedKey,
  type Route,
} from '@callbook/protocol';
import { parseLookupAnswers, type LookedUpBinding, type LookupAnswer } from './api-answers.ts';
import { assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError, type ClientErrorCode } from './errors.ts';
import { summariseFailures, survive } from './failover.ts';
import { lookupCharactersMax } from './limits.ts';
import { callMember } from './member-call.ts';
import type { Member } from './member.ts';

/** What one member said. */
export type MemberLookup =
  | { readonly member: string; readonly state: 'published'; readonly binding: LookedUpBinding }
  | { readonly member: string; readonly state: 'absent' }
  | { readonly member: string; readonly state: 'failed'; readonly code: ClientErrorCode };

export interface Agreement {
  /** Members that gave the answer which is returned. */
  readonly agreeing: number;
  /** Members that answered at all. */
  readonly answered: number;
  readonly asked: number;
  /** How many have to agree before one dishonest member can no longer decide the answer. */
  readonly quorum: number;
}

export type Lookup = (
  { readonly state: 'published'; readonly binding: LookedUpBinding } | { readonly state: 'absent' }
) & {
  readonly identifier: Identifier;
  readonly agreement: Agreement;
  readonly members: readonly MemberLookup[];
};

/** Looks one identifier up. Throws `directory_unavailable` when no member answered. */
export async function lookup(context: DirectoryContext, identifier: Identifier): Promise<Lookup> {
  const [only] = await lookupMany(context, [identifier]);
  if (only === undefined) throw new TypeError('one question has one answer');
  return only;
}

/** Looks any number of identifiers up, in the order given; 1 000 in one call to a member. */
export async function lookupMany(
  context: DirectoryContext,
  identifiers: readonly Identifier[],
): Promise<Lookup[]> {
  identifiers.forEach(assertIdentifier);
  const lookups: Lookup[] = [];
  for (const chunk of chunksOf(identifiers)) lookups.push(...(await lookupChunk(context, chunk)));
  return lookups;
}

function chunksOf(identifiers: readonly Identifier[]): Identifier[][] {
  const chunks: Identifier[][] = [];
  let characters = 0;
  for (const identifier of identifiers) {
    const last = chunks.at(-1);
    characters += identifier.length + 3;
    const fits = last !== undefined && last.length < lookupIdentifiersMax;
    if (fits && characters <= lookupCharactersMax) {
      last.push(identifier);
    } else {
      chunks.push([identifier]);
      characters = identifier.length + 3;
    }
  }
  return chunks;
}

async function lookupChunk(
  context: DirectoryContext,
  identifiers: readonly Identifier[],
): Promise<Lookup[]> {
  const asked = await Promise.all(
    context.members.map((member) => askMember(context, member, identifiers)),
  );
  const failures = asked.flatMap((answer) => ('error' in answer ? [answer] : []));
  if (failures.length === asked.length) throw summariseFailures(failures, 1);
  return identifiers.map((identifier, index) => {
    const members = asked.map((answer): MemberLookup => {
      const member = answer.member.name;
      if ('error' in answer) return { member, state: 'failed', code: answer.error.code };
      const result = answer.results[index];
      if (result === undefined) throw clientError('member_answer_malformed', 'result is missing');
      return { member, ...result };
    });
    return agree(identifier, members, context.quorum);
  });
}

type Asked =
  | { readonly member: Member; readonly results: readonly LookupAnswer[] }
  | ReturnType<typeof survive>;

async function askMember(
  context: DirectoryContext,
  member: Member,
  identifiers: readonly Identifier[],
): Promise<Asked> {
  try {
    const json = await callMember(context.fetch, member, {
      method: 'POST',
      path: '/v1/lookups',
      body: { identifiers },
    });
    return { member, results: parseLookupAnswers(json, identifiers.length) };
  } catch (error) {
    return survive(member, error);
  }
}

/** The answer most members gave; of two equally frequent ones the newer, as one of them lags. */
function agree(identifier: Identifier, members: readonly MemberLookup[], quorum: number): Lookup {
  const answers = members.filter((answer) => answer.state !== 'failed');
  const groups = Map.groupBy(answers, describeAnswer);
  const [best] = [...groups.values()].sort((a, b) => b.length - a.length || compareAge(b[0], a[0]));
  const answer = best?.[0];
  if (best === undefined || answer === undefined) {
    throw clientError('directory_unavailable', 'no member answered');
  }
  const agreement = {
    agreeing: best.length,
    answered: answers.length,
    asked: members.length,
    quorum,
  };
  return answer.state === 'published'
    ? { identifier, state: 'published', binding: answer.binding, agreement, members }
    : { identifier, state: 'absent', agreement, members };
}

function compareAge(a: MemberLookup | undefined, b: MemberLookup | undefined): number {
  const [epochA, seqA] = ageOf(a);
  const [epochB, seqB] = ageOf(b);
  return epochA - epochB || seqA - seqB;
}

function ageOf(answer: MemberLookup | undefined): [epoch: number, seq: number] {
  return answer?.state === 'published' ? [answer.binding.epoch, answer.binding.seq] : [-1, -1];
}

/**
 * The text in which equal answers are equal. `origin` and `changedAtMs` are left out: which log had
 * an entry first is settled only when all logs have been read.
 */
function describeAnswer(answer: MemberLookup): string {
  if (answer.state !== 'published') return answer.state;
  const { binding } = answer;
  return JSON.stringify([
    binding.visibility,
    binding.routes.map(describeRoute).sort(),
    binding.keys.map(describeKey).sort(),
    [binding.labelEpoch, binding.epoch, binding.seq],
    [binding.label, binding.ownershipId, binding.entryId].map(encodeBase64Url),
  ]);
}

function describeRoute({ service, uri, preference }: Route): string {
  return JSON.stringify([service, uri, preference]);
}

function describeKey({ use, algorithm, key }: PublishedKey): string {
  return JSON.stringify([use, algorithm, encodeBase64Url(key)]);
}
