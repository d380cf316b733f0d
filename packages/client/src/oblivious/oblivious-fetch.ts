/**
 * A `fetch` to a member that neither it nor the relay can tie to who asks: the request becomes a binary
 * message, sealed to the member's key, and another member brings it there. What comes back is a
 * `Response` like any other, so look-ups, proofs and DNS over HTTPS run through it unchanged. It
 * never falls back to asking plainly: where it cannot be done it throws a coded error.
 */
import {
  capsuleBytesMax,
  encodeBinaryRequest,
  parseBinaryResponse,
  type BinaryField,
  type Clock,
  type DirectoryError,
} from '@callbook/protocol';
import { readBoundedBody } from '../bounded-body.ts';
import { clientError, type ClientErrorCode } from '../errors.ts';
import { innerRequestStepBytes, relayCallMsMax, relaysTriedMax } from '../limits.ts';
import type { Fetch } from '../member-call.ts';
import type { MemberHealth } from '../member-health.ts';
import type { Member } from '../member.ts';
import { encapsulate } from './capsule.ts';
import type { GatewayKeys, KnownKeys } from './gateway-keys.ts';
import type { Roles } from './roles.ts';

export interface ObliviousFetchOptions {
  /** Leads to the relays. */
  readonly fetch: Fetch;
  readonly keys: GatewayKeys;
  readonly roles: Roles;
  readonly health: MemberHealth;
  readonly clock: Clock;
  readonly members: () => readonly Member[];
}

/** RFC 9458 §5.3: the gateway does not have the key, or its configuration has changed. */
const keyProblem = 'https://iana.org/assignments/http-problem-types#ohttp-key';
const requestType = 'message/ohttp-req';
const responseType = 'message/ohttp-res';
const problemBytesMax = 4096;
const minuteMs = 60_000;

/** Returns the transport. Throws coded errors only, or what the caller's signal was aborted with. */
export function obliviousFetch(options: ObliviousFetchOptions): Fetch {
  return async (url, init) => {
    const gateway = options.members().find(({ api }) => url.startsWith(`${api}/`));
    if (gateway === undefined) throw new TypeError('only a member is asked obliviously');
    const request = encodeInner(url, init, options.clock.nowMs());
    const known = await options.keys.known();
    const answer = await viaRelays(options, { gateway, known, request, signal: init.signal });
    if (answer !== 'key_unknown') return answer;
    // RFC 9458 §5.3: "the client … can fetch an updated configuration"; once, or a gateway could keep
    // somebody fetching.
    const newer = await options.keys.newer(known);
    const again = await viaRelays(options, {
      gateway,
      known: newer,
      request,
      signal: init.signal,
    });
    if (again !== 'key_unknown') return again;
    throw relayError('relay_failed', gateway, 'does not know its own newest key');
  };
}

interface Exchange {
  readonly gateway: Member;
  readonly known: KnownKeys;
  readonly request: Uint8Array;
  readonly signal: AbortSignal | null | undefined;
}

/** Tries one relay after the other; each gets a capsule of its own, as gateways refuse a second one. */
async function viaRelays(
  options: ObliviousFetchOptions,
  exchange: Exchange,
): Promise<Response | 'key_unknown'> {
  const { gateway, known, signal } = exchange;
  const refused = known.refused.get(gateway.name);
  if (refused !== undefined) throw relayError(refused, gateway, 'is shown with different keys');
  if (!known.keys.has(gateway.name)) {
    throw relayError('oblivious_unavailable', gateway, 'has no key that two members show alike');
  }
  const relays = options.roles.relaysFor(gateway).filter(({ name }) => !known.refused.has(name));
  let failure = relayError('oblivious_unavailable', gateway, 'has no relay of another operator');
  for (const relay of relays.slice(0, relaysTriedMax)) {
    const answer = await viaRelay(options, relay, exchange);
    if (answer instanceof Response || answer === 'key_unknown') return answer;
    signal?.throwIfAborted();
    failure = answer;
  }
  throw failure;
}

