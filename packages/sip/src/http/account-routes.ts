/**
 * Accounts for people and apps: every request is signed by a key that the number publishes (RFC 9421), so that
 * there is no password, no session, and no number in a URL, which a proxy would log. The one exception is
 * the address that a phone fetches its settings from, once. JSON out; nothing that was sent is repeated.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { verifyAs, type VerifiedRequest } from '@callbook/client';
import { subjectPublicKeyInfo, type Clock, type Cryptography } from '@callbook/protocol';
import type { AccountDesk } from '../accounts/account-desk.ts';
import { pollAccount } from '../accounts/poller.ts';
import { ProvisioningDesk } from '../accounts/provisioning-desk.ts';
import type { Bridge } from '../bridge.ts';
import type { SpentLedger } from '../checks/spent-ledger.ts';
import { spkiDigestOf } from '../directory/record-kinds.ts';
import type { BridgeDirectory } from '../directory/bridge-directory.ts';
import { accountRequestsAtOnceMax, requestBodyBytesMax } from '../limits.ts';
import type { BridgeMetrics } from '../metrics.ts';
import { identifierOf, numberOf, type E164 } from '../number.ts';
import { accountCodes, type AccountCode } from '../account-codes.ts';
import { retryAfter } from '../verdict.ts';
import { readBody, type Answerer } from './listener.ts';

export interface AccountParts {
  readonly bridge: Bridge;
  readonly desk: AccountDesk;
  readonly directory: BridgeDirectory;
  readonly ledger: SpentLedger;
  readonly metrics: BridgeMetrics;
  readonly clock: Clock;
  readonly crypto: Cryptography;
  readonly provider: string;
  /** Domains whose routes lead here. */
  readonly domains: readonly string[];
  /** Under which people reach these routes; without a slash at its end. */
  readonly url: string;
}

interface Answer {
  readonly statusCode: number;
  readonly contentType?: string;
  readonly body?: string;
}

/** Who has signed, and with which key. */
interface Holder {
  readonly number: E164;
  readonly spkiDigest: string;
}

type Action = (
  parts: AccountParts & { readonly phones: ProvisioningDesk },
  holder: Holder,
) => Promise<Answer>;

const actions: Readonly<Record<string, Action>> = {
  'PUT /v1/accounts/mine': createAccount,
  'GET /v1/accounts/mine': readAccount,
  'DELETE /v1/accounts/mine': deleteAccount,
  'POST /v1/accounts/mine/credentials': issueCredential,
  'POST /v1/accounts/mine/provisioning': beginProvisioning,
};

const provisioningPath = /^\/v1\/provisioning\/([\w-]{43})$/;

/** Returns what answers people and apps. */
export function answerAccounts(given: AccountParts): Answerer {
  const phones = new ProvisioningDesk(given);
  const parts = { ...given, phones };
  let underWay = 0;
  return async (request, response) => {
    if (request.method === 'OPTIONS') {
      request.resume();
      respond(response, { statusCode: 204 });
      return;
    }
    if (underWay >= accountRequestsAtOnceMax) {
      request.resume();
      respond(response, problem('busy'));
      return;
    }
    underWay += 1;
    try {
      const answer = await answerOne(parts, request);
      parts.metrics.noteCheck('account', outcomeOf(answer.statusCode));
      respond(response, answer);
    } finally {
      underWay -= 1;
    }
  };
}

function outcomeOf(statusCode: number): 'accept' | 'refuse' | 'unavailable' {
  if (statusCode < 400) return 'accept';
  return statusCode < 500 ? 'refuse' : 'unavailable';
}

async function answerOne(
  parts: AccountParts & { readonly phones: ProvisioningDesk },
  request: IncomingMessage,
): Promise<Answer> {
  const { method = '', url = '' } = request;
  const token = method === 'GET' ? provisioningPath.exec(url)?.[1] : undefined;
  if (token !== undefined) {
    request.resume();
    const settings = await parts.phones.fetch(token);
    if (typeof settings !== 'string') return problem(settings.code);
    return { statusCode: 200, contentType: 'application/xml; charset=utf-8', body: settings };
  }
  const action = actions[`${method} ${url}`];
  if (action === undefined) {
    request.resume();
    return problem('route_unknown');
  }
  const body = await readBody(request, requestBodyBytesMax);
  if (body === undefined) return problem('body_too_large');
  const verified = await verifyHolder(parts, request, body);
  return 'code' in verified ? problem(verified.code) : await action(parts, verified);
}

