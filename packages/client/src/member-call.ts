/**
 * One HTTP exchange with one member: bounded in time and size, and ending in JSON or in a coded
 * error. A captive portal, half a response and a page of HTML all end in `member_answer_malformed`;
 * nothing a member writes is copied into an error except a code that has the form of a code.
 */
import { DirectoryError } from '@callbook/protocol';
import { readBoundedBody } from './bounded-body.ts';
import { clientError, type ClientErrorCode } from './errors.ts';
import { answerBytesMax, callMsMax } from './limits.ts';
import type { Member } from './member.ts';

/** The part of the global `fetch` that is used; give another one to go through a proxy, for instance. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface MemberCall {
  readonly method: 'GET' | 'POST';
  /** Path below the API's base URL, with its slash. */
  readonly path: string;
  /** Sent as JSON; octets as they are, with their `mediaType`. */
  readonly body?: unknown;
  readonly mediaType?: string;
  readonly timeoutMs?: number;
  /** Ends the call when nobody waits for it any more. */
  readonly signal?: AbortSignal;
}

/** Calls `member` and returns the JSON it answered; throws a coded error for anything else. */
export async function callMember(fetch: Fetch, member: Member, call: MemberCall): Promise<unknown> {
  const { status, body, retryAfter } = await exchange(fetch, member, call);
  const json = parseJson(member, body);
  if (status >= 200 && status < 300) return json;
  throw problemError(member, { status, problem: json, retryAfter });
}

/** Returns the time that `member` gives with an answer (RFC 9110 §6.6.1), to the second. */
export async function fetchTimeMs(fetch: Fetch, member: Member): Promise<number> {
  const { date } = await exchange(fetch, member, { method: 'GET', path: '/v1/charter' });
  const timeMs = Date.parse(date ?? '');
  if (!Number.isNaN(timeMs)) return timeMs;
  throw clientError('member_answer_malformed', `member ${member.name} gives no time`, {
    details: { member: member.name },
  });
}

/** As `callMember`, for the routes that answer with octets. */
export async function callMemberForOctets(
  fetch: Fetch,
  member: Member,
  call: MemberCall,
): Promise<Uint8Array> {
  const { status, body, retryAfter } = await exchange(fetch, member, call);
  if (status === 200) return body;
  throw problemError(member, { status, problem: parseJson(member, body), retryAfter });
}

/** Calls `member` and returns the text it answered, for the few routes that are not JSON. */
export async function fetchText(fetch: Fetch, member: Member, path: string): Promise<string> {
  const text = await fetchTextIfThere(fetch, member, path);
  if (text !== undefined) return text;
  throw statusError(member, 404);
}

/** As `fetchText`; undefined when the member says that it has no such text. */
export async function fetchTextIfThere(
  fetch: Fetch,
  member: Member,
  path: string,
): Promise<string | undefined> {
  const { status, body } = await exchange(fetch, member, { method: 'GET', path });
  if (status === 200) return new TextDecoder().decode(body);
  if (status === 404) return undefined;
  throw statusError(member, status);
}

function statusError(member: Member, status: number): DirectoryError<ClientErrorCode> {
  return clientError('member_failed', `member ${member.name} answered with status ${status}`, {
    details: { member: member.name, status },
  });
}

interface Exchange {
  readonly status: number;
  readonly body: Uint8Array;
  readonly retryAfter: string | null;
  readonly date: string | null;
}