async function viaRelay(
  options: ObliviousFetchOptions,
  relay: Member,
  { gateway, known, request, signal }: Exchange,
): Promise<DirectoryError<ClientErrorCode> | Response | 'key_unknown'> {
  const key = known.keys.get(gateway.name);
  if (key === undefined) throw new TypeError('the gateway has a key');
  const capsule = await encapsulate(key, request);
  const inTime = AbortSignal.timeout(relayCallMsMax);
  let sealed: Uint8Array | undefined;
  try {
    const response = await options.fetch(`${relay.api}/v1/relay/${gateway.name}`, {
      method: 'POST',
      headers: { 'content-type': requestType },
      body: capsule.bytes as Uint8Array<ArrayBuffer>,
      // Nothing of this client goes along: no cookie, no page that it is on, nothing that is kept.
      redirect: 'error',
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      signal: signal ? AbortSignal.any([inTime, signal]) : inTime,
    });
    if (response.status !== 200 || mediaTypeOf(response) !== responseType) {
      return await readRefusal(response, { relay, gateway });
    }
    sealed = await readBoundedBody(response, capsuleBytesMax);
  } catch {
    if (signal?.aborted !== true) options.health.failed(relay);
    return relayError('relay_failed', gateway, `was not reached by relay ${relay.name}`);
  }
  const opened = sealed === undefined ? undefined : await capsule.open(sealed);
  const inner = opened === undefined ? undefined : parseBinaryResponse(opened);
  if (inner?.verdict !== 'accept') {
    return relayError('relay_failed', gateway, `gave no answer that opens by relay ${relay.name}`);
  }
  const { status, fields, content } = inner.value;
  return new Response(content.length === 0 ? null : (content as Uint8Array<ArrayBuffer>), {
    status,
    headers: fields.map(({ name, value }): [string, string] => [name, value]),
  });
}

/** What came back unsealed: it is the relay's, and never read as a word of the gateway's on the question. */
async function readRefusal(
  response: Response,
  { relay, gateway }: { readonly relay: Member; readonly gateway: Member },
): Promise<DirectoryError<ClientErrorCode> | 'key_unknown'> {
  const body = await readBoundedBody(response, problemBytesMax);
  if (body !== undefined && isKeyProblem(body)) return 'key_unknown';
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  if (response.status !== 429) {
    const status = `relay ${relay.name} answered ${response.status}`;
    return relayError('relay_failed', gateway, `was not reached: ${status}`);
  }
  return clientError('rate_limited', `relay ${relay.name} asks to try again later`, {
    details: {
      member: relay.name,
      ...(Number.isSafeInteger(seconds) && seconds >= 0 ? { retryAfterSeconds: seconds } : {}),
    },
  });
}

function isKeyProblem(body: Uint8Array): boolean {
  try {
    const json = JSON.parse(new TextDecoder().decode(body)) as { readonly type?: unknown } | null;
    return json?.type === keyProblem;
  } catch {
    return false;
  }
}

/** The request as a binary message, padded so that its length says little of what it asks. */
function encodeInner(url: string, init: RequestInit, nowMs: number): Uint8Array {
  const { pathname } = new URL(url);
  // RFC 9458 §6.5.1: against replays. To the minute: by the second a clock would be known again.
  const date = new Date(Math.floor(nowMs / minuteMs) * minuteMs).toUTCString();
  const fields: BinaryField[] = [{ name: 'date', value: date }];
  // Only what a route needs: everything else would tell clients apart.
  const given = new Headers(init.headers);
  for (const name of ['accept', 'authorization', 'content-type']) {
    const value = given.get(name);
    if (value !== null) fields.push({ name, value });
  }
  const message = {
    method: init.method ?? 'GET',
    scheme: 'https',
    // The gateway is for itself only.
    authority: '',
    path: pathname,
    fields,
    content: contentOf(init.body),
  };
  const size = encodeBinaryRequest(message).length;
  const steps = Math.ceil(size / innerRequestStepBytes);
  return encodeBinaryRequest(message, steps * innerRequestStepBytes);
}

function contentOf(body: RequestInit['body']): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  throw new TypeError('what is asked obliviously is text or octets');
}

function mediaTypeOf(response: Response): string | undefined {
  return response.headers.get('content-type')?.split(';')[0]?.trim();
}

function relayError(
  code: ClientErrorCode,
  gateway: Member,
  found: string,
): DirectoryError<ClientErrorCode> {
  return clientError(code, `member ${gateway.name} ${found}`, {
    details: { member: gateway.name },
  });
}
