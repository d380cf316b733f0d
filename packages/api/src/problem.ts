/**
 * What becomes of an error: a problem document (RFC 9457) for the client, and a line in the log
 * when it is this member's own failure. Neither ever holds a message that somebody else wrote:
 * messages of parsers and sockets quote what they were given.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { DirectoryError } from '@callbook/protocol';
import type { Refusal, VerdictCode } from '@callbook/protocol';
import type {
  ConnectionError,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError,
} from 'fastify';
import { ApiError, apiErrorCodes } from './errors.ts';
import type { ApiErrorCode, ProblemExtensions } from './errors.ts';
import type { EventLogger } from './ports.ts';
import { problemMediaType, problemTypes } from './schemas/problem-schema.ts';

/** An entry that the protocol's rules turned away; the code is the verdict's. */
export class RefusedEntry extends DirectoryError<VerdictCode> {
  readonly status: 409 | 422 | 503;
  readonly retryAfterSeconds: number | undefined;

  constructor(refusal: Refusal) {
    super(refusal.code, refusal.message);
    this.name = 'RefusedEntry';
    const isMembers = Object.hasOwn(memberTroubles, refusal.code);
    this.status = isMembers ? 503 : refusal.verdict === 'ignore' ? 409 : 422;
    this.retryAfterSeconds = memberTroubles[refusal.code];
  }
}

/**
 * Refusals that say nothing of the entry, only of the member: another may be asked at once. The
 * seconds after which this one may be asked again; undefined where that is for its operator.
 */
const memberTroubles: Partial<Record<VerdictCode, number | undefined>> = {
  member_busy: 1,
  own_log_unconfirmed: 2,
  own_log_contradicted: undefined,
};

/** A problem document before it is written. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly extensions: ProblemExtensions;
  readonly retryAfterSeconds: number | undefined;
  readonly authenticate?: string | undefined;
  readonly bytesMin?: number | undefined;
}

/** Returns the problem of a code. */
export function problemOf(code: ApiErrorCode): Problem {
  const { status, sentence } = apiErrorCodes[code];
  return { status, code, detail: sentence, extensions: {}, retryAfterSeconds: undefined };
}

/** Sends a problem document. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) {
    reply.header('retry-after', problem.retryAfterSeconds);
  }
  if (problem.authenticate !== undefined) {
    reply.header('www-authenticate', problem.authenticate);
  }
  // Octets, because the framework adds a charset to text, which the media type does not have.
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(problemMediaType)
    .send(problemBytes(problem, problem.bytesMin));
}

/** Returns a problem document, with spaces after it where it is to be `bytesMin` long. */
export function problemBytes(problem: Problem, bytesMin = 0): Buffer {
  return Buffer.from(problemJson(problem).padEnd(bytesMin));
}

/** Returns the handler of every error that a route or the framework throws. */
export function errorHandler(logger: EventLogger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    sendProblem(reply, problemFor(error, { logger, route: request.routeOptions.url }));
  };
}

/** Returns what a client is told of an error; this member's own failures get a line in the log. */
export function problemFor(
  error: unknown,
  where: {
    readonly logger: EventLogger;
    /** The pattern of the route, never the URL that was asked for. */
    readonly route: string | undefined;
  },
): Problem {
  const problem = problemOfError(error);
  // A refused entry is no failure; what is wrong with the member then stands in its readiness.
  if (problem.status >= 500 && !(error instanceof RefusedEntry)) {
    logFailure(where.logger, { error, route: where.route, problem });
  }
  return problem;
}

