/**
 * One TLS connection that speaks as much SIP as a test wants, right or wrong: requests are written as they
 * are given, and final answers come back. What succeeds is for real telephones; this is for what must not.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';

export interface SipAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bridge's word for it, from the Warning header. */
  readonly code: string | undefined;
}

export interface SipRequest {
  readonly method: 'INVITE' | 'OPTIONS' | 'REGISTER';
  /** Users and domains of the request URI, From and To; as From where not given. */
  readonly from: string;
  readonly to?: string;
  readonly uri?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

const answerMsMax = 20_000;

export interface SipConnectionOptions {
  readonly address: string;
  readonly port: number;
  readonly ca: string;
  /** PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

export class SipConnection implements Disposable {
  readonly #socket: TLSSocket;
  readonly #waiting = new Map<string, (answer: SipAnswer) => void>();
  #requestCount = 0;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    let unread = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      unread += text;
      for (let end = unread.indexOf('\r\n\r\n'); end >= 0; end = unread.indexOf('\r\n\r\n')) {
        const message = unread.slice(0, end);
        const size = Number(/^Content-Length:\s*(\d+)/im.exec(message)?.[1] ?? 0);
        unread = unread.slice(end + 4 + size);
        this.#take(message);
      }
    });
    socket.on('error', () => {});
  }

  static async open(options: SipConnectionOptions): Promise<SipConnection> {
    const { address, port, ca, certificate } = options;
    const socket = connect({ host: address, port, ca, ...certificate });
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve).once('error', reject);
    });
    return new SipConnection(socket);
  }

  /** Sends a request and resolves with its final answer; acknowledges what answers an INVITE. */
  async request(request: SipRequest): Promise<SipAnswer> {
    const { method, from, to = from, uri, headers = [], body = '' } = request;
    const sequence = ++this.#requestCount;
    const callId = randomBytes(8).toString('hex');
    const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
    const contact = `<sip:phone@10.86.0.199:5061;transport=tls>`;
    const target = uri ?? (method === 'REGISTER' ? from.replace(/:.*@/, ':') : to);
    const lines = [
      `Via: SIP/2.0/TLS 10.86.0.199:5061;branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: <${from}>;tag=${branch.slice(7)}`,
      `To: <${to}>`,
      `Call-ID: ${callId}`,
    ];
    const answered = new Promise<SipAnswer>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} has no answer`)), answerMsMax);
      this.#waiting.set(callId, (answer) => {
        clearTimeout(late);
        resolve(answer);
      });
    });
    this.#write(
      `${method} ${target} SIP/2.0`,
      [
        ...lines,
        `CSeq: ${sequence} ${method}`,
        `Contact: ${contact}`,
        ...(method === 'REGISTER' ? ['Expires: 60'] : []),
        ...headers,
        ...(body === '' ? [] : ['Content-Type: application/sdp']),
      ],
      body,
    );
    const answer = await answered;
    if (method === 'INVITE' && answer.status >= 300) {
      lines[3] = `To: ${answer.headers['to']}`;
      this.#write(`ACK ${target} SIP/2.0`, [...lines, `CSeq: ${sequence} ACK`], '');
    }
    return answer;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #write(start: string, headers: readonly string[], body: string): void {
    const size = `Content-Length: ${Buffer.byteLength(body)}`;
    this.#socket.write(`${[start, ...headers, size].join('\r\n')}\r\n\r\n${body}`);
  }

  #take(message: string): void {
    const [start = '', ...lines] = message.split('\r\n');
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(start)?.[1] ?? 0);
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const waiting = this.#waiting.get(headers['call-id'] ?? '');
    if (status < 200 || waiting === undefined) return;
    this.#waiting.delete(headers['call-id']!);
    waiting({ status, headers, code: /"([a-z_]+)"/.exec(headers['warning'] ?? '')?.[1] });
  }
}
