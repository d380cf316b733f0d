/**
 * What stands between the corpus' zones and those that validate: to them it is a resolver that has
 * every answer, over UDP and TCP. It asks the authority and hands the answer on, as it is, or with the
 * fault that the corpus has put on just that question. Every answer is made once, so that all
 * validators judge the same octets.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import {
  encodeMessage,
  parseMessage,
  queryMessage,
  type DomainName,
  type Message,
} from '@callbook/dns/wire';
import type { DnsTransport } from '@callbook/client';

export interface AskedQuestion {
  readonly name: DomainName;
  readonly type: number;
}

export type Alter = (message: Message) => Message | Promise<Message>;

/** Room for an answer over UDP when the question does not say. */
const plainUdpBytes = 512;

export class FaultyResolver {
  /** For a validator in this process: the same answers without sockets. */
  readonly transport: DnsTransport;
  private readonly upstream: DnsTransport;
  private readonly faults: Map<string, Alter>;
  private readonly answers: Map<string, Promise<Message>>;

  constructor(upstream: DnsTransport) {
    this.upstream = upstream;
    this.faults = new Map();
    this.answers = new Map();
    this.transport = { exchange: async (query) => (await this.answer(query))! };
  }

  /** Puts a fault on a question; it has one at most. */
  spoil(question: AskedQuestion, alter: Alter): void {
    const key = rowKey(question);
    if (this.faults.has(key)) throw new Error('the question has a fault already');
    this.faults.set(key, alter);
  }

  /** The answer as the authority gives it. */
  async genuine({ name, type }: AskedQuestion): Promise<Message> {
    const edns = {
      udpPayloadBytes: 1232,
      version: 0,
      dnssecOk: true,
      compactOk: false,
      options: [],
    };
    const octets = await this.upstream.exchange(
      encodeMessage(queryMessage({ name, type }, { edns })),
    );
    const parsed = parseMessage(octets);
    if (parsed.verdict !== 'accept') throw new Error(parsed.message);
    return parsed.value;
  }

  /** The answer that everybody gets. */
  async shown(question: AskedQuestion): Promise<Message> {
    const key = rowKey(question);
    const known = this.answers.get(key);
    if (known !== undefined) return await known;
    const making = this.make(question);
    this.answers.set(key, making);
    return await making;
  }

  private async make(question: AskedQuestion): Promise<Message> {
    const genuine = await this.genuine(question);
    const alter = this.faults.get(rowKey(question));
    const message = alter === undefined ? genuine : await alter(genuine);
    return { ...message, authoritative: false, recursionAvailable: true };
  }

  /** Answers a query's octets within `sizeMax`; undefined when they are no question. */
  async answer(query: Uint8Array, sizeMax?: number): Promise<Uint8Array | undefined> {
    const parsed = parseMessage(query);
    const question = parsed.verdict === 'accept' ? parsed.value.questions[0] : undefined;
    if (parsed.verdict !== 'accept' || question === undefined) return undefined;
    const { id, recursionDesired, checkingDisabled } = parsed.value;
    const message = await this.shown(question);
    const echoed = { id, recursionDesired, checkingDisabled, questions: [question] };
    return encodeMessage({ ...message, ...echoed }, sizeMax);
  }

  /** Serves on a port of loopback, UDP and TCP. */
  async listen(port: number): Promise<AsyncDisposable> {
    const udp = createSocket('udp4');
    udp.on('message', (query, peer) => {
      void this.answer(query, roomFor(query)).then((octets) => {
        if (octets !== undefined) udp.send(octets, peer.port, peer.address);
      });
    });
    udp.bind(port, '127.0.0.1');
    await once(udp, 'listening');
    const tcp = this.tcpServer();
    tcp.listen(port, '127.0.0.1');
    await once(tcp, 'listening');
    return { [Symbol.asyncDispose]: async () => await close(udp, tcp) };
  }

  private tcpServer(): Server {
    return createServer((socket) => {
      let received = Buffer.alloc(0);
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
          const size = received.readUInt16BE(0);
          const query = received.subarray(2, 2 + size);
          received = received.subarray(2 + size);
          void this.answer(query).then((octets) => {
            if (octets === undefined) return;
            const length = Buffer.alloc(2);
            length.writeUInt16BE(octets.length);
            socket.write(Buffer.concat([length, octets]));
          });
        }
      });
    });
  }
}

function roomFor(query: Uint8Array): number {
  const parsed = parseMessage(query);
  const said = parsed.verdict === 'accept' ? (parsed.value.edns?.udpPayloadBytes ?? 0) : 0;
  return Math.max(plainUdpBytes, said);
}

async function close(udp: Socket, tcp: Server): Promise<void> {
  udp.close();
  tcp.close();
  await Promise.resolve();
}

function rowKey({ name, type }: AskedQuestion): string {
  return `${type} ${name.lookupKey}`;
}
