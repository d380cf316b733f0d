/** What a claim or a change reports while it runs; never an identifier, a code or a key. */
import type { ClientErrorCode } from './errors.ts';

/** A step of a claim or a change, for whoever waits. */
export type Progress =
  /** A member is about to be asked to send a code: whoever waits for codes starts to look now. */
  | { readonly step: 'challenging'; readonly member: string }
  | { readonly step: 'code_awaited'; readonly member: string; readonly expiresAtMs: number }
  /** All codes are on their way, and will now be asked for. */
  | { readonly step: 'codes_sent'; readonly members: readonly string[] }
  | { readonly step: 'control_proved'; readonly member: string }
  | { readonly step: 'posting'; readonly member: string }
  | { readonly step: 'receipts'; readonly count: number; readonly needed: number }
  | { readonly step: 'member_skipped'; readonly member: string; readonly code: ClientErrorCode };

/** Is told of each step while it is taken. */
export type OnProgress = (progress: Progress) => void;

export const ignoreProgress: OnProgress = () => undefined;
