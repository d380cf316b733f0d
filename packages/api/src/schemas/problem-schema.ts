/**
 * How a route documents what can go wrong: the codes, grouped by status, with their sentences.
 * Errors are problem documents (RFC 9457); `code` is the member that programs match.
 */
import { verdictCodes } from '@callbook/protocol';
import { Type } from 'typebox';
import { apiErrorCodes } from '../errors.ts';
import type { ApiErrorCode } from '../errors.ts';

export const problemMediaType = 'application/problem+json';

/** RFC 9458 §5.3 and §6.5.2. */
export const problemTypes = {
  ohttpKey: 'https://iana.org/assignments/http-problem-types#ohttp-key',
  date: 'https://iana.org/assignments/http-problem-types#date',
} as const;

/** Registered once; routes refer to it. */
export const problemSchema = Type.Object(
  {
    type: Type.Enum(['about:blank', problemTypes.ohttpKey, problemTypes.date]),
    title: Type.String({ description: 'The phrase of the HTTP status, or of the type' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ description: 'Stable; listed with each status of each route' }),
    detail: Type.String({ description: 'What was found, then the limit; for people' }),
    attemptsLeft: Type.Optional(Type.Integer({ minimum: 0 })),
    reasons: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'Problem' },
);

/** Codes that any route can answer with. */
const commonCodes: readonly ApiErrorCode[] = ['request_malformed', 'internal_error'];

/** Codes that any route with a body can answer with besides. */
export const bodyCodes: readonly ApiErrorCode[] = [
  'json_malformed',
  'body_too_large',
  'media_type_unsupported',
];

/** Returns a response for each status of `codes`, to spread into a route's `response`. */
export function problems(...codes: readonly ApiErrorCode[]): object {
  const sentences = new Map<number, string[]>();
  for (const code of new Set([...codes, ...commonCodes])) {
    const { status, sentence } = apiErrorCodes[code];
    sentences.set(status, [...(sentences.get(status) ?? []), `\`${code}\`: ${sentence}`]);
  }
  return Object.fromEntries(
    [...sentences].map(([status, lines]) => [status, problemResponse(lines)]),
  );
}

/**
 * Responses for verdicts of the protocol: 422 when a rule is broken, 409 when one stands against, 503
 * when the member cannot log now.
 */
export function verdictProblems(): object {
  const lines = Object.entries(verdictCodes).map(([code, text]) => `\`${code}\`: ${text}`);
  const used = `\`challenge_used\`: ${apiErrorCodes.challenge_used.sentence}`;
  const unavailable = `\`directory_unavailable\`: ${apiErrorCodes.directory_unavailable.sentence}`;
  return {
    409: problemResponse([used, ...lines]),
    422: problemResponse(lines),
    503: problemResponse([unavailable, ...lines]),
  };
}

function problemResponse(lines: readonly string[]): object {
  return {
    description: lines.join('\n\n'),
    content: { [problemMediaType]: { schema: { $ref: 'Problem#' } } },
  };
}
