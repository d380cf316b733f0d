/** One question for the routes of a telephone number, as a resolver asks it, and what came back. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  encodeMessage,
  parseMessage,
  parseName,
  queryMessage,
  recordTypes,
} from '@callbook/dns/wire';

export interface Answer {
  /** NOERROR is 0, SERVFAIL 2. */
  readonly code: number;
  /** The SIP address in a NAPTR record; undefined when the number is denied. */
  readonly sip: string | undefined;
}

export interface Question {
  readonly port: number;
  /** Of the zone, without the final dot. */
  readonly apex: string;
  readonly digits: string;
  readonly transport?: 'udp' | 'tcp';
  readonly answerMsMax?: number;
}

const answerMsMaxDefault = 5_000;

/** Rejects where nothing comes back. */
export async function ask(question: Question): Promise<Answer> {
  const { port, apex, digits, transport = 'udp', answerMsMax = answerMsMaxDefault } = question;
  const name = parseName(`${Array.from(digits).reverse().join('.')}.${apex}`);
  if (name.verdict !== 'accept') throw new Error(name.message);
  const edns = { udpPayloadBytes: 1232, version: 0, dnssecOk: true, compactOk: false, options: [] };
  const id = 1 + Math.floor(Math.random() * 60_000);
  const query = encodeMessage(
    queryMessage({ name: name.value, type: recordTypes.NAPTR }, { id, edns }),
  );
  const signal = AbortSignal.timeout(answerMsMax);
  const answer = await (transport === 'udp' ? byUdp : byTcp)(port, query, signal);
  const parsed = parseMessage(answer);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  const { responseCode, answers } = parsed.value;
  const naptr = answers.find(({ type }) => type === recordTypes.NAPTR);
  const sip = naptr && /sip:[^!]+/.exec(Buffer.from(naptr.rdata).toString('latin1'))?.[0];
  return { code: responseCode, sip };
}

async function byUdp(port: number, query: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const socket = createSocket('udp4');
  try {
    socket.send(query, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message', { signal })) as [Buffer];
    return answer;
  } finally {
    socket.close();
  }
}

async function byTcp(port: number, query: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const socket = connect(port, '127.0.0.1');
  try {
    // Twice the same, to see that both are answered.
    const frame = Buffer.concat([Buffer.of(query.length >> 8, query.length & 0xff), query]);
    socket.write(Buffer.concat([frame, frame]));
    let octets = Buffer.alloc(0);
    for (;;) {
      const [more] = (await once(socket, 'data', { signal })) as [Buffer];
      octets = Buffer.concat([octets, more]);
      const size = octets.readUInt16BE(0);
      if (octets.length >= 2 * (size + 2)) return octets.subarray(size + 4, 2 * (size + 2));
    }
  } finally {
    socket.destroy();
  }
}
