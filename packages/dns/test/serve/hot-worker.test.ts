/** A change is in the next answer of every worker, however often the answer of before was given. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { AnswerNotices, chooseDatagramEngine, createAnswerTableMemory } from '@callbook/dns';
import { parseMessage, parseRdata, recordTypes } from '@callbook/dns/wire';
import { enumName, queryOf } from '../test-zones.ts';
import { hotApex, hotNumber } from './hot-test-responder.ts';
import type { HotTestData } from './hot-test-responder.ts';

const clientCount = 8;
const changeCount = 150;
const asksBetweenChanges = 3;

/** Asks from a port of its own, so that the kernel gives several clients to each worker. */
class Client implements AsyncDisposable {
  private readonly socket = createSocket('udp4');
  private readonly port: number;
  private asked = 0;

  constructor(port: number) {
    this.port = port;
  }

  /** Returns the preference in the answer. */
  async ask(): Promise<number> {
    const query = queryOf({
      name: enumName(hotNumber),
      type: recordTypes.NAPTR,
      edns: { dnssecOk: true },
    });
    this.asked += 1;
    query[0] = this.asked >> 8;
    query[1] = this.asked;
    const answered = once(this.socket, 'message');
    this.socket.send(query, this.port, '127.0.0.1');
    const [answer] = (await answered) as [Uint8Array];
    expect([answer[0], answer[1]]).toEqual([query[0], query[1]]);
    const message = parseMessage(answer);
    if (message.verdict !== 'accept') throw new Error(message.message);
    const naptr = parseRdata(recordTypes.NAPTR, message.value.answers[0]!.rdata);
    if (naptr.verdict !== 'accept' || naptr.value.type !== 'NAPTR') throw new Error('no NAPTR');
    return naptr.value.preference;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}

describe('workers with one table of hot answers', () => {
  it('answer with what was committed before the question', async () => {
    const answers = createAnswerTableMemory({ answersMax: 64, hashKey: new Uint8Array(8).fill(9) });
    const data: HotTestData = { answers, preference: new SharedArrayBuffer(4) };
    const preference = new Int32Array(data.preference);
    const notices = new AnswerNotices(answers, hotApex);
    const { engine } = await chooseDatagramEngine();
    await using server = await engine.start({
      address: '127.0.0.1',
      port: 0,
      workers: 2,
      responderModule: new URL('./hot-test-responder.ts', import.meta.url),
      responderData: () => data,
    });
    await using clients = new AsyncDisposableStack();
    const all = Array.from({ length: clientCount }, () => clients.use(new Client(server.port)));
    for (let change = 1; change <= changeCount; change += 1) {
      // Questions are under way while the change comes: what they make of the store of before, or
      // read in the table, must not be found by those that are asked after it.
      const early = all.map(async (client) => await client.ask());
      Atomics.store(preference, 0, change);
      notices.bindingsChanged([`tel:+${hotNumber}`]);
      for (const value of await Promise.all(early)) expect([change - 1, change]).toContain(value);
      for (let asks = 0; asks < asksBetweenChanges; asks += 1)
        for (const value of await Promise.all(all.map(async (client) => await client.ask())))
          expect(value).toBe(change);
    }
  });
});
