/**
 * What is not published for everybody is asked for once more, with tokens: only that, since what is public
 * costs none. Where the tokens do not suffice the first answer stays, and says so.
 */
import type { Identifier } from '@callbook/protocol';
import type { DirectoryContext } from '../directory-context.ts';
import { clientError, isClientError, type ClientErrorCode } from '../errors.ts';
import { tokenLookupsPerCall } from '../limits.ts';
import { lookupMany, type LookupManyOptions, type ManyLookup } from '../lookup-many.ts';
import { lookup, neededFor, type Lookup, type LookupOptions } from '../lookup.ts';
import { prove, type Proof } from '../prove.ts';
import { withTokens, type TokenPurse } from './authorized-fetch.ts';

/** Codes by which it could not be asked with tokens; any other is an answer that must not be believed. */
const unaskedCodes: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'directory_unavailable',
  'rate_limited',
  'request_refused',
  'token_missing',
  'wallet_unavailable',
]);

/** Looks up again what was found absent. Throws like `lookup`. */
export async function lookupByToken(
  context: DirectoryContext,
  purse: TokenPurse,
  of: { readonly found: Lookup; readonly options: LookupOptions },
): Promise<Lookup> {
  const { found, options } = of;
  const { trust = context.trust, proof = true } = options;
  const needed = neededFor(trust, context) + (proof ? 1 : 0);
  if (purse.count < needed) return unpaid(found, 'token_missing');
  try {
    return await lookup(withTokens(context, purse), found.identifier, options);
  } catch (error) {
    if (!isClientError(error) || !unaskedCodes.has(error.code)) throw error;
    return unpaid(found, error.code);
  }
}

/** Looks up again what was found absent, as much as the tokens pay for. */
export async function lookupManyByToken(
  context: DirectoryContext,
  purse: TokenPurse,
  of: { readonly found: readonly ManyLookup[]; readonly options: LookupManyOptions },
): Promise<ManyLookup[]> {
  const { found, options } = of;
  const absent = new Set(found.flatMap((one) => (one.state === 'absent' ? [one.identifier] : [])));
  const { onDone: _told, ...again } = options;
  const asked = [...absent].slice(0, payable(context, purse, again));
  const paid = new Map<Identifier, ManyLookup>();
  if (asked.length > 0) {
    const answers = await lookupMany(withTokens(context, purse), asked, again);
    for (const answer of answers) paid.set(answer.identifier, answer);
  }
  return found.map((one) => {
    if (one.state !== 'absent') return one;
    const answer = paid.get(one.identifier);
    if (answer === undefined) return unpaid(one, 'token_missing');
    return answer.state === 'unanswered' ? unpaid(one, answer.code) : answer;
  });
}

/** Proves with a token. Throws `token_missing`, and like `prove`. */
export async function proveByToken(
  context: DirectoryContext,
  purse: TokenPurse,
  identifier: Identifier,
): Promise<Proof> {
  if (purse.count === 0) throw clientError('token_missing', 'the wallet has no token');
  return await prove(withTokens(context, purse), identifier);
}

/** How many identifiers the tokens pay for: each goes to as many members as the trust needs, 16 in a call. */
function payable(
  context: DirectoryContext,
  { count }: TokenPurse,
  { trust = context.trust }: LookupManyOptions,
): number {
  const needed = neededFor(trust, context);
  const alone = Math.floor(count / needed);
  // Each member may have one call that is not full.
  const full = Math.floor(((count - context.members.length) * tokenLookupsPerCall) / needed);
  return Math.max(alone, full, 0);
}

function unpaid<Found extends Lookup>(found: Found, code: ClientErrorCode): Found {
  return { ...found, reason: { ...found.reason, access: { state: 'unavailable', code } } };
}
