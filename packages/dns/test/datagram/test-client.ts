/** A UDP client of the acceptance suite: asks with a window, and tells answers of its queries apart. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { echoHeadBytes } from './test-responder.ts';

export interface Echo {
  readonly thread: number;
  readonly notices: number;
  readonly data: number;
  readonly clientPort: number;
  readonly clientOctets: Uint8Array;
  readonly query: Uint8Array;
}

const answerMsMax = 20_000;

export class TestClient implements AsyncDisposable {
  readonly port: number;
  private readonly socket: Socket;
  private readonly server: { readonly address: string; readonly port: number };
  private readonly waiting = new Map<string, (echo: Echo) => void>();

  private constructor(socket: Socket, server: { address: string; port: number }) {
    this.socket = socket;
    this.server = server;
    this.port = socket.address().port;
    socket.on('message', (answer) => {
      const echo = parseEcho(answer);
      const hex = echo.query.toHex();
      this.waiting.get(hex)?.(echo);
      this.waiting.delete(hex);
    });
  }

  static async open(server: { address: string; port: number }): Promise<TestClient> {
    const isIpv6 = server.address.includes(':');
    const socket = createSocket({
      type: isIpv6 ? 'udp6' : 'udp4',
      recvBufferSize: 4 * 1024 * 1024,
      lookup: (address, _options, found) => found(null, address, isIpv6 ? 6 : 4),
    });
    const listening = once(socket, 'listening');
    socket.bind(0, server.address);
    await listening;
    return new TestClient(socket, server);
  }

  /** Sends without waiting for an answer. */
  send(query: Uint8Array): void {
    this.socket.send(query, this.server.port, this.server.address, () => undefined);
  }

  /** Sends once; rejects when no answer came. Queries that wait at the same time must differ. */
  async ask(query: Uint8Array): Promise<Echo> {
    const answered = Promise.withResolvers<Echo>();
    this.waiting.set(Uint8Array.from(query).toHex(), answered.resolve);
    this.send(query);
    const timer = setTimeout(() => answered.reject(new Error('no answer')), answerMsMax);
    try {
      return await answered.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends until there is an answer: for servers that are just starting again. */
  async askUntilAnswered(query: Uint8Array): Promise<Echo> {
    const resend = new AbortController();
    const answer = this.ask(query);
    void (async (): Promise<void> => {
      while (!resend.signal.aborted) {
        await sleep(50);
        if (!resend.signal.aborted) this.send(query);
      }
    })();
    return await answer.finally(() => resend.abort());
  }

  /** Asks all, at most `window` at a time. */
  async askAll(queries: readonly Uint8Array[], window: number): Promise<Echo[]> {
    const echoes: Echo[] = [];
    let next = 0;
    const askOnward = async (): Promise<void> => {
      while (next < queries.length) {
        const index = next;
        next += 1;
        echoes[index] = await this.ask(queries[index]!);
      }
    };
    await Promise.all(Array.from({ length: window }, askOnward));
    return echoes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}

function parseEcho(answer: Uint8Array): Echo {
  const [thread, notices, data, portHigh, portLow, addressBytes] = answer;
  const queryAt = echoHeadBytes + addressBytes!;
  return {
    thread: thread!,
    notices: notices!,
    data: data!,
    clientPort: (portHigh! << 8) | portLow!,
    clientOctets: Uint8Array.from(answer.subarray(echoHeadBytes, queryAt)),
    query: Uint8Array.from(answer.subarray(queryAt)),
  };
}

/** A query that no other number makes, of 12 octets or more; its first octet is no order. */
export function numberedQuery(number: number, sizeBytes = 12): Uint8Array {
  const query = new Uint8Array(sizeBytes).fill(number & 0xff, 5);
  query[0] = 1;
  new DataView(query.buffer).setUint32(1, number);
  return query;
}
