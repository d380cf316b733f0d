/**
 * EDNS options that are understood: cookies, NSID, padding and TCP keepalive. All others are ignored, as
 * RFC 6891 §6.1.2 wants it: "Any OPTION-CODE values not understood by a responder or requestor MUST be
 * ignored."
 */
import type { Clock } from '@callbook/protocol';
import type { ClientAddress } from '../datagram/datagram-engine.ts';
import type { CookieSecrets } from '../cookie/cookie-secrets.ts';
import { judgeCookie } from '../cookie/server-cookie.ts';
import type { JudgedCookie } from '../cookie/server-cookie.ts';
import type { Edns, EdnsOption } from '../wire/message.ts';
import { uint16Octets } from '../wire/octets.ts';
import { ednsOptionCodes } from '../wire/record-types.ts';
import { streamIdleMsMax } from './stream-limits.ts';
import type { Transport } from './transport.ts';

export interface CookieOptions {
  /** Asked for each query that has a cookie, so that secrets can be rolled while serving. */
  readonly secrets: () => CookieSecrets;
  readonly clock: Clock;
}

/** What is asked of the answer, beside the question. */
export interface QueryOptions {
  readonly cookie: JudgedCookie | 'malformed' | undefined;
  readonly wantsNsid: boolean;
  readonly wantsKeepalive: boolean;
  readonly wantsPadding: boolean;
}

export const noQueryOptions: QueryOptions = {
  cookie: undefined,
  wantsNsid: false,
  wantsKeepalive: false,
  wantsPadding: false,
};

interface QueryContext {
  readonly transport: Transport;
  readonly client: ClientAddress;
  /** Undefined: cookies are not understood. */
  readonly cookies: CookieOptions | undefined;
}

/** Reads the options of a query. Those of another version of EDNS may mean anything: none is taken. */
export function readQueryOptions(edns: Edns | undefined, context: QueryContext): QueryOptions {
  if (edns === undefined || edns.version !== 0 || edns.options.length === 0) return noQueryOptions;
  const has = (wanted: number): boolean => edns.options.some(({ code }) => code === wanted);
  const { transport } = context;
  return {
    cookie: readCookie(edns.options, context),
    // RFC 5001 §2.1: a name server "MUST ignore any NSID payload data" in a query.
    wantsNsid: has(ednsOptionCodes.nsid),
    // RFC 7828 §3.2.1: over UDP the option is ignored.
    wantsKeepalive: transport !== 'udp' && has(ednsOptionCodes.tcpKeepalive),
    // RFC 7830 §6: in clear text padding hides nothing.
    wantsPadding: transport === 'tls' && has(ednsOptionCodes.padding),
  };
}

/**
 * RFC 7873 §5.2: of several COOKIE options "only the first (the one closest to the DNS header) is
 * considered".
 */
function readCookie(
  options: readonly EdnsOption[],
  { client, cookies }: QueryContext,
): JudgedCookie | 'malformed' | undefined {
  if (cookies === undefined) return undefined;
  const option = options.find(({ code }) => code === ednsOptionCodes.cookie);
  if (option === undefined) return undefined;
  const context = {
    secrets: cookies.secrets(),
    clientOctets: client.octets,
    nowMs: cookies.clock.nowMs(),
  };
  return judgeCookie(option.octets, context) ?? 'malformed';
}

/** Returns the options of the answer, but for padding, which depends on its size. */
export function answerOptions(query: QueryOptions, nsid: Uint8Array | undefined): EdnsOption[] {
  const { cookie, wantsNsid, wantsKeepalive } = query;
  const options: EdnsOption[] = [];
  if (cookie !== undefined && cookie !== 'malformed')
    options.push({ code: ednsOptionCodes.cookie, octets: cookie.answer });
  if (wantsNsid && nsid !== undefined) options.push({ code: ednsOptionCodes.nsid, octets: nsid });
  // RFC 7828 §3.1: "in units of 100 milliseconds".
  if (wantsKeepalive)
    options.push({
      code: ednsOptionCodes.tcpKeepalive,
      octets: uint16Octets(streamIdleMsMax / 100),
    });
  return options;
}

/** RFC 8467 §4.1: a server "SHOULD pad the corresponding response to a multiple of 468 octets". */
const paddingBlockBytes = 468;
const optionHeadBytes = 4;
const zeros = new Uint8Array(paddingBlockBytes);

/** Returns the option that brings an answer of `sizeBytes` to whole blocks, or near to its limit. */
export function paddingOption(sizeBytes: number, sizeMax: number): EdnsOption | undefined {
  const size = sizeBytes + optionHeadBytes;
  const padded = Math.min(sizeMax, Math.ceil(size / paddingBlockBytes) * paddingBlockBytes);
  if (padded < size) return undefined;
  return { code: ednsOptionCodes.padding, octets: zeros.subarray(0, padded - size) };
}
