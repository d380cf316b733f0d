/**
 * HTTPS to the other members, over connections that are kept and that all clients share, so that no
 * connection stands for one of them. A request has the fields that it is given and no other; an answer is read
 * up to a limit. Certificates are verified as by every client; redirects are not followed.
 */
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { memberConnectionsMax, relayAnswerMsMax, staleConnectionsMax } from './limits.ts';

export interface MemberRequest {
  /** `https://host[:port]`, as the charter has it. */
  readonly api: string;
  readonly path: string;
  /** What is posted, and as what; without it, it is a GET. */
  readonly content?: { readonly mediaType: string; readonly octets: Uint8Array };
  readonly answerBytesMax: number;
}

export interface MemberAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly octets: Uint8Array;
}

/** A kept connection that its server had closed. */
class StaleConnection extends Error {}

export class MemberConnections implements Disposable {
  readonly #agent: Agent;

  /** `certificateAuthorities` in PEM are trusted instead of the system's. */
  constructor(certificateAuthorities: readonly string[] | undefined) {
    this.#agent = new Agent({
      keepAlive: true,
      maxSockets: memberConnectionsMax,
      maxFreeSockets: memberConnectionsMax,
      timeout: relayAnswerMsMax,
      ...(certificateAuthorities && { ca: [...certificateAuthorities] }),
    });
  }

  /** Rejects when the member is not reached, or does not answer in time and within the limit. */
  async ask(request: MemberRequest): Promise<MemberAnswer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#ask(request);
      } catch (error) {
        // A kept connection may be closed by its server just when it is used again; nothing was answered
        // then, and a capsule that was opened after all is refused when it comes twice.
        if (!(error instanceof StaleConnection) || attempt === staleConnectionsMax) throw error;
      }
    }
  }

  async #ask({ api, path, content, answerBytesMax }: MemberRequest): Promise<MemberAnswer> {
    const url = new URL(path, api);
    const { promise, resolve, reject } = Promise.withResolvers<MemberAnswer>();
    const headers: [string, string][] = [['host', url.host]];
    if (content !== undefined) {
      headers.push(['content-type', content.mediaType]);
      headers.push(['content-length', String(content.octets.length)]);
    }
    const asked = request({
      agent: this.#agent,
      host: url.hostname,
      port: url.port === '' ? 443 : url.port,
      path,
      method: content === undefined ? 'GET' : 'POST',
      // Nothing is added: HTTP/1.1 keeps a connection without being asked.
      setDefaultHeaders: false,
      headers: headers.flat(),
    });
    let isAnswered = false;
    const late = setTimeout(() => asked.destroy(new Error('no answer in time')), relayAnswerMsMax);
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const isReset = ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
      const isStale = isReset && asked.reusedSocket && !isAnswered;
      reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    asked.on('response', (response) => {
      isAnswered = true;
      readAnswer(response, answerBytesMax).then(resolve, (error: unknown) => {
        asked.destroy();
        reject(error);
      });
    });
    asked.end(content?.octets);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
    }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

async function readAnswer(response: IncomingMessage, bytesMax: number): Promise<MemberAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const pieces: Uint8Array[] = [];
  let size = 0;
  response.on('data', (piece: Uint8Array) => {
    size += piece.length;
    if (size > bytesMax) reject(new Error(`an answer of more than ${bytesMax} bytes`));
    else pieces.push(piece);
  });
  response.on('end', () => resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)));
  response.on('error', reject);
  response.on('close', () => reject(new Error('the answer ended early')));
  const octets = await promise;
  const mediaType = response.headers['content-type']?.split(';')[0] ?? '';
  return { status: response.statusCode ?? 0, mediaType, octets };
}
