/**
 * What a validation ends in. A verdict is a value and never an exception: whatever a resolver, a
 * captive portal or an attacker sends becomes one of four verdicts with a code, and the chain that was
 * followed, link by link, so that a person can be shown why an answer is believed. Names in it are
 * those that were asked for: it is for the user's screen, not for logs.
 */
import type { DomainName } from '@callbook/dns/wire';
import type { ValidationCode } from './validation-codes.ts';

/**
 * RFC 4035 §4.3: `secure`, a chain of signatures leads to the anchor; `insecure`, a chain proves that
 * none can; `bogus`, there should be a chain and it is broken; `indeterminate`, nothing can be said.
 */
export type ValidationVerdict = 'secure' | 'insecure' | 'bogus' | 'indeterminate';

/** A verdict about a question, with the chain that leads to it. */
export interface Validation {
  readonly verdict: ValidationVerdict;
  readonly code: ValidationCode;
  /**
   * What the answer says: there are records; the name has none of this type; the name does not exist;
   * nothing that may be used. Under `bogus` and `indeterminate` always `unanswered`.
   */
  readonly state: 'records' | 'no_data' | 'no_name' | 'unanswered';
  /** The name that has the records, after all aliases. */
  readonly name: DomainName;
  /** RDATA, uncompressed; empty unless `state` is `records`. */
  readonly rdatas: readonly Uint8Array[];
  /** How long the answer may be kept: never longer than its signatures live. */
  readonly ttlSeconds: number;
  readonly chain: readonly ChainLink[];
  /** Questions that were sent for it. */
  readonly queryCount: number;
}

/** One step from the anchor to the answer, in presentation form. */
export interface ChainLink {
  /**
   * `keys`: a zone's keys, trusted by its DS; `delegation`: a zone below another; `alias`: CNAME or
   * DNAME; `records` and `denial`: the answer.
   */
  readonly kind: 'keys' | 'delegation' | 'alias' | 'records' | 'denial';
  /** With its final dot. */
  readonly name: string;
  readonly verdict: ValidationVerdict;
  readonly code: ValidationCode;
  /** The zone whose key signed it; undefined where nothing is signed. */
  readonly zone?: string;
  /** Key tag and algorithm of the key that signed it. */
  readonly keyTag?: number;
  readonly algorithm?: number;
  /** When the signature ends. */
  readonly expiresAtMs?: number;
}

/** What judging one part ends in. */
export interface Judgement {
  readonly verdict: ValidationVerdict;
  readonly code: ValidationCode;
}

export const secure: Judgement = { verdict: 'secure', code: 'validated' };

export function insecure(code: ValidationCode): Judgement {
  return { verdict: 'insecure', code };
}

export function bogus(code: ValidationCode): Judgement {
  return { verdict: 'bogus', code };
}

export function indeterminate(code: ValidationCode): Judgement {
  return { verdict: 'indeterminate', code };
}

/** Bogus over indeterminate over insecure over secure: a chain is as good as its worst link. */
const badness: Readonly<Record<ValidationVerdict, number>> = {
  secure: 0,
  insecure: 1,
  indeterminate: 2,
  bogus: 3,
};

/** The worse of two; of two equally bad ones the first. */
export function worse(first: Judgement, second: Judgement): Judgement {
  return badness[second.verdict] > badness[first.verdict] ? second : first;
}
