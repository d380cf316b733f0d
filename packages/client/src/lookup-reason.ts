/**
 * Why an answer of a look-up is believed: who says so, what proves it, and what may change soon. It is
 * part of the answer, so that an application can show it and need not take anything on trust.
 */
import type { PendingRequest } from '@callbook/protocol';
import type { ValidationCode } from './dnssec/validation-codes.ts';
import type { ClientErrorCode } from './errors.ts';
import { leadingAnswers, type MemberLookup } from './member-answers.ts';
import type { Proof } from './prove.ts';
import type { Agreement } from './survey.ts';
import type { ZoneAnswer } from './zone-answer.ts';

/**
 * `any-member`: what the first member says that answers. `agreed`: what a quorum of the members says,
 * so that f dishonest ones decide nothing. `all-members`: what all of them say; one that is down or
 * lags is enough for an error.
 */
export type Trust = 'any-member' | 'agreed' | 'all-members';

/** Why an answer is believed. */
export interface Reason {
  readonly trust: Trust;
  readonly agreement: Agreement;
  /** What each member that was asked has said. */
  readonly members: readonly MemberLookup[];
  /** When the keys or routes changed last; null where nothing is published. */
  readonly changedAtMs: number | null;
  /** Requests to replace the holder that any of the members knows of; first to end first. */
  readonly pending: readonly PendingRequest[];
  readonly privacy: PrivacyReason;
  readonly access: AccessReason;
  readonly proof: ProofReason;
  readonly dnssec: DnssecReason;
}

/** `plain`: the members see who asks for what. `oblivious`: one sees who, another sees what. */
export type Privacy = 'plain' | 'oblivious';

/** How the members were asked. */
export type PrivacyReason =
  | { readonly state: 'plain' }
  | {
      readonly state: 'oblivious';
      /** Members that were not used, since they show other keys than the others do. */
      readonly refused: readonly { readonly member: string; readonly code: ClientErrorCode }[];
    };

/** Whether what is published for whoever has a token would have been shown. */
export type AccessReason =
  /** No: where it says "absent", nothing is published for everybody. */
  | { readonly state: 'public' }
  | { readonly state: 'token' }
  /** There is a wallet, and it could not pay: as `public`. */
  | { readonly state: 'unavailable'; readonly code: ClientErrorCode };

/** Whether the answer is proven in the index, under logs that a quorum has cosigned. */
export type ProofReason =
  | { readonly state: 'proven'; readonly proof: Proof }
  /** No member could be asked for a proof now: the answer rests on what the members say. */
  | { readonly state: 'unavailable'; readonly code: ClientErrorCode }
  | { readonly state: 'not_asked' };

/** Whether a member's zone, validated from the charter, publishes the same. */
export type DnssecReason =
  | { readonly state: 'secure'; readonly member: string; readonly answer: ZoneAnswer }
  /** No zone could be asked now, and why the first could not. */
  | { readonly state: 'unavailable'; readonly code: ValidationCode }
  | { readonly state: 'not_asked' };

/** What the answers of the members come to; `answers` has at least one that has not failed. */
export function agreementOf(
  answers: readonly MemberLookup[],
  of: { readonly trust: Trust; readonly quorum: number },
): Pick<Reason, 'agreement' | 'changedAtMs' | 'members' | 'pending' | 'trust'> {
  const leading = leadingAnswers(answers);
  const bindings = leading.flatMap((answer) =>
    answer.state === 'published' ? [answer.binding] : [],
  );
  // Which leaf was the first is settled only when all logs have been read: the earliest is nearest.
  const changedAtMs =
    bindings.length === 0 ? null : Math.min(...bindings.map((b) => b.changedAtMs));
  return {
    trust: of.trust,
    agreement: {
      agreeing: leading.length,
      answered: answers.filter(({ state }) => state !== 'failed').length,
      asked: answers.length,
      quorum: of.quorum,
    },
    members: answers,
    changedAtMs,
    pending: pendingAmong(answers, bindings[0]?.epoch),
  };
}

/** A member that withholds a request must not hide it, so what any of them tells counts. */
function pendingAmong(
  answers: readonly MemberLookup[],
  epoch: number | undefined,
): readonly PendingRequest[] {
  const told = answers.flatMap((answer) =>
    answer.state === 'published' && answer.binding.epoch === epoch ? answer.binding.pending : [],
  );
  const unique = new Map(told.map((request) => [request.requestId.toHex(), request]));
  return [...unique.values()].sort((a, b) => a.commitFromMs - b.commitFromMs);
}
