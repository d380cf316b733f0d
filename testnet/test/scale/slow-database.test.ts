/**
 * A way to the shared database that is slow, stops, or stops in the middle of a transaction: for the writer,
 * for one front end of two, and for who waits for a lock.
 */
import { openPostgresStore } from '@callbook/replication/shared-database';
import { writeSecretFile } from '@callbook/node';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadWay } from './bad-way.ts';
import { FrontLab } from './front-lab.ts';
import type { Front } from './front-lab.ts';

const soon = { timeout: 30_000, interval: 50 };
const number = '4915123456789';
const unasked = '34912345678';
const SERVFAIL = { code: 2, sip: undefined };
/** Of statements, as the lab has it. */
const answerMsMax = 1_000;

describe('a way to the shared database', () => {
  let lab: FrontLab;
  let way: BadWay;
  let parts: AsyncDisposableStack;
  beforeEach(async () => {
    lab = await FrontLab.open();
    parts = new AsyncDisposableStack();
    parts.use(lab);
    way = parts.use(await BadWay.open(lab.postgres.url));
    await writeSecretFile(lab.at('bad-way'), new TextEncoder().encode(way.url));
  }, 60_000);
  afterEach(async () => await parts.disposeAsync(), 60_000);

  const answers = async (front: Front, sip: string): Promise<void> =>
    await vi.waitFor(async () => expect(await front.ask(number)).toEqual({ code: 0, sip }), soon);
  const stateIn = async ({ metricsPort }: Front): Promise<string | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return /^callbook_front_database_state\{code="(\w+)"\} 1$/m.exec(text)?.[1];
  };

  it('that is slow for all: told as such, SERVFAIL for what is not in the table, and nothing lost', async () => {
    const writer = parts.use(await lab.writer('writer', { url: way.url }));
    await writer.publish([number, 'sip:a@one.example']);
    const front = parts.use(await lab.front({ urlFile: lab.at('bad-way') }));
    await answers(front, 'sip:a@one.example');
    way.delayMs = 2 * answerMsMax;
    await vi.waitFor(() => expect(writer.follower.state.code).toBe('shared_store_slow'), soon);
    await writer.publish([number, 'sip:a@two.example']);
    // Told before it is too old for all else; and at once, which is what resolvers wait for.
    expect(await front.ask(unasked)).toEqual(SERVFAIL);
    await vi.waitFor(async () => expect(await stateIn(front)).toBe('shared_store_slow'), soon);
    await vi.waitFor(async () => expect(await front.ask(number)).toEqual(SERVFAIL), soon);
    const notReady = { status: 503, reasons: ['shared_store_slow'] };
    await vi.waitFor(async () => expect(await front.ready()).toEqual(notReady), soon);
    way.delayMs = 0;
    await answers(front, 'sip:a@two.example');
    await vi.waitFor(() => expect(writer.follower.state.code).toBeUndefined(), soon);
    await vi.waitFor(async () => expect((await front.ready()).status).toBe(200), soon);
    // What was on its way by another connection may still come late.
    await vi.waitFor(async () => expect(await stateIn(front)).toBeUndefined(), soon);
  }, 120_000);

  it('that stops for one front end: that one lags and says so, the other answers on', async () => {
    const writer = parts.use(await lab.writer('writer'));
    await writer.publish([number, 'sip:a@one.example']);
    const [lagging, other] = [
      parts.use(await lab.front({ urlFile: lab.at('bad-way') })),
      parts.use(await lab.front()),
    ];
    await answers(lagging, 'sip:a@one.example');
    await answers(other, 'sip:a@one.example');
    way.isStopped = true;
    await writer.publish([number, 'sip:a@two.example']);
    await answers(other, 'sip:a@two.example');
    // Within its bound it may answer what was so; after it, nothing.
    const seen = new Set<string | undefined>();
    await vi.waitFor(async () => {
      const answer = await lagging.ask(number);
      seen.add(answer.sip);
      expect(answer).toEqual(SERVFAIL);
    }, soon);
    expect([...seen].filter((sip) => sip !== 'sip:a@one.example')).toEqual([undefined]);
    await vi.waitFor(async () => {
      const state = await stateIn(lagging);
      expect(['shared_store_slow', 'shared_store_unavailable']).toContain(state);
      expect((await lagging.ready()).reasons).toEqual([state]);
    }, soon);
    expect((await lagging.lookUp(number)).status).toBe(503);
    await vi.waitFor(async () => expect((await other.ready()).status).toBe(200), soon);
    way.isStopped = false;
    await answers(lagging, 'sip:a@two.example');
  }, 120_000);

  it('that stops in a transaction keeps its locks from nobody for long', async () => {
    // As long as a busy machine needs for a connection, too.
    const options = { table: 'locks', connections: 1, answerMsMax: 3_000, makesTable: true };
    const rowKey = Uint8Array.of(1);
    const [before, after] = [Uint8Array.of(1), Uint8Array.of(2)];
    const here = await openPostgresStore({ ...options, url: lab.postgres.url });
    parts.defer(async () => await here.close());
    await here.batch([{ rowKey, value: before }], { durable: true });
    const sleeping = await openPostgresStore({ ...options, url: way.url });
    parts.defer(async () => await sleeping.close());
    way.stopsAfter = 'FOR UPDATE';
    const change = [{ rowKey, value: after }];
    await expect(sleeping.batchIf({ rowKey, value: before }, change)).rejects.toThrow(
      expect.objectContaining({ code: 'shared_store_slow' }),
    );
    await vi.waitFor(
      async () => expect(await here.batchIf({ rowKey, value: before }, change)).toBe(true),
      { timeout: 20_000, interval: 200 },
    );
  }, 60_000);
});
