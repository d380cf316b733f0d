/**
 * The oblivious gateway: opens a capsule, asks the routes of this member what is inside, seals what they
 * say (RFC 9458 §5). It never learns who asks, keeps nothing of what is asked, and its answers differ
 * neither in length nor in time by what was found. What does not open ends in one of two refusals of
 * one length.
 */
import { encodeBinaryResponse, parseBinaryRequest, parseRequestCapsule } from '@callbook/protocol';
import type { BinaryField, BinaryRequest, BinaryResponse, Clock, Random } from '@callbook/protocol';
import { ApiError } from '../errors.ts';
import type { ApiErrorCode } from '../errors.ts';
import { problemBytes, problemOf } from '../problem.ts';
import { problemMediaType } from '../schemas/problem-schema.ts';
import { AnswerTicks } from './answer-ticks.ts';
import type { OpenedCapsule } from './capsule-key.ts';
import type { GatewayKeys } from './gateway-keys.ts';
import { innerRouteOf, paddedAnswerBytes } from './inner-request.ts';
import { exchangesMax, innerDateErrorMsMax } from './limits.ts';
import { SeenKeys } from './seen-keys.ts';

/** What was in a capsule, for a route of this member. */
export interface InnerQuestion {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface InnerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

/** Asks a route of this member; never throws. */
export type InnerAsk = (question: InnerQuestion) => Promise<InnerAnswer>;

export interface GatewayParts {
  readonly keys: GatewayKeys;
  readonly clock: Clock;
  readonly random: Random;
  /** Host and port of this member's API, as the charter has them. */
  readonly authority: () => string;
  readonly ask: InnerAsk;
}

const fieldsHandedIn = ['accept', 'authorization', 'content-type'];
const fieldsHandedOut = ['content-type', 'retry-after', 'www-authenticate'];
/** Of an answer sealed with AES-128-GCM. */
const responseNonceBytes = 16;

export class ObliviousGateway {
  readonly #parts: GatewayParts;
  readonly #seen = new SeenKeys();
  readonly #ticks = new AnswerTicks();
  #exchanges = 0;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /**
   * Answers a sealed request with a sealed answer, at a tick. Throws `capsule_malformed`,
   * `capsule_key_unknown`, `capsule_replayed` or `gateway_busy`, at a tick as well.
   */
  async exchange(octets: Uint8Array): Promise<Uint8Array> {
    if (this.#exchanges >= exchangesMax) throw new ApiError('gateway_busy');
    this.#exchanges += 1;
    const departure = this.#ticks.settle();
    try {
      return await this.#answer(octets);
    } finally {
      await this.#ticks.departed(departure);
      this.#exchanges -= 1;
    }
  }

  async #answer(octets: Uint8Array): Promise<Uint8Array> {
    const opened = this.#open(octets);
    const answer = await this.#answerInside(opened.message);
    // What was asked stays nowhere: the octets are ours alone.
    opened.message.fill(0);
    return opened.seal(answer, this.#parts.random.bytes(responseNonceBytes));
  }

  #open(octets: Uint8Array): OpenedCapsule {
    const { keys, clock } = this.#parts;
    const capsule = parseRequestCapsule(octets);
    if (capsule.verdict !== 'accept') throw new ApiError('capsule_malformed');
    const opened = keys.open(capsule.value);
    if (opened === undefined) throw new ApiError('capsule_key_unknown');
    // Only what opens is remembered: anybody can make octets up.
    const seen = this.#seen.note(capsule.value.enc, clock.nowMs());
    if (seen === 'full') throw new ApiError('gateway_busy');
    if (seen === 'seen') throw new ApiError('capsule_replayed');
    return opened;
  }

  async #answerInside(message: Uint8Array): Promise<Uint8Array> {
    const request = parseBinaryRequest(message);
    if (request.verdict !== 'accept') return encodeProblem('binary_message_malformed', undefined);
    const { method, path } = request.value;
    const route = innerRouteOf(method, path);
    const code = this.#refusalOf(request.value);
    if (code === 'capsule_date_invalid') {
      // RFC 9458 §6.5.2: the date of the answer lets a client correct its clock.
      const date = new Date(this.#parts.clock.nowMs()).toUTCString();
      return encodeProblem(code, route, { name: 'date', value: date });
    }
    if (code !== undefined || route === undefined) {
      return encodeProblem(code ?? 'oblivious_target_refused', route);
    }
    const { status, headers, body } = await this.#parts.ask({
      path,
      headers: handedIn(request.value.fields),
      body: request.value.content,
    });
    return encodePadded({ status, fields: handedOut(headers), content: body }, route);
  }

  #refusalOf({ scheme, authority, fields }: BinaryRequest): ApiErrorCode | undefined {
    const isHere = scheme === 'https' && ['', this.#parts.authority()].includes(authority);
    if (!isHere) return 'oblivious_target_refused';
    const dates = fields.filter(({ name }) => name === 'date');
    const dateMs = dates.length === 1 ? parseDate(dates[0]!.value) : undefined;
    const errorMs = Math.abs((dateMs ?? Number.NaN) - this.#parts.clock.nowMs());
    return errorMs <= innerDateErrorMsMax ? undefined : 'capsule_date_invalid';
  }
}

/** RFC 9110 §5.6.7, IMF-fixdate: the one form that senders may generate. */
function parseDate(text: string): number | undefined {
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) || new Date(dateMs).toUTCString() !== text ? undefined : dateMs;
}

function handedIn(fields: readonly BinaryField[]): Readonly<Record<string, string>> {
  const known = fields.filter(({ name }) => fieldsHandedIn.includes(name));
  return Object.fromEntries(known.map(({ name, value }) => [name, value]));
}

function handedOut(headers: Readonly<Record<string, unknown>>): BinaryField[] {
  return fieldsHandedOut
    .filter((name) => headers[name] !== undefined)
    .map((name) => ({ name, value: String(headers[name]) }));
}

function encodeProblem(
  code: ApiErrorCode,
  route: ReturnType<typeof innerRouteOf>,
  ...fields: readonly BinaryField[]
): Uint8Array {
  const problem = problemOf(code);
  const response = {
    status: problem.status,
    fields: [{ name: 'content-type', value: problemMediaType }, ...fields],
    content: problemBytes(problem),
  };
  return encodePadded(response, route);
}

function encodePadded(
  response: BinaryResponse,
  route: ReturnType<typeof innerRouteOf>,
): Uint8Array {
  const message = encodeBinaryResponse(response);
  // RFC 9292 §3.8: zeros after a message belong to none of its fields.
  const padded = new Uint8Array(paddedAnswerBytes(route, message.length));
  padded.set(message);
  return padded;
}