/** Answers what is not HTTP enough to reach a route, and closes the connection. */
export function answerClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const problem = problemOf(clientErrorCodes[error.code] ?? 'request_malformed');
  const body = problemJson(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n` +
      `content-type: ${problemMediaType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `cache-control: no-store\r\naccess-control-allow-origin: *\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

/** Turns a schema's error into one that names the field and the limit, never the value. */
export function schemaError(
  errors: readonly FastifySchemaValidationError[],
  part: string,
): ApiError {
  const [first] = errors;
  // Paths hold names from our schemas and array indexes only: no schema has free property names.
  const field = `${part}${first?.instancePath ?? ''}`;
  const rule = brokenRules[first?.keyword ?? '']?.(first?.params ?? {}) ?? 'breaks its schema';
  return new ApiError('request_malformed', { message: `${field} ${rule}` });
}

type BrokenRule = (params: FastifySchemaValidationError['params']) => string;

/** What each keyword of a schema says when it is broken; every parameter comes from the schema. */
const brokenRules: Partial<Record<string, BrokenRule>> = {
  required: ({ missingProperty }) => `lacks the field ${String(missingProperty)}`,
  additionalProperties: () => 'has a field that is not in the schema',
  type: ({ type }) => `is not of type ${String(type)}`,
  enum: ({ allowedValues }) => `is none of ${String(allowedValues)}`,
  pattern: ({ pattern }) => `does not match ${String(pattern)}`,
  minLength: ({ limit }) => `has fewer than ${String(limit)} characters`,
  maxLength: ({ limit }) => `has more than ${String(limit)} characters`,
  minItems: ({ limit }) => `has fewer than ${String(limit)} items`,
  maxItems: ({ limit }) => `has more than ${String(limit)} items`,
  minimum: ({ limit }) => `is less than ${String(limit)}`,
  maximum: ({ limit }) => `is more than ${String(limit)}`,
};

const clientErrorCodes: Partial<Record<string, ApiErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

const frameworkCodes: Partial<Record<string, ApiErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_INVALID_JSON_BODY: 'json_malformed',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'json_malformed',
};

function problemOfError(error: unknown): Problem {
  if (error instanceof ApiError) {
    const { code, message, extensions, retryAfterSeconds, authenticate, bytesMin } = error;
    const fields = { extensions, retryAfterSeconds, authenticate, bytesMin };
    return { ...problemOf(code), detail: message, ...fields };
  }
  if (error instanceof RefusedEntry) {
    const { status, code, message, retryAfterSeconds } = error;
    return { status, code, detail: message, extensions: {}, retryAfterSeconds };
  }
  if (error instanceof DirectoryError) return problemOf('directory_unavailable');
  const { code, statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  const known = frameworkCodes[code ?? ''];
  if (known !== undefined) return problemOf(known);
  const isClients = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return problemOf(isClients ? 'request_malformed' : 'internal_error');
}

/** Types that other standards look for (IANA, HTTP Problem Types). */
const registeredTypes: Partial<Record<string, { readonly type: string; readonly title: string }>> =
  {
    capsule_key_unknown: {
      type: problemTypes.ohttpKey,
      title: 'Oblivious HTTP key configuration not acceptable',
    },
    capsule_date_invalid: { type: problemTypes.date, title: 'Date Not Acceptable' },
  };

function problemJson({ status, code, detail, extensions }: Problem): string {
  // RFC 9457 §4.2.1: with "about:blank" the title is the phrase of the status code.
  const about = registeredTypes[code] ?? { type: 'about:blank', title: STATUS_CODES[status] };
  return JSON.stringify({ ...about, status, code, detail, ...extensions });
}

function logFailure(
  logger: EventLogger,
  failure: {
    readonly error: unknown;
    readonly route: string | undefined;
    readonly problem: Problem;
  },
): void {
  const { error, route, problem } = failure;
  logger.error(
    {
      route,
      code: problem.code,
      errors: describeChain(error),
    },
    'request_failed',
  );
}

interface ErrorDescription {
  readonly name: string;
  readonly code: string | undefined;
  readonly frames: readonly string[];
}

const causesMax = 4;

/** Describes an error and its causes by name, code and stack frames; messages are left out. */
function describeChain(error: unknown): readonly ErrorDescription[] {
  const chain: ErrorDescription[] = [];
  for (let at = error; at instanceof Error && chain.length < causesMax; at = at.cause) {
    const { code } = at as { code?: unknown };
    chain.push({
      name: word(at.name) ?? 'Error',
      code: word(code),
      frames: framesOf(at),
    });
  }
  return chain;
}

/** Lets names and codes of programs through, and nothing that could be a number. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z_]{0,63}\d?$/.test(value)
    ? value
    : undefined;
}

function framesOf(error: Error): readonly string[] {
  const stack = error.stack ?? '';
  // A message may have lines that look like frames; without the message, no line can be trusted.
  const messageAt = stack.indexOf(error.message);
  if (messageAt === -1) return [];
  return stack
    .slice(messageAt + error.message.length)
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .map((line) => line.trim());
}
