/**
 * A `fetch` that brings what lets a reader see more: a token of a wallet, another one where a member does not
 * take it, or what a holder has signed. It is brought to the routes that read and to no other; inside a
 * capsule it goes along sealed, so that a relay sees none.
 */
import { encodeHolderAuthorization, holderReadingMessage, type Signer } from '@callbook/protocol';
import { readBoundedBody } from '../bounded-body.ts';
import type { DirectoryContext } from '../directory-context.ts';
import { clientError, isClientError } from '../errors.ts';
import { holderReadingKeptMs, readerTokensPerRequestMax, tokenLookupsPerCall } from '../limits.ts';
import type { AccessReason } from '../lookup-reason.ts';
import type { Fetch } from '../member-call.ts';
import { MemberHealth } from '../member-health.ts';
import { authorityOf, type KeptKeys } from '../signers/authority-signer.ts';

/** Where tokens to spend come from; a `TokenWallet` is one. */
export interface TokenPurse {
  /** Tokens that are good now. */
  readonly count: number;
  /** Takes one out: the value of `Authorization`, or nothing. */
  take(): Promise<string | undefined>;
}

const readingPaths: ReadonlySet<string> = new Set([
  '/v1/bulk',
  '/v1/lookups',
  '/v1/proof',
  '/v1/proofs',
]);
/** Refusals of a token that say nothing of the next one. */
const otherTokenCodes: ReadonlySet<unknown> = new Set([
  'token_invalid',
  'token_spent',
  'token_unchecked',
]);
const problemBytesMax = 4096;

/** The context in which every question is paid for; a member that takes no token has not failed. */
export function withTokens(context: DirectoryContext, purse: TokenPurse): DirectoryContext {
  const { lookupsMax, proofsMax, callsAtOnce } = context.asking;
  return derived(context, {
    fetch: tokenFetch(context.fetch, purse),
    access: { state: 'token' },
    health: new MemberHealth(context.clock),
    asking: {
      lookupsMax: Math.min(lookupsMax, tokenLookupsPerCall),
      proofsMax: Math.min(proofsMax, tokenLookupsPerCall),
      callsAtOnce,
    },
  });
}

function tokenFetch(fetch: Fetch, purse: TokenPurse): Fetch {
  return async (url, init) => {
    if (!isReading(url)) return await fetch(url, init);
    for (let left = readerTokensPerRequestMax; ; left -= 1) {
      const authorization = await purse.take();
      if (authorization === undefined) {
        throw clientError('token_missing', 'the wallet has no token left');
      }
      const response = await fetch(url, authorized(init, authorization));
      if (left <= 1 || !(await isOtherTokenWanted(response))) return response;
      await response.body?.cancel();
    }
  };
}

async function isOtherTokenWanted(response: Response): Promise<boolean> {
  if (response.status !== 401 && response.status !== 503) return false;
  const body = await readBoundedBody(response.clone(), problemBytesMax);
  try {
    const json = JSON.parse(new TextDecoder().decode(body)) as { readonly code?: unknown } | null;
    return otherTokenCodes.has(json?.code);
  } catch {
    return false;
  }
}

/** Whose number it is: its keys, and the ownership entry in force where it is known. */
export interface Holder extends KeptKeys {
  readonly ownershipId?: Uint8Array;
}

/** Signed for one key: kept, so that whoever has it on a card is not asked at every look. */
interface KeptReading {
  readonly authorization: string;
  readonly atMs: number;
}

const keptReadings = new WeakMap<DirectoryContext, Map<string, KeptReading>>();

/** The context in which a holder reads the own number. Throws what the signer throws. */
export async function withHolder(
  context: DirectoryContext,
  holder: Holder,
): Promise<DirectoryContext> {
  const kept = keptReadings.get(context) ?? new Map<string, KeptReading>();
  keptReadings.set(context, kept);
  const name = `${holder.authorityKey.toHex()} ${holder.ownershipId?.toHex()}`;
  const nowMs = context.clock.nowMs();
  let reading = kept.get(name);
  if (reading === undefined || Math.abs(nowMs - reading.atMs) > holderReadingKeptMs) {
    reading = await signReading(await authorityOf(context, holder), holder.ownershipId, nowMs);
    kept.set(name, reading);
  }
  const { authorization } = reading;
  const fetch: Fetch = async (url, init) =>
    await context.fetch(url, isReading(url) ? authorized(init, authorization) : init);
  return derived(context, { fetch });
}

/** The same where the key can be asked; else the context as it is. */
export async function withHolderIfAble(
  context: DirectoryContext,
  holder: Holder,
): Promise<DirectoryContext> {
  try {
    return await withHolder(context, holder);
  } catch (error) {
    if (!isClientError(error)) throw error;
    return context;
  }
}

async function signReading(
  signer: Signer,
  ownershipId: Uint8Array | undefined,
  atMs: number,
): Promise<KeptReading> {
  const authority = signer.publicKey;
  const signature = await signer.sign(holderReadingMessage({ authority, atMs }));
  return {
    authorization: encodeHolderAuthorization({ authority, ownershipId, atMs, signature }),
    atMs,
  };
}

function isReading(url: string): boolean {
  return readingPaths.has(new URL(url).pathname);
}

function authorized(init: RequestInit, authorization: string): RequestInit {
  const headers = new Headers(init.headers);
  headers.set('authorization', authorization);
  return { ...init, headers };
}

interface Own extends Partial<DirectoryContext> {
  readonly fetch: Fetch;
  readonly access?: AccessReason;
}

/** Everything else is the context's own, and changes with it. */
function derived(context: DirectoryContext, own: Own): DirectoryContext {
  return Object.create(context, Object.getOwnPropertyDescriptors(own)) as DirectoryContext;
}
