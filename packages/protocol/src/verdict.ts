/**
 * What becomes of untrusted input. A verdict is a value, never an exception: bytes from a peer, a
 * holder or a resolver end in one of these three, with a code that a program can match.
 *
 * `ignore` is for what may be honest (already known, too early); `reject` is for what breaks a rule
 * and counts against its sender.
 */
import type { VerdictCode } from './errors.ts';

/** What was given is good, and this is what it says. */
export interface Accept<T> {
  readonly verdict: 'accept';
  readonly value: T;
}

/** What was given is not taken; `reject` says that whoever sent it broke a rule. */
export interface Refusal {
  readonly verdict: 'ignore' | 'reject';
  readonly code: VerdictCode;
  /** What was found, then the limit; never an identifier, key, address or body. */
  readonly message: string;
}

/** What is made of untrusted input; never an exception. */
export type Verdict<T> = Accept<T> | Refusal;

/** Returns the verdict that lets `value` in. */
export function accept<T>(value: T): Accept<T> {
  return { verdict: 'accept', value };
}

/** Returns the verdict for input that breaks no rule but is not taken. */
export function ignore(code: VerdictCode, message: string): Refusal {
  return { verdict: 'ignore', code, message };
}

/** Returns the verdict for input that breaks a rule. */
export function reject(code: VerdictCode, message: string): Refusal {
  return { verdict: 'reject', code, message };
}
