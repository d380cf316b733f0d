/**
 * The few lines of SIP that a MESSAGE needs: one request out, status lines back (RFC 3261, RFC 3428).
 * A message is at most one SMS segment, so that it stays far below the 1300 octets that RFC 3428 §8
 * allows over UDP. Parsing takes what it needs and refuses the rest.
 */
import type { ChannelMessage } from './channel.ts';
import { parseSipChallenge } from './sip-digest.ts';
import type { SipChallenge } from './sip-digest.ts';

export interface SipRequestParts {
  readonly message: ChannelMessage;
  /** `UDP`, `TCP` or `TLS`. */
  readonly transport: string;
  /** Who sends, `sip:` and an address. */
  readonly from: string;
  /** Domain of the numbers' URIs at the proxy. */
  readonly gatewayDomain: string;
  /** Address and port of our socket. */
  readonly sentBy: string;
  /** 1, and one more each time that the proxy wants to know who we are. */
  readonly sequence: number;
  /** Header line that says who we are. */
  readonly authorization: string | undefined;
}

export interface SipResponse {
  readonly status: number;
  readonly branch: string;
  /** What a 401 or 407 asks for, the first that can be answered. */
  readonly challenge: SipChallenge | undefined;
}

/** RFC 3261 §8.1.1.7: what a branch begins with. */
const branchCookie = 'z9hG4bK';

/** Head of a response, and its body, in octets. */
const sipResponseBytesMax = 65_536;

/** Returns the branch of a message's transaction; each sequence number has its own. */
export function sipBranch({ sendId }: ChannelMessage, sequence: number): string {
  return `${branchCookie}${sendId}.${sequence}`;
}

/** Encodes the MESSAGE request; repeated octet by octet over UDP, which makes it one transaction. */
export function encodeSipMessage(parts: SipRequestParts): Buffer {
  const { message, transport, from, gatewayDomain, sentBy, sequence, authorization } = parts;
  const target = requestUri(message, gatewayDomain);
  const body = Buffer.from(message.text, 'utf8');
  const head = [
    `MESSAGE ${target} SIP/2.0`,
    `Via: SIP/2.0/${transport} ${sentBy};rport;branch=${sipBranch(message, sequence)}`,
    'Max-Forwards: 70',
    `From: <${from}>;tag=${message.sendId}`,
    `To: <${target}>`,
    `Call-ID: ${message.sendId}@${gatewayDomain}`,
    `CSeq: ${sequence} MESSAGE`,
    ...(authorization === undefined ? [] : [authorization]),
    // RFC 3428 §4: after this the message is not worth delivering.
    ...(message.validSeconds === undefined ? [] : [`Expires: ${message.validSeconds}`]),
    'Content-Type: text/plain;charset=utf-8',
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** A number becomes a user of the gateway (RFC 3261 §19.1.6); an address stays as it is. */
export function requestUri({ to }: ChannelMessage, gatewayDomain: string): string {
  return to.startsWith('tel:') ? `sip:${to.slice(4)}@${gatewayDomain};user=phone` : to;
}

/**
 * Takes the first whole response out of what a stream has brought; undefined while it is not all
 * there, `malformed` where the octets begin no response.
 */
export function parseSipResponse(
  octets: Buffer,
): { readonly response: SipResponse; readonly size: number } | 'malformed' | undefined {
  const end = octets.indexOf('\r\n\r\n');
  if (end < 0) return octets.length > sipResponseBytesMax ? 'malformed' : undefined;
  const [statusLine, ...lines] = octets.toString('latin1', 0, end).split('\r\n');
  const status = /^SIP\/2\.0 ([1-6]\d\d)( |$)/.exec(statusLine!)?.[1];
  if (status === undefined) return 'malformed';
  const length = Number(/^\d{1,5}$/.exec(fieldOf(lines, 'content-length', 'l') ?? '0')?.[0]);
  // Also where it is no number.
  if (!(length <= sipResponseBytesMax)) return 'malformed';
  const size = end + 4 + length;
  if (octets.length < size) return undefined;
  // RFC 3261 §17.1.3: the topmost Via has the branch that we gave.
  const via = fieldOf(lines, 'via', 'v')?.split(',')[0] ?? '';
  const branch = /;\s*branch=([^;\s]+)/i.exec(via)?.[1] ?? '';
  const response = {
    status: Number(status),
    branch,
    challenge: challengeOf(Number(status), lines),
  };
  return { response, size };
}

/** RFC 8760 §2.4: of several, the topmost that is spoken here. */
function challengeOf(status: number, lines: readonly string[]): SipChallenge | undefined {
  const name = challengeFields.get(status);
  if (name === undefined) return undefined;
  const asked = fieldsOf(lines, name, name).map(parseSipChallenge);
  return asked.find((challenge) => challenge !== undefined);
}

const challengeFields = new Map([
  [401, 'www-authenticate'],
  [407, 'proxy-authenticate'],
]);

function fieldOf(lines: readonly string[], name: string, short: string): string | undefined {
  return fieldsOf(lines, name, short)[0];
}

function fieldsOf(lines: readonly string[], name: string, short: string): string[] {
  return lines.flatMap((line) => {
    const [, found, value] = /^([A-Za-z-]+)\s*:\s*(.*)$/.exec(line) ?? [];
    const isIt = found?.toLowerCase() === name || found?.toLowerCase() === short;
    return isIt ? [value!.trim()] : [];
  });
}
