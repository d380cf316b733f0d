/**
 * An account: that a number is served here, and which digest credentials were given out for it. There is no
 * password in it and no key: whoever signs with a key that the number publishes is its holder.
 *
 * A number that never pointed here, or no longer does, is served for a time of grace and then refused.
 */
import type { E164 } from '../number.ts';

export interface Account {
  readonly number: E164;
  readonly createdAtMs: number;
  /** When the directory was first seen to lead here; null until then. */
  readonly arrivedAtMs: number | null;
  /** Since when it leads elsewhere; null while it leads here, or has never done so. */
  readonly leftAtMs: number | null;
  /** Good until they expire, or their key is no longer published. */
  readonly credentials: readonly IssuedCredential[];
}

/** By its expiry it is known again: no two of one account expire in the same second. */
export interface IssuedCredential {
  readonly expiresAtSeconds: number;
  /** SHA-256 of the SubjectPublicKeyInfo that signed for it, in hexadecimal. */
  readonly spkiDigest: string;
}

export interface AccountTerms {
  /** How long a number that leads elsewhere is still served. */
  readonly graceSeconds: number;
  /** How long a new account may wait until the number leads here. */
  readonly arrivalSeconds: number;
}

/** `awaited`: not here yet; `here`; `leaving`: elsewhere, in grace; `closed`: refused. */
export type AccountState = 'awaited' | 'here' | 'leaving' | 'closed';

export function stateOf(account: Account, terms: AccountTerms, nowMs: number): AccountState {
  const { createdAtMs, arrivedAtMs, leftAtMs } = account;
  if (leftAtMs !== null) {
    return nowMs < leftAtMs + terms.graceSeconds * 1000 ? 'leaving' : 'closed';
  }
  if (arrivedAtMs !== null) return 'here';
  return nowMs < createdAtMs + terms.arrivalSeconds * 1000 ? 'awaited' : 'closed';
}

/** The account after the directory was seen to lead here, or elsewhere. */
export function seen(account: Account, leadsHere: boolean, nowMs: number): Account {
  const { arrivedAtMs, leftAtMs } = account;
  if (leadsHere) {
    if (arrivedAtMs !== null && leftAtMs === null) return account;
    return { ...account, arrivedAtMs: arrivedAtMs ?? nowMs, leftAtMs: null };
  }
  return arrivedAtMs === null || leftAtMs !== null ? account : { ...account, leftAtMs: nowMs };
}

/** A new account, or one that is asked for again: a closed one may wait once more. */
export function reopened(
  number: E164,
  account: Account | undefined,
  at: { readonly terms: AccountTerms; readonly nowMs: number },
): Account {
  const { terms, nowMs } = at;
  const fresh = { number, createdAtMs: nowMs, arrivedAtMs: null, leftAtMs: null, credentials: [] };
  if (account === undefined) return fresh;
  return stateOf(account, terms, nowMs) === 'closed'
    ? { ...fresh, credentials: account.credentials }
    : account;
}
