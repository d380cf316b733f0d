/** One question to one server by UDP, for what is asked seldom: by keys that roll over, and by an operator. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { ListenAddress } from '../serve/dns-server.ts';
import { encodeMessage } from '../wire/message-encode.ts';
import { parseMessage } from '../wire/message-parse.ts';
import { sameName } from '../wire/names.ts';
import type { Message } from '../wire/message.ts';

const answerMsMax = 2000;

/** Returns the answer to this query, whatever it says; rejects when none comes within two seconds. */
export async function askDns(query: Message, server: ListenAddress): Promise<Message> {
  const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
  const signal = AbortSignal.timeout(answerMsMax);
  try {
    // A connected socket takes datagrams from that server alone.
    socket.connect(server.port, server.address);
    await once(socket, 'connect', { signal });
    socket.send(encodeMessage(query));
    for (;;) {
      const [datagram] = (await once(socket, 'message', { signal })) as [Uint8Array];
      const parsed = parseMessage(datagram);
      if (parsed.verdict === 'accept' && answers(parsed.value, query)) return parsed.value;
    }
  } finally {
    socket.close();
  }
}

function answers(message: Message, query: Message): boolean {
  const [question] = message.questions;
  const [asked] = query.questions;
  return (
    message.isResponse &&
    message.id === query.id &&
    question !== undefined &&
    question.type === asked!.type &&
    sameName(question.name, asked!.name)
  );
}
