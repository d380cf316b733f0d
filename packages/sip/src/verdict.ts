/** What a check ends in, and the one line that Kamailio reads of it (docs/spec/sip-bridge.md). */
import { assert } from '@callbook/protocol';
import { retryAfterSeconds, verdictSecondsMax } from './limits.ts';
import type { OutageCode, RefusalCode } from './refusals.ts';

export type CheckVerdict =
  | { readonly state: 'accept'; readonly seconds: number }
  /** A value that was asked for: an Identity header, a SIP URI. */
  | { readonly state: 'value'; readonly value: string }
  | { readonly state: 'refuse'; readonly code: RefusalCode }
  /** Proven absent. */
  | { readonly state: 'none' }
  | { readonly state: 'unavailable'; readonly code: OutageCode };

export interface VerdictLine {
  readonly statusCode: number;
  /** Printable ASCII, one line, without its end. */
  readonly line: string;
}

/** Accepts until `expiresAtMs`: at most 300 seconds, and 0 when that has passed. */
export function acceptUntil(expiresAtMs: number, nowMs: number): CheckVerdict {
  const seconds = Math.floor((expiresAtMs - nowMs) / 1000);
  return { state: 'accept', seconds: Math.max(0, Math.min(seconds, verdictSecondsMax)) };
}

export function refuse(code: RefusalCode): CheckVerdict {
  return { state: 'refuse', code };
}

/** Encodes a verdict. What is printed holds nothing that could end a line or begin a header. */
export function encodeVerdict(verdict: CheckVerdict): VerdictLine {
  const encoded = lineOf(verdict);
  assert(/^[\x20-\x7e]{1,8192}$/.test(encoded.line), 'a verdict is not one printable line');
  return encoded;
}

function lineOf(verdict: CheckVerdict): VerdictLine {
  switch (verdict.state) {
    case 'accept':
      return { statusCode: 200, line: `accept ${verdict.seconds}` };
    case 'value':
      return { statusCode: 200, line: verdict.value };
    case 'refuse':
      return { statusCode: isUnreadable(verdict.code) ? 400 : 403, line: `refuse ${verdict.code}` };
    case 'none':
      return { statusCode: 404, line: 'none' };
    case 'unavailable':
      return { statusCode: 503, line: `unavailable ${verdict.code}` };
  }
}

/** The question itself cannot be read, whoever it is about. */
function isUnreadable(code: RefusalCode): boolean {
  return code === 'request_malformed' || code === 'number_malformed';
}

export const retryAfter = String(retryAfterSeconds);
