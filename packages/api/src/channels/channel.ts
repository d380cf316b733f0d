/**
 * What every channel owes. A message is handed over at most once: no channel ever repeats one by
 * itself, because whoever pays cannot tell a repetition from a second message. So the one thing that
 * matters about a failure is whether the message may have gone out, and that is what it says.
 *
 * If we crash while a channel hands a message over, nobody remembers it: a code is then worthless, as
 * its challenge was in memory, and is never sent again. Notices are written down first (the journal).
 */
import { DirectoryError } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import type { ChannelErrorCode } from '../errors.ts';

export interface ChannelMessage {
  readonly to: Identifier;
  /** One SMS segment at most. */
  readonly text: string;
  /** 22 characters of base64url, new for every message; gateways that know such a thing drop a second one. */
  readonly sendId: string;
  /** After this the message is worth nothing; for notices undefined. */
  readonly validSeconds?: number;
  /** Where the message is a code: the code alone. */
  readonly code?: string;
}

interface DeliveryReceipt {
  readonly sendId: string;
  readonly isDelivered: boolean;
}

export type ReceiptListener = (receipt: DeliveryReceipt) => void;

export interface Channel extends AsyncDisposable {
  /**
   * Resolves when the gateway has taken the message. Rejects with `channel_refused` when it has not and
   * never will, with `channel_outcome_unknown` when it may have; with nothing else.
   */
  submit(message: ChannelMessage): Promise<void>;
  /** Calls the listener for each delivery receipt; channels without receipts never do. */
  onReceipt(listener: ReceiptListener): void;
}

/** Time that a gateway has for one message, connection included. */
export const channelAnswerMsMax = 10_000;

/** Time in which a code is worth sending on. */
export const codeValidSeconds = 600;

/**
 * `cause` leaves nothing but its code (`ECONNREFUSED`): texts of servers and libraries quote addresses
 * and messages.
 */
export function channelError(
  code: ChannelErrorCode,
  reason: string,
  cause?: unknown,
): DirectoryError<ChannelErrorCode> {
  const causeCode = codeOf(cause);
  const detail = causeCode === undefined ? reason : `${reason} (${causeCode})`;
  return new DirectoryError(code, `${code.replaceAll('_', ' ')}: ${detail}`);
}

function codeOf(cause: unknown): string | undefined {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : undefined;
}

/** Whether an error of a channel says that the message may have gone out. */
export function isOutcomeUnknown(error: unknown): boolean {
  return hasCode(error, 'channel_outcome_unknown');
}

/** Whether it says that the message has not gone out and never will. */
export function isRefused(error: unknown): boolean {
  return hasCode(error, 'channel_refused');
}

function hasCode(error: unknown, code: ChannelErrorCode): boolean {
  return error instanceof DirectoryError && error.code === code;
}
