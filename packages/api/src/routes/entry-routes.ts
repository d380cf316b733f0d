/** `POST /v1/entries` and the state of an entry. An entry's id says nothing about its identifier. */
import { encodeBase64Url, encodeReceiptJson, parseReceiptJson } from '@callbook/protocol';
import type { Receipt, ReceiptJson } from '@callbook/protocol';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { parseBytesField } from '../request-field.ts';
import { submitEntry } from '../entry-desk.ts';
import type { ClientSubmission } from '../entry-desk.ts';
import { ApiError } from '../errors.ts';
import {
  entryPath,
  entryState,
  entrySubmission,
  submittedEntry,
} from '../schemas/entry-schemas.ts';
import { bodyCodes, problems, verdictProblems } from '../schemas/problem-schema.ts';
import { pendingJson } from './pending-json.ts';

/** Registers submission and state of entries. */
export function addEntryRoutes(scope: ApiScope, context: ApiContext): void {
  addSubmitRoute(scope, context);
  addStateRoute(scope, context);
}

function addSubmitRoute(scope: ApiScope, context: ApiContext): void {
  const schema = {
    operationId: 'submitEntry',
    summary: 'Logs an entry here and asks the other members to',
    tags: ['entries'],
    body: entrySubmission,
    response: {
      200: submittedEntry,
      ...problems(
        'challenge_required',
        'challenge_unknown',
        'challenge_expired',
        'challenge_not_passed',
        'challenge_mismatch',
        'email_challenge_required',
        'email_mismatch',
        'directory_unavailable',
        ...bodyCodes,
      ),
      ...verdictProblems(),
    },
  };
  scope.post('/v1/entries', { schema }, async ({ body }, reply) => {
    const { complete, entryId, quorum, receipts, timeMs } = await submitEntry(
      parseSubmission(body),
      context,
    );
    reply.header('cache-control', 'no-store');
    return {
      entryId: encodeBase64Url(entryId),
      state: stateName(complete),
      quorum,
      receipts: receipts.map(receiptJson),
      timeMs,
    };
  });
}

function addStateRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'entryState',
    summary: 'Says what has become of an entry',
    tags: ['entries'],
    params: entryPath,
    response: { 200: entryState, ...problems('entry_unknown') },
  };
  scope.get('/v1/entries/:id', { schema }, async ({ params }, reply) => {
    const entryId = /^[0-9a-f]{64}$/.test(params.id) ? Uint8Array.fromHex(params.id) : undefined;
    const state = entryId && directory.entryState(entryId);
    if (entryId === undefined || state === undefined) throw new ApiError('entry_unknown');
    const { complete, inForce, timeMs, erasedAtMs, epoch, pending, leaves } = state;
    reply.header('cache-control', 'no-store');
    return {
      entryId: encodeBase64Url(entryId),
      state: stateName(complete),
      inForce,
      timeMs,
      erasedAtMs,
      epoch,
      pending: pending.map(pendingJson),
      leaves: leaves.map(({ origin, index, at, role }) => ({ origin, index, at, role })),
    };
  });
}

interface SubmissionBody {
  readonly entry: string;
  readonly payload?: string;
  readonly opening?: string;
  readonly challenge?: string;
  readonly emailChallenge?: string;
  readonly receipts?: readonly ReceiptJson[];
}

function parseSubmission(body: SubmissionBody): ClientSubmission {
  const { entry, payload, opening, challenge, emailChallenge, receipts = [] } = body;
  if ((payload === undefined) !== (opening === undefined)) {
    throw new ApiError('request_malformed', {
      message: 'body has one of payload and opening, and needs both or neither',
    });
  }
  return {
    entry: parseBytesField(entry, 'body/entry'),
    ...(payload === undefined ? {} : { payload: parseBytesField(payload, 'body/payload') }),
    ...(opening === undefined ? {} : { opening: parseBytesField(opening, 'body/opening') }),
    challengeId: challenge,
    emailChallengeId: emailChallenge,
    receipts: receipts.map(parseReceipt),
  };
}

function parseReceipt(json: ReceiptJson, index: number): Receipt {
  const parsed = parseReceiptJson(json);
  if (parsed.verdict === 'accept') return parsed.value;
  throw new ApiError('request_malformed', { message: `body/receipts/${index} is not a receipt` });
}

function receiptJson(receipt: Receipt) {
  const { proof, ...json } = encodeReceiptJson(receipt);
  return { ...json, proof: [...proof] };
}

function stateName(complete: boolean): 'complete' | 'incomplete' {
  return complete ? 'complete' : 'incomplete';
}
