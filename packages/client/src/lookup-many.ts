/**
 * Looks many identifiers up, for an address book. They are shuffled and spread over the members, so
 * that no member sees the whole list, or its order, unless all of them have to be asked; each is
 * decided like one that is looked up alone. What cannot be decided is a result, not an error: one
 * number of a thousand must not hide the others.
 */
import type { Identifier } from '@callbook/protocol';
import { collectAnswers, isDecided, openBallot, type Ballot } from './ballot.ts';
import { assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError, isClientError, type ClientErrorCode } from './errors.ts';
import { lookupManyMax, settleMs } from './limits.ts';
import type { Trust } from './lookup-reason.ts';
import {
  countedLookup,
  neededFor,
  notAsked,
  type CountedLookup,
  type Lookup,
  type LookupOptions,
} from './lookup.ts';
import type { MemberLookup } from './member-answers.ts';
import { findProofs, type ProofOutcome } from './proof-batches.ts';
import { shuffled } from './shuffle.ts';

export interface LookupManyOptions extends Pick<LookupOptions, 'signal' | 'trust'> {
  /** Asks for proofs as well. Default: false, as a member makes only so many a second. */
  readonly proof?: boolean;
  /** Hears how many identifiers are done. */
  readonly onDone?: (count: number) => void;
}

/** A look-up, or why there is none. */
export type ManyLookup = Lookup | UnansweredLookup;

export interface UnansweredLookup {
  readonly state: 'unanswered';
  readonly identifier: Identifier;
  readonly code: ClientErrorCode;
  /** What each member that was asked has said. */
  readonly members: readonly MemberLookup[];
}

/**
 * Looks up to 50 000 identifiers up at the members; the answers are in the order given. Throws `identifier_malformed`,
 * `identifiers_too_many`, and `directory_unavailable` when no member answered at all.
 */
export async function lookupMany(
  context: DirectoryContext,
  identifiers: readonly Identifier[],
  options: LookupManyOptions = {},
): Promise<ManyLookup[]> {
  assertAskable(identifiers);
  const asked = shuffled([...new Set(identifiers)], context.random);
  const { trust = context.trust, signal, onDone } = options;
  const ballots = openBallots(context, asked, trust);
  await collectAnswers(context, ballots, signal);
  await askAgainWhereSplit(context, ballots, { trust, signal });
  const counted = new Map(
    ballots.map((ballot) => [ballot.identifier, count(context, ballot, trust)]),
  );
  assertAnswered(ballots);
  const proofs = options.proof === true ? await proofsOf(context, counted, options) : undefined;
  onDone?.(identifiers.length);
  return identifiers.map((identifier) => {
    const found = counted.get(identifier);
    if (found === undefined) throw new TypeError('every identifier has a ballot');
    return found.state === 'unanswered' ? found : withProof(found, proofs?.get(identifier));
  });
}

function assertAskable(identifiers: readonly Identifier[]): void {
  if (identifiers.length > lookupManyMax) {
    const message = `${identifiers.length} identifiers were given, at most ${lookupManyMax}`;
    throw clientError('identifiers_too_many', message);
  }
  identifiers.forEach(assertIdentifier);
}

/** Each identifier is asked of the next members in turn: with q of n, each sees q/n of the list. */
function openBallots(
  context: DirectoryContext,
  asked: readonly Identifier[],
  trust: Trust,
): Ballot[] {
  const members = context.health.inOrder(context.members);
  const needed = neededFor(trust, context);
  return asked.map((identifier, place) => {
    const start = place % members.length;
    return openBallot(identifier, {
      needed,
      order: [...members.slice(start), ...members.slice(0, start)],
    });
  });
}

/** A change spreads within a second: members that contradict each other once may agree then. */
async function askAgainWhereSplit(
  context: DirectoryContext,
  ballots: Ballot[],
  of: { readonly trust: Trust; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const split = ballots.filter((ballot) => !isDecided(ballot) && ballot.failures.length === 0);
  if (split.length === 0) return;
  await context.pause(settleMs, of.signal);
  const again = openBallots(
    context,
    split.map(({ identifier }) => identifier),
    of.trust,
  );
  await collectAnswers(context, again, of.signal);
  for (const ballot of again) {
    ballots[ballots.findIndex(({ identifier }) => identifier === ballot.identifier)] = ballot;
  }
}

function count(
  { quorum }: DirectoryContext,
  ballot: Ballot,
  trust: Trust,
): CountedLookup | UnansweredLookup {
  try {
    return countedLookup(ballot, { trust, quorum });
  } catch (error) {
    if (!isClientError(error)) throw error;
    return unanswered(ballot, error.code);
  }
}

function unanswered(
  { identifier, answers }: Pick<Ballot, 'answers' | 'identifier'>,
  code: ClientErrorCode,
): UnansweredLookup {
  return { state: 'unanswered', identifier, code, members: answers };
}

/** A machine without network gets one error, not a thousand. */
function assertAnswered(ballots: readonly Ballot[]): void {
  const [first] = ballots;
  if (first === undefined) return;
  const isSilent = ballots.every(({ answers, failures }) => answers.length === failures.length);
  if (isSilent) countedLookup(first, { trust: 'any-member', quorum: 1 });
}

async function proofsOf(
  context: DirectoryContext,
  counted: ReadonlyMap<Identifier, CountedLookup | UnansweredLookup>,
  { signal, onDone }: LookupManyOptions,
): Promise<ReadonlyMap<Identifier, ProofOutcome>> {
  const answers = [...counted.values()].filter((found) => found.state !== 'unanswered');
  return await findProofs(context, answers, {
    ...(signal === undefined ? {} : { signal }),
    ...(onDone === undefined ? {} : { onDone }),
  });
}

function withProof(found: CountedLookup, proof: ProofOutcome | undefined): ManyLookup {
  if (typeof proof === 'string') {
    return unanswered({ identifier: found.identifier, answers: [...found.reason.members] }, proof);
  }
  return { ...found, reason: { ...found.reason, proof: proof ?? notAsked, dnssec: notAsked } };
}
