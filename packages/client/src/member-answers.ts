/**
 * Asks one member about some identifiers, and says when two answers are the same. A member that fails
 * says nothing about an identifier, and is never read as "absent".
 */
import {
  encodeBase64Url,
  type Identifier,
  type PublishedKey,
  type Route,
} from '@callbook/protocol';
import { parseLookupAnswers, type LookedUpBinding, type LookupAnswer } from './api-answers.ts';
import type { DirectoryContext } from './directory-context.ts';
import type { ClientErrorCode } from './errors.ts';
import { survive, type MemberFailure } from './failover.ts';
import { lookupCharactersMax } from './limits.ts';
import { callMember } from './member-call.ts';
import type { Member } from './member.ts';

/** What one member said. */
export type MemberLookup =
  | { readonly member: string; readonly state: 'published'; readonly binding: LookedUpBinding }
  | { readonly member: string; readonly state: 'absent' }
  | { readonly member: string; readonly state: 'failed'; readonly code: ClientErrorCode };

/** A member's answers to some identifiers, in their order, or why there are none. */
export type MemberAnswers =
  { readonly member: Member; readonly results: readonly LookupAnswer[] } | MemberFailure;

/** Asks in one call: as many identifiers as `chunksOf` puts together. Never throws for a member. */
export async function askMember(
  context: DirectoryContext,
  member: Member,
  of: { readonly identifiers: readonly Identifier[]; readonly signal?: AbortSignal },
): Promise<MemberAnswers> {
  const { identifiers, signal } = of;
  try {
    const json = await callMember(context.fetch, member, {
      method: 'POST',
      path: '/v1/lookups',
      body: { identifiers },
      ...(signal === undefined ? {} : { signal }),
    });
    const results = parseLookupAnswers(json, identifiers.length);
    context.health.answered(member);
    return { member, results };
  } catch (error) {
    const failure = survive(member, error);
    if (signal?.aborted !== true) context.health.failed(member);
    return failure;
  }
}

/** What `answers` say about the identifier at `index` of the question. */
export function answerAt(answers: MemberAnswers, index: number): MemberLookup {
  const member = answers.member.name;
  if ('error' in answers) return { member, state: 'failed', code: answers.error.code };
  const result = answers.results[index];
  if (result === undefined) throw new TypeError('every identifier has a result');
  return { member, ...result };
}

/** Cuts a list where one call to a member ends. */
export function chunksOf<T extends { readonly identifier: Identifier }>(
  asked: readonly T[],
  lookupsMax: number,
): T[][] {
  const chunks: T[][] = [];
  let characters = 0;
  for (const item of asked) {
    const last = chunks.at(-1);
    characters += item.identifier.length + 3;
    const fits = last !== undefined && last.length < lookupsMax;
    if (fits && characters <= lookupCharactersMax) {
      last.push(item);
    } else {
      chunks.push([item]);
      characters = item.identifier.length + 3;
    }
  }
  return chunks;
}

/**
 * The answers that say the same as most do; of two equally frequent ones the newer, as one of the two
 * lags. Empty where nobody answered.
 */
export function leadingAnswers(answers: readonly MemberLookup[]): readonly MemberLookup[] {
  const groups = Map.groupBy(
    answers.filter(({ state }) => state !== 'failed'),
    describeAnswer,
  );
  const sorted = [...groups.values()].sort((a, b) => b.length - a.length || compareAge(b[0], a[0]));
  return sorted[0] ?? [];
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
    describePublished(binding),
    [binding.labelEpoch, binding.epoch, binding.seq],
    [binding.label, binding.ownershipId, binding.entryId].map(encodeBase64Url),
  ]);
}

/** The text in which two payloads that publish the same are equal. */
export function describePublished(
  binding: Pick<LookedUpBinding, 'visibility' | 'routes' | 'keys'>,
): string {
  return JSON.stringify([
    binding.visibility,
    binding.routes.map(describeRoute).sort(),
    binding.keys.map(describeKey).sort(),
  ]);
}

function describeRoute({ service, uri, preference }: Route): string {
  return JSON.stringify([service, uri, preference]);
}

function describeKey({ use, algorithm, key }: PublishedKey): string {
  return JSON.stringify([use, algorithm, encodeBase64Url(key)]);
}