async function exchange(fetch: Fetch, member: Member, call: MemberCall): Promise<Exchange> {
  const timeoutMs = call.timeoutMs ?? callMsMax;
  const inTime = AbortSignal.timeout(timeoutMs);
  const signal = call.signal === undefined ? inTime : AbortSignal.any([inTime, call.signal]);
  let response: Response | undefined;
  try {
    response = await fetch(member.api + call.path, requestOf(call, signal));
    const body = await readBody(member, response);
    const { status, headers } = response;
    return { status, body, retryAfter: headers.get('retry-after'), date: headers.get('date') };
  } catch (cause) {
    if (isCoded(cause)) throw cause;
    if (signal.aborted) {
      throw clientError('member_timeout', `member ${member.name} did not answer in time`, {
        details: { member: member.name, timeoutMs },
      });
    }
    // The cause is dropped where it could hold what was sent: fetch puts URLs in its messages,
    // and no URL of the API has an identifier in it.
    const [code, what] =
      response === undefined
        ? (['member_unreachable', 'cannot be reached'] as const)
        : (['member_answer_malformed', 'broke off its answer'] as const);
    throw clientError(code, `member ${member.name} ${what}`, {
      cause,
      details: { member: member.name },
    });
  }
}

function requestOf(call: MemberCall, signal: AbortSignal): RequestInit {
  return {
    method: call.method,
    // A redirect is a captive portal or a member moving without a charter: neither is followed.
    redirect: 'error',
    cache: 'no-store',
    credentials: 'omit',
    signal,
    ...bodyOf(call),
  };
}

function bodyOf({ body, mediaType = 'application/json' }: MemberCall): RequestInit {
  if (body === undefined) return {};
  const octets = body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : undefined;
  return { headers: { 'content-type': mediaType }, body: octets ?? JSON.stringify(body) };
}

async function readBody(member: Member, response: Response): Promise<Uint8Array> {
  const body = await readBoundedBody(response, answerBytesMax);
  if (body !== undefined) return body;
  throw clientError(
    'member_answer_too_large',
    `answer of member ${member.name} is over ${answerBytesMax} bytes`,
    { details: { member: member.name, limit: answerBytesMax } },
  );
}

function parseJson(member: Member, body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown;
  } catch {
    // No cause: V8 quotes the text in its message.
    throw clientError('member_answer_malformed', `answer of member ${member.name} is not JSON`, {
      details: { member: member.name },
    });
  }
}

/** The problem codes of the API that a caller can act upon; any other is a refusal or a fault. */
const codeOfProblem: Readonly<Record<string, ClientErrorCode>> = {
  identifier_malformed: 'identifier_malformed',
  token_missing: 'token_missing',
  challenge_rate_limited: 'rate_limited',
  channel_unavailable: 'channel_unavailable',
  challenge_unknown: 'challenge_lost',
  challenge_expired: 'challenge_lost',
  challenge_answer_wrong: 'code_wrong',
  challenge_exhausted: 'challenge_exhausted',
};

function problemError(
  member: Member,
  answer: { status: number; problem: unknown; retryAfter: string | null },
): DirectoryError<ClientErrorCode> {
  const { status } = answer;
  const problemCode = problemCodeOf(answer.problem);
  const code = codeOfProblem[problemCode] ?? codeOfStatus(status);
  const details: Record<string, string | number | boolean> = {
    member: member.name,
    status,
    problemCode,
  };
  const retryAfterSeconds = Number(answer.retryAfter ?? Number.NaN);
  if (Number.isSafeInteger(retryAfterSeconds) && retryAfterSeconds >= 0) {
    details['retryAfterSeconds'] = retryAfterSeconds;
  }
  return clientError(code, `member ${member.name} answered ${status} ${problemCode}`, { details });
}

function codeOfStatus(status: number): ClientErrorCode {
  if (status === 429) return 'rate_limited';
  // 408: the request did not arrive in time, which says nothing about the request.
  if (status >= 400 && status < 500 && status !== 408) return 'request_refused';
  return 'member_failed';
}

function problemCodeOf(problem: unknown): string {
  if (typeof problem !== 'object' || problem === null || !('code' in problem)) return 'unknown';
  const { code } = problem;
  // Only what has the form of a code: a member must not be able to write into an error.
  return typeof code === 'string' && /^[a-z][a-z_]{0,63}$/.test(code) ? code : 'unknown';
}

function isCoded(error: unknown): error is DirectoryError<ClientErrorCode> {
  return error instanceof DirectoryError;
}
