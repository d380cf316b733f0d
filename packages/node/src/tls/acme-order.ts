/**
 * One order of a certificate (RFC 8555), answered by dns-01: the member is a DNS server anyway, so the
 * authority needs to reach nothing else of it. The client library is loaded by the first order, and most
 * starts of a member need none. It tells failures in words that may quote names and answers; from here
 * go codes only.
 */
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AcmeChallenge } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';
import type { AcmeSettings } from './tls-settings.ts';

export interface AcmeOrder {
  readonly settings: Pick<AcmeSettings, 'directory' | 'contact'>;
  /** PEM of the authorities behind the directory's own certificate; the system's without it. */
  readonly directoryAuthorities: string | undefined;
  readonly externalAccount: { readonly keyId: string; readonly macKey: string } | undefined;
  /** PEM. */
  readonly accountKey: string;
  /** PEM; what the certificate is for. */
  readonly certificateKey: string;
  readonly names: readonly string[];
  /** Publishes the answer to a challenge for one of the names; returns what takes it back. */
  readonly publish: (name: string, value: AcmeChallenge['value']) => () => void;
}

/** All of an order. */
const orderMsMax: number = 10 * 60_000;
const requestMsMax = 30_000;
const answerBytesMax: number = 256 * 1024;
const redirectsMax = 2;
/** How often the authority is asked whether it is done, at first; then half as often each time. */
const pollMsMin = 1_000;
const pollMsMax = 30_000;
const pollsMax = 12;
/** Every thread of the DNS server has heard of a record by then. */
const publishedAfterMs = 500;

/**
 * Returns the chain as PEM, the certificate first. Codes: `acme_unreachable`, and `acme_refused` with the
 * type of the authority's problem in `details.problem` (RFC 8555 §6.7).
 */
export async function orderCertificate(order: AcmeOrder): Promise<string> {
  const { axios, Client, crypto } = await import('acme-client');
  const { settings, externalAccount, names, publish } = order;
  const ca = order.directoryAuthorities;
  Object.assign(axios.defaults, {
    timeout: requestMsMax,
    maxContentLength: answerBytesMax,
    maxRedirects: redirectsMax,
    httpsAgent: new Agent(ca === undefined ? {} : { ca }),
    // The whole order is tried again, after longer and longer.
    acmeSettings: { retryMaxAttempts: 0 },
  });
  const heard = new HeardProblem();
  const hearing = axios.interceptors.response.use((response) => {
    heard.note(response.data);
    return response;
  });
  const client = new Client({
    directoryUrl: settings.directory,
    accountKey: order.accountKey,
    ...(externalAccount && {
      externalAccountBinding: { kid: externalAccount.keyId, hmacKey: externalAccount.macKey },
    }),
    backoffMin: pollMsMin,
    backoffMax: pollMsMax,
    backoffAttempts: pollsMax,
  });
  const [, csr] = await crypto.createCsr({ altNames: [...names] }, order.certificateKey);
  const published = new Map<string, () => void>();
  const ordering = client.auto({
    csr,
    email: settings.contact,
    termsOfServiceAgreed: true,
    // It would ask this machine's resolver, which need not be able to reach the zone.
    skipChallengeVerification: true,
    challengePriority: ['dns-01'],
    challengeCreateFn: async ({ identifier }, { type }, value) => {
      if (type !== 'dns-01') throw new Error('no dns-01');
      published.set(value, publish(identifier.value, value));
      await sleep(publishedAfterMs);
    },
    challengeRemoveFn: async (_authorization, _challenge, value: string) => {
      published.get(value)?.();
    },
  });
  try {
    return await withinMs(orderMsMax, ordering);
  } catch (cause) {
    throw heard.errorOf(cause);
  } finally {
    for (const takeBack of published.values()) takeBack();
    axios.interceptors.response.eject(hearing);
  }
}

const problemPattern = /^urn:ietf:params:acme:error:([A-Za-z]{1,40})$/;

/** Remembers what the authority said last about what is wrong, since the library does not hand it on. */
class HeardProblem {
  #hasAnswered = false;
  #problem: string | undefined;

  note(body: unknown): void {
    this.#hasAnswered = true;
    const problem = problemIn(body);
    // The library takes another nonce and goes on.
    if (problem !== undefined && problem !== 'badNonce') this.#problem = problem;
  }

  errorOf(cause: unknown): DirectoryError<NodeErrorCode> {
    if (!this.#hasAnswered) {
      const message = 'the directory of the certification authority cannot be reached';
      return new DirectoryError('acme_unreachable', message, { cause });
    }
    const problem = this.#problem ?? 'none';
    const message = `the certification authority gave no certificate: ${problem}`;
    return new DirectoryError('acme_refused', message, { cause, details: { problem } });
  }
}

/** Of a problem document, of an order, or of a challenge in an authorization. */
function problemIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { type, error, challenges } = body as Readonly<Record<string, unknown>>;
  const own = typeof type === 'string' ? problemPattern.exec(type)?.[1] : undefined;
  const inner = [error, ...(Array.isArray(challenges) ? challenges : [])];
  return own ?? inner.map(problemIn).find((problem) => problem !== undefined);
}

async function withinMs<Result>(msMax: number, work: Promise<Result>): Promise<Result> {
  const late = new AbortController();
  const tooLong = sleep(msMax, undefined, { ref: false, signal: late.signal }).then(() => {
    throw new Error('took too long');
  });
  tooLong.catch(() => {});
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    late.abort();
  }
}
