/**
 * Proofs of many answers: in batches, spread over the members, each member one batch at a time. A
 * member whose budget is spent is waited for, as long as its Retry-After says. What one member does
 * not prove is asked of the next, until every member has been asked.
 */
import type { Identifier } from '@callbook/protocol';
import { orderAt, type DirectoryContext } from './directory-context.ts';
import { isClientError, type ClientErrorCode } from './errors.ts';
import { survive, waitMsOf, type MemberFailure } from './failover.ts';
import { inLanes } from './lanes.ts';
import { proofWaitMsMax } from './limits.ts';
import type { ProofReason } from './lookup-reason.ts';
import type { CountedLookup } from './lookup.ts';
import type { Member } from './member.ts';
import { bearsOut, differing, isWithheld, unproven, withheld } from './proof-reason.ts';
import { proveAt, proveSeveralAt, withPassedOver } from './prove.ts';
import type { ProvenIdentifier } from './verify-proof.ts';

export interface ProofBatchOptions {
  readonly signal?: AbortSignal;
  /** Hears how many answers are done. */
  readonly onDone?: (count: number) => void;
}

/** What proves an answer, or the code of why nothing does. */
export type ProofOutcome = ProofReason | ClientErrorCode;

/** An answer, and who has not proven it so far. */
interface Wanted {
  readonly answer: CountedLookup;
  /** Members still to be asked, in this order. */
  readonly toAsk: Member[];
  readonly failures: MemberFailure[];
}

interface BatchSearch {
  readonly outcomes: Map<Identifier, ProofOutcome>;
  readonly options: ProofBatchOptions;
}

/** Returns an outcome for each answer. */
export async function findProofs(
  context: DirectoryContext,
  answers: readonly CountedLookup[],
  options: ProofBatchOptions,
): Promise<ReadonlyMap<Identifier, ProofOutcome>> {
  let open = answers.map((answer, place): Wanted => ({
    answer,
    toAsk: orderAt(context, place),
    failures: [],
  }));
  const search = { outcomes: new Map<Identifier, ProofOutcome>(), options };
  while (open.length > 0) {
    const parts = new Map<Member, Wanted[]>();
    for (const wanted of open) {
      const member = wanted.toAsk.shift();
      if (member === undefined) {
        search.outcomes.set(wanted.answer.identifier, outcomeOf(wanted.failures));
      } else {
        const part = parts.get(member) ?? [];
        part.push(wanted);
        parts.set(member, part);
      }
    }
    const left = [...parts].map(([member, part]) =>
      proveByMember(context, member, { part, search }),
    );
    open = (await Promise.all(left)).flat();
  }
  return search.outcomes;
}

/** Returns those that this member has not proven. */
async function proveByMember(
  context: DirectoryContext,
  member: Member,
  of: { readonly part: readonly Wanted[]; readonly search: BatchSearch },
): Promise<Wanted[]> {
  const { outcomes, options } = of.search;
  const { proofsMax, callsAtOnce } = context.asking;
  const left: Wanted[] = [];
  let waitMsLeft = proofWaitMsMax * callsAtOnce;
  const ask = async (batch: readonly Wanted[]): Promise<BatchResult> => {
    for (;;) {
      const result = await proveBatch(context, member, { batch, signal: options.signal });
      const waitMs = 'error' in result ? waitMsOf(result) : undefined;
      if (waitMs === undefined || waitMs > waitMsLeft) return result;
      waitMsLeft -= waitMs;
      await context.pause(waitMs, options.signal);
    }
  };
  await inLanes(batchesOf(of.part, proofsMax), callsAtOnce, async (batch) => {
    const result = await ask(batch);
    for (const [place, wanted] of batch.entries()) {
      const outcome = outcomeAt(result, place, { wanted, member });
      const isOver = 'error' in outcome && isWithheld(outcome, wanted.answer);
      if (isOver) outcomes.set(wanted.answer.identifier, outcomeOf([outcome]));
      else if ('error' in outcome) {
        left.push({ ...wanted, failures: [...wanted.failures, outcome] });
      } else outcomes.set(wanted.answer.identifier, outcome);
    }
    options.onDone?.(outcomes.size);
  });
  return left;
}

type BatchResult = readonly (ProvenIdentifier | null)[] | MemberFailure;

function batchesOf(part: readonly Wanted[], proofsMax: number): Wanted[][] {
  return Array.from({ length: Math.ceil(part.length / proofsMax) }, (_, batch) =>
    part.slice(batch * proofsMax, (batch + 1) * proofsMax),
  );
}

async function proveBatch(
  context: DirectoryContext,
  member: Member,
  of: { readonly batch: readonly Wanted[]; readonly signal: AbortSignal | undefined },
): Promise<BatchResult> {
  const identifiers = of.batch.map(({ answer }) => answer.identifier);
  const signal = of.signal === undefined ? {} : { signal: of.signal };
  const [identifier] = identifiers;
  try {
    // One by itself has its own route, which members also answer to who asks obliviously.
    if (context.asking.proofsMax === 1 && identifier !== undefined) {
      return [await proveAt(context, member, { identifier, ...signal })];
    }
    return await proveSeveralAt(context, member, { identifiers, ...signal });
  } catch (error) {
    of.signal?.throwIfAborted();
    return survive(member, error);
  }
}

function outcomeAt(
  result: BatchResult,
  place: number,
  { wanted, member }: { readonly wanted: Wanted; readonly member: Member },
): ProofReason | MemberFailure {
  if ('error' in result) return result;
  const proven = result[place];
  if (proven === undefined) throw new TypeError('every identifier has a result');
  if (proven === null) return withheld(member);
  if (!bearsOut(proven, wanted.answer)) return differing(member);
  return { state: 'proven', proof: withPassedOver(proven, wanted.failures) };
}

function outcomeOf(failures: readonly MemberFailure[]): ProofOutcome {
  try {
    return unproven(failures);
  } catch (error) {
    if (!isClientError(error)) throw error;
    return error.code;
  }
}
