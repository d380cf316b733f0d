/**
 * DNS over HTTPS (RFC 8484) through fetch: what browsers have, and what gets past networks that
 * meddle with port 53. The server may see who asks and what; it is not believed.
 */
import { dnsCallMsMax, dnsMessageBytesMax } from '../limits.ts';
import { readBoundedBody } from '../bounded-body.ts';
import type { Fetch } from '../member-call.ts';
import type { DnsTransport } from './dns-transport.ts';

/** RFC 8484 §6. */
const mediaType = 'application/dns-message';

/** A resolver that is asked over HTTPS (RFC 8484). */
export interface DohOptions {
  /** URI of the resource, without a template: `https://dns.example/dns-query`. */
  readonly url: string;
  readonly fetch?: Fetch;
}

/** Returns the transport to one DoH server. */
export function dohTransport({ url, fetch = globalThis.fetch }: DohOptions): DnsTransport {
  return {
    exchange: async (query) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': mediaType, accept: mediaType },
        body: query as Uint8Array<ArrayBuffer>,
        // A redirect is a captive portal.
        redirect: 'error',
        credentials: 'omit',
        cache: 'no-store',
        signal: AbortSignal.timeout(dnsCallMsMax),
      });
      // RFC 8484 §4.2.1: any 2xx has a DNS message, whatever its RCODE; nothing else has.
      const isMessage = response.headers.get('content-type')?.split(';')[0]?.trim() === mediaType;
      const body =
        response.ok && isMessage ? await readBoundedBody(response, dnsMessageBytesMax) : undefined;
      if (body === undefined) throw new Error('the server did not answer with a DNS message');
      return body;
    },
  };
}
