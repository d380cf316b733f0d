/**
 * Looks many identifiers up, for an address book. They are shuffled and spread over the members, so
 * that no member sees the whole list, or its order, unless all of them have to be asked; obliviously
 * they go 16 at a time, and no member sees whose they are. Each is decided like one that is looked up
 * alone. What cannot be decided is a result, not an error: one
 * number of a thousand must not hide the others.
 */
import type { Identifier } from '@callbook/protocol';
import { collectAnswers, isDecided, openBallot, type Ballot } from './ballot.ts';
import { assertIdentifier } from './claim.ts';
import { orderAt, type DirectoryContext } from './directory-context.ts';
import { clientError, isClientError, type ClientErrorCode } from './errors.ts';
import { lookupManyMax, settleMs } from './limits.ts';
import { agreementOf, type Trust } from './lookup-reason.ts';
import {
  countedLookup,
  neededFor,
  notAsked,
  type CountedLookup,
  type Lookup,
  type LookupOptions,
} from './lookup.ts';
import type { MemberLookup } from './member-answers.ts';
import { siftBook } from './oblivious/bulk-book.ts';
import { findProofs, type ProofOutcome } from './proof-batches.ts';
import { shuffled } from './shuffle.ts';

/** What the look-up of an address book needs, and who is told how far it is. */
export interface LookupManyOptions extends Pick<LookupOptions, 'privacy' | 'signal' | 'trust'> {
  /**
   * Asks for proofs as well, of every answer or of what is published. Default: false, as a member makes
   * only so many a second.
   */
  readonly proof?: boolean | 'published';
  /** Hears how many identifiers are done. */
  readonly onDone?: (count: number) => void;
}

/** A look-up, or why there is none. */
export type ManyLookup = Lookup | UnansweredLookup;

/** A look-up that no members have decided; it is not "no keys". */
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
  const sifted = await sift(context, asked, options);
  const ballots = openBallots(context, sifted.left, trust);
  await collectAnswers(context, ballots, signal);
  await askAgainWhereSplit(context, ballots, { trust, signal });
  const counted = new Map<Identifier, CountedLookup | UnansweredLookup>(sifted.absent);
  for (const ballot of ballots) counted.set(ballot.identifier, count(context, ballot, trust));
  if (sifted.absent.size === 0) assertAnswered(ballots);
  const proofs = options.proof ? await proofsOf(context, counted, options) : undefined;
  onDone?.(identifiers.length);
  return identifiers.map((identifier) => {
    const found = counted.get(identifier);
    if (found === undefined) throw new TypeError('every identifier has a ballot');
    if (found.state === 'unanswered') return found;
    return withProof(context, found, proofs?.get(identifier));
  });
}

/** Obliviously a first pass settles what nobody has: most of an address book, in little. */
async function sift(
  context: DirectoryContext,
  asked: readonly Identifier[],
  { trust = context.trust, signal, onDone }: LookupManyOptions,
): Promise<{
  readonly absent: Map<Identifier, CountedLookup>;
  readonly left: readonly Identifier[];
}> {
  if (context.privacy.state === 'plain') return { absent: new Map(), left: asked };
  const { absent, left } = await siftBook(context, asked, {
    needed: neededFor(trust, context),
    ...(signal === undefined ? {} : { signal }),
    ...(onDone === undefined ? {} : { onDone }),
  });
  const of = { trust, quorum: context.quorum };
  const settled = [...absent].map(([identifier, said]): [Identifier, CountedLookup] => [
    identifier,
    { identifier, state: 'absent', reason: agreementOf(said, of) },
  ]);
  return { absent: new Map(settled), left };
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
  const needed = neededFor(trust, context);
  return asked.map((identifier, place) =>
    openBallot(identifier, { needed, order: orderAt(context, place) }),
  );
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
  { proof, signal, onDone }: LookupManyOptions,
): Promise<ReadonlyMap<Identifier, ProofOutcome>> {
  const answers = [...counted.values()]
    .filter((found) => found.state !== 'unanswered')
    .filter(({ state }) => proof === true || state === 'published');
  const done = counted.size - answers.length;
  return await findProofs(context, answers, {
    ...(signal === undefined ? {} : { signal }),
    ...(onDone === undefined ? {} : { onDone: (count) => onDone(done + count) }),
  });
}

function withProof(
  { access, privacy }: DirectoryContext,
  found: CountedLookup,
  proof: ProofOutcome | undefined,
): ManyLookup {
  if (typeof proof === 'string') {
    return unanswered({ identifier: found.identifier, answers: [...found.reason.members] }, proof);
  }
  const evidence = { access, privacy, proof: proof ?? notAsked, dnssec: notAsked };
  const reason = { ...found.reason, ...evidence };
  return { ...found, reason };
}