async function verifyHolder(
  { bridge, clock, crypto, ledger, url }: AccountParts,
  request: IncomingMessage,
  body: Buffer,
): Promise<Holder | { readonly code: AccountCode }> {
  const signed = requestOf(request, { base: url, body });
  if (signed === undefined) return { code: 'signature_malformed' };
  const keysOf = async (identifier: string) => {
    const number = numberOf(identifier);
    if (number === undefined) return [];
    const found = await bridge.keysOf(number);
    // What is disputed now may be the very key: as good as no answer.
    if (found.state === 'unavailable' || found.isDisputed) throw new Error('directory_unavailable');
    return found.keys;
  };
  const verified = await verifyAs(signed, { keysOf, clock, crypto });
  if (verified.state === 'refused') return { code: verified.code };
  return spend(verified, ledger);
}

/** A request is taken once. */
function spend(
  verified: Extract<VerifiedRequest, { state: 'verified' }>,
  ledger: SpentLedger,
): Holder | { readonly code: AccountCode } {
  const { identifier, nonce, createdAtMs, expiresAtMs, publishedKey } = verified;
  const number = numberOf(identifier);
  const spki = subjectPublicKeyInfo(publishedKey);
  if (number === undefined || spki === undefined) return { code: 'signer_unknown' };
  if (ledger.isBeforeStart(createdAtMs)) return { code: 'request_before_start' };
  // Apart from the tokens for SIP: those have names of their own.
  switch (ledger.spend(number, `request ${nonce}`, expiresAtMs)) {
    case 'replayed':
      return { code: 'request_replayed' };
    case 'too_many':
      return { code: 'rate_limited' };
    case 'full':
      return { code: 'busy' };
    case 'spent':
      return { number, spkiDigest: spkiDigestOf(spki) };
  }
}

/** The request as who has signed it saw it: `@target-uri` is that of the public address. */
function requestOf(
  { method = '', url = '', headers }: IncomingMessage,
  of: { readonly base: string; readonly body: Buffer },
): Request | undefined {
  const fields = new Headers();
  try {
    for (const name of ['signature', 'signature-input', 'content-digest', 'content-type']) {
      const value = headers[name];
      if (typeof value === 'string') fields.set(name, value);
    }
    const hasBody = of.body.length > 0 && method !== 'GET';
    return new Request(of.base + url, {
      method,
      headers: fields,
      ...(hasBody && { body: new Uint8Array(of.body) }),
    });
  } catch {
    return undefined;
  }
}

async function createAccount(parts: AccountParts, { number }: Holder): Promise<Answer> {
  const { isNew } = await parts.desk.create(number);
  // Whether it leads here already; where the directory cannot be asked the poller will.
  await pollAccount(number, parts);
  return json(isNew ? 201 : 200, describe(parts, number));
}

async function readAccount(parts: AccountParts, { number }: Holder): Promise<Answer> {
  const account = describe(parts, number);
  return account === undefined ? problem('account_missing') : json(200, account);
}

async function deleteAccount({ desk }: AccountParts, { number }: Holder): Promise<Answer> {
  return (await desk.delete(number)) ? { statusCode: 204 } : problem('account_missing');
}

async function issueCredential({ desk }: AccountParts, holder: Holder): Promise<Answer> {
  const issued = await desk.issueCredential(holder.number, holder.spkiDigest);
  return 'code' in issued ? problem(issued.code) : json(201, issued.credential);
}

async function beginProvisioning(
  { phones }: { readonly phones: ProvisioningDesk },
  holder: Holder,
): Promise<Answer> {
  const begun = phones.begin(holder);
  return 'code' in begun ? problem(begun.code) : json(201, begun);
}

function describe({ desk, provider }: AccountParts, number: E164): object | undefined {
  const found = desk.read(number);
  if (found === undefined) return undefined;
  const { account, state } = found;
  return {
    identifier: identifierOf(number),
    address: `sip:${number}@${provider}`,
    provider,
    state,
    createdAtMs: account.createdAtMs,
    leftAtMs: account.leftAtMs,
  };
}

function json(statusCode: number, value: unknown): Answer {
  return { statusCode, contentType: 'application/json', body: JSON.stringify(value) };
}

/** RFC 9457; `code` is what programs match. */
function problem(code: AccountCode): Answer {
  const [statusCode, detail] = accountCodes[code];
  const title = STATUS_CODES[statusCode];
  return {
    statusCode,
    contentType: 'application/problem+json',
    body: JSON.stringify({ type: 'about:blank', title, status: statusCode, code, detail }),
  };
}

function respond(response: ServerResponse, { statusCode, contentType, body }: Answer): void {
  response.writeHead(statusCode, {
    ...(contentType !== undefined && { 'content-type': contentType }),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Pages of phones live elsewhere; there are no cookies that anything could be done with.
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, PUT, POST, DELETE',
    'access-control-allow-headers': 'signature, signature-input, content-digest, content-type',
    'access-control-max-age': '86400',
    ...(statusCode === 503 && { 'retry-after': retryAfter }),
  });
  response.end(body);
}
