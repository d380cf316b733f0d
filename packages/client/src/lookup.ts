/**
 * Looks identifiers up and says why the answer is believed. An error is never an answer: "absent" is
 * what as many members say as the wanted trust needs, and anything less is thrown, or, where many are
 * looked up, is a result of its own.
 */
import type { DirectoryError, Identifier, PublishedKey } from '@callbook/protocol';
import type { LookedUpBinding } from './api-answers.ts';
import { collectAnswers, isDecided, openBallot, type Ballot } from './ballot.ts';
import { assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError, isClientError, type ClientErrorCode } from './errors.ts';
import { summariseFailures } from './failover.ts';
import { settleMs } from './limits.ts';
import { agreementOf, type Privacy, type Reason, type Trust } from './lookup-reason.ts';
import { leadingAnswers } from './member-answers.ts';
import type { Member } from './member.ts';
import { findProof } from './proof-reason.ts';
import type { ZoneAnswer } from './zone-answer.ts';
import { findZone } from './zone-reason.ts';

/** What a look-up needs to be believed. */
export interface LookupOptions {
  /** Default: the directory's, which is `agreed` unless it was opened with another. */
  readonly trust?: Trust;
  /** Asks for a proof as well, and throws where none bears the answer out. Default: true. */
  readonly proof?: boolean;
  /** Validates a member's zone as well, and throws where none bears the answer out. Default: true. */
  readonly dnssec?: boolean;
  /** Default: the directory's, which is `oblivious` where the charter has three members or more. */
  readonly privacy?: Privacy;
  readonly signal?: AbortSignal;
}

/**
 * `elsewhere`: the members publish nothing, but another ENUM provider does. Its keys are there only
 * when they are validated; its routes may be anybody's when they are not.
 */
export type Lookup = (
  | { readonly state: 'published'; readonly binding: LookedUpBinding }
  | { readonly state: 'elsewhere'; readonly provider: ZoneAnswer }
  | { readonly state: 'absent' }
) & {
  readonly identifier: Identifier;
  readonly reason: Reason;
};

/** The keys of an answer: the members', or those that DNSSEC proves of another provider. */
export function lookupKeys(found: Lookup): readonly PublishedKey[] {
  if (found.state === 'published') return found.binding.keys;
  return found.state === 'elsewhere' ? found.provider.binding.keys : [];
}

/** An answer before it is known whether anything proves it. */
export type CountedLookup = (
  { readonly state: 'published'; readonly binding: LookedUpBinding } | { readonly state: 'absent' }
) & {
  readonly identifier: Identifier;
  readonly reason: Omit<Reason, 'access' | 'dnssec' | 'privacy' | 'proof'>;
};

/**
 * Looks one identifier up. Throws `directory_unavailable` when fewer members answered than the trust
 * needs, `members_disagree` when they contradict each other or what is proven, the code of a proof
 * that no member could give right, `zone_bogus`, `zone_differs` and `provider_unavailable`.
 */
export async function lookup(
  context: DirectoryContext,
  identifier: Identifier,
  options: LookupOptions = {},
): Promise<Lookup> {
  assertIdentifier(identifier);
  try {
    return await lookupOnce(context, identifier, options);
  } catch (error) {
    // A change spreads within a second: members that contradict each other once may agree then.
    if (!isDisagreement(error)) throw error;
    await context.pause(settleMs, options.signal);
    return await lookupOnce(context, identifier, options);
  }
}

function isDisagreement(error: unknown): boolean {
  return isClientError(error) && ['members_disagree', 'zone_differs'].includes(error.code);
}

async function lookupOnce(
  context: DirectoryContext,
  identifier: Identifier,
  { trust = context.trust, proof = true, dnssec = true, signal }: LookupOptions,
): Promise<Lookup> {
  const order = context.health.inOrder(context.members);
  const ballot = openBallot(identifier, { needed: neededFor(trust, context), order });
  const counting = collectAnswers(context, [ballot], signal);
  const answer = counting.then(() => countedLookup(ballot, { trust, quorum: context.quorum }));
  const search = { identifier, order, answer, ...(signal === undefined ? {} : { signal }) };
  // All at once: proof and zone cost no further round trip.
  const [counted, proven, zone] = await Promise.allSettled([
    answer,
    proof ? findProof(context, search) : notAsked,
    dnssec ? findZone(context, search) : notAsked,
  ]);
  // What the members say comes first: without an answer there is nothing to prove.
  if (counted.status === 'rejected') throw counted.reason;
  if (proven.status === 'rejected') throw proven.reason;
  if (zone.status === 'rejected') throw zone.reason;
  const { access, privacy } = context;
  const evidence = { access, privacy, proof: proven.value, dnssec: zone.value };
  const reason = { ...counted.value.reason, ...evidence };
  const found = { ...counted.value, reason };
  if (found.state === 'published') return found;
  const provider = await askProviders(context, identifier);
  return provider === undefined ? found : { ...found, state: 'elsewhere', provider };
}

export const notAsked: { readonly state: 'not_asked' } = { state: 'not_asked' };

/**
 * Asks the other ENUM providers, in their order, for the first that publishes something. One that
 * cannot be asked might have had the keys: then there is no answer.
 */
async function askProviders(
  context: DirectoryContext,
  identifier: Identifier,
): Promise<ZoneAnswer | undefined> {
  for (const suffix of context.suffixes) {
    const answer = await context.zones.askResolver(context, suffix, identifier);
    if (answer.state === 'published') return answer;
    if (answer.state === 'absent') continue;
    const code = answer.verdict === 'bogus' ? 'zone_bogus' : 'provider_unavailable';
    throw clientError(code, `${suffix} gave no answer that can be used: ${answer.code}`, {
      details: { zone: suffix, validationCode: answer.code },
    });
  }
  return undefined;
}

/** How many equal answers `trust` needs. */
export function neededFor(
  trust: Trust,
  { members, quorum }: { readonly members: readonly Member[]; readonly quorum: number },
): number {
  if (trust === 'any-member') return 1;
  return trust === 'agreed' ? quorum : members.length;
}

/** What a ballot has come to; throws why it is not decided. */
export function countedLookup(
  ballot: Ballot,
  of: { readonly trust: Trust; readonly quorum: number },
): CountedLookup {
  if (!isDecided(ballot)) throw undecided(ballot);
  const [answer] = leadingAnswers(ballot.answers);
  if (answer === undefined || answer.state === 'failed') throw undecided(ballot);
  const reason = agreementOf(ballot.answers, of);
  const { identifier } = ballot;
  return answer.state === 'published'
    ? { identifier, state: 'published', binding: answer.binding, reason }
    : { identifier, state: 'absent', reason };
}

function undecided({ answers, failures, needed }: Ballot): DirectoryError<ClientErrorCode> {
  const answered = answers.length - failures.length;
  const agreeing = leadingAnswers(answers).length;
  const details = { agreeing, answered, asked: answers.length, needed };
  if (agreeing < answered) {
    const message = `${agreeing} of ${answered} members agree, ${needed} must`;
    return clientError('members_disagree', message, { details });
  }
  if (answered === 0) return summariseFailures(failures, needed);
  const first = failures[0]?.error;
  return clientError(
    'directory_unavailable',
    `${answered} of ${answers.length} members answered, ${needed} must`,
    { details, ...(first === undefined ? {} : { cause: first }) },
  );
}
