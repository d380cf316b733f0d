/** One request of a command to a member, bounded in time and size; nothing of it is kept. */
import { request } from 'node:https';
import { errorCodes } from '../event-log.ts';

export interface GetOptions {
  /** PEM of authorities to trust beside the system's. */
  readonly ca?: string | undefined;
  readonly msMax?: number;
}

export interface Got {
  readonly status: number;
  readonly text: string;
  /** The server's clock, to the second; undefined where it says nothing. */
  readonly dateMs: number | undefined;
}

const msMaxDefault = 10_000;
/** A charter of sixteen members with all signatures is far below. */
const bytesMax = 1 << 20;

/** Returns an answer of any status; rejects with an error of the system when there is none. */
export async function boundedGet(url: string, options: GetOptions = {}): Promise<Got> {
  const { ca, msMax = msMaxDefault } = options;
  const signal = AbortSignal.timeout(msMax);
  const tls = ca === undefined ? {} : { ca: [...(await systemAuthorities()), ca] };
  return await new Promise((resolve, reject) => {
    const sent = request(url, { signal, ...tls, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > bytesMax) sent.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        const { date } = response.headers;
        const dateMs = date === undefined ? Number.NaN : Date.parse(date);
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          dateMs: Number.isNaN(dateMs) ? undefined : dateMs,
        });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

async function systemAuthorities(): Promise<readonly string[]> {
  const { getCACertificates } = await import('node:tls');
  return [...new Set(getCACertificates('default'))];
}

/** Whether there was no answer because the certificate was not trusted. */
export function isDistrust(error: unknown): boolean {
  const { codes } = errorCodes(error);
  return codes.some((code) => /CERT|SIGNATURE|ISSUER|ALTNAME/.test(code));
}
