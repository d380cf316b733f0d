/**
 * What goes wrong with the shared database: a coded state that operators see, SERVFAIL rather than what is
 * not so, and nothing lost.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrontLab } from '../scale/front-lab.ts';
import type { Front, Writer } from '../scale/front-lab.ts';

const soon = { timeout: 30_000, interval: 50 };
const number = '4915123456789';
const SERVFAIL = { code: 2, sip: undefined };

describe('the shared database', () => {
  let lab: FrontLab;
  let parts: AsyncDisposableStack;
  beforeEach(async () => {
    lab = await FrontLab.open();
    parts = new AsyncDisposableStack();
    parts.use(lab);
  }, 60_000);
  afterEach(async () => await parts.disposeAsync(), 60_000);

  async function start(): Promise<{ writer: Writer; front: Front }> {
    const writer = parts.use(await lab.writer('writer'));
    await writer.publish([number, 'sip:a@one.example']);
    const front = parts.use(await lab.front());
    await answers(front, 'sip:a@one.example');
    return { writer, front };
  }

  const answers = async (front: Front, sip: string): Promise<void> =>
    await vi.waitFor(async () => expect(await front.ask(number)).toEqual({ code: 0, sip }), soon);
  const stateOf = async (writer: Writer, code: string | undefined): Promise<void> =>
    await vi.waitFor(() => expect(writer.follower.state.code).toBe(code), soon);

  it('that is gone: what is in the table is answered until it is stale, all else is SERVFAIL; all comes later', async () => {
    const { writer, front } = await start();
    await lab.postgres.kill();
    expect(await front.ask('34912345678')).toEqual(SERVFAIL);
    expect((await front.lookUp(number)).status).toBe(503);
    await stateOf(writer, 'shared_store_unavailable');
    await writer.publish([number, 'sip:a@two.example']);
    await vi.waitFor(async () => expect(await front.ask(number)).toEqual(SERVFAIL), soon);
    const reasons = ['shared_store_unavailable'];
    await vi.waitFor(
      async () => expect(await front.ready()).toEqual({ status: 503, reasons }),
      soon,
    );
    await lab.postgres.restart();
    await answers(front, 'sip:a@two.example');
    await stateOf(writer, undefined);
    await vi.waitFor(async () => expect((await front.ready()).status).toBe(200), soon);
  }, 120_000);

  it('that takes no writes: the writer says so, front ends become stale, and nothing is lost', async () => {
    const { writer, front } = await start();
    await lab.postgres.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await lab.postgres.query('SELECT pg_reload_conf()');
    await stateOf(writer, 'shared_store_read_only');
    await writer.publish([number, 'sip:a@two.example']);
    await vi.waitFor(async () => expect(await front.ask(number)).toEqual(SERVFAIL), soon);
    await vi.waitFor(
      async () => expect((await front.ready()).reasons).toEqual(['shared_store_stale']),
      soon,
    );
    await lab.postgres.query('ALTER SYSTEM RESET default_transaction_read_only');
    await lab.postgres.query('SELECT pg_reload_conf()');
    await answers(front, 'sip:a@two.example');
  }, 120_000);

  it('that was restored to yesterday: no front end answers from it before it is repaired', async () => {
    const { writer, front } = await start();
    await lab.postgres.backUp();
    await stateOf(writer, undefined);
    await writer.publish([number, 'sip:a@two.example'], ['34912345678', 'sip:b@two.example']);
    await answers(front, 'sip:a@two.example');
    // Writes nothing more, so that what is repaired is repaired by its successor.
    await writer[Symbol.asyncDispose]();
    await lab.postgres.restore();
    const seen = new Set<string | undefined>();
    await vi.waitFor(async () => {
      const { sip } = await front.ask('34912345678');
      seen.add(sip);
      expect((await front.ready()).reasons).toContain('shared_store_restored');
    }, soon);
    expect(await front.ask('34912345678')).toEqual(SERVFAIL);
    parts.use(await lab.writer('writer'));
    await vi.waitFor(
      async () =>
        expect(await front.ask('34912345678')).toEqual({ code: 0, sip: 'sip:b@two.example' }),
      soon,
    );
    await answers(front, 'sip:a@two.example');
    expect([...seen].filter((sip) => sip !== undefined && sip !== 'sip:b@two.example')).toEqual([]);
  }, 120_000);

  it.each(['udp', 'tcp'] as const)(
    'that was restored to what is earlier than an answer by %s alone: that is found out too',
    async (transport) => {
      const looks = {
        pollMilliseconds: 2_000,
        stalenessSecondsMax: 60,
        answerMilliseconds: 10_000,
      };
      const writer = parts.use(await lab.writer('writer', { losesHints: true }));
      await writer.publish([number, 'sip:a@one.example']);
      const front = parts.use(await lab.front(looks));
      await answers(front, 'sip:a@one.example');
      await lab.postgres.backUp();
      await stateOf(writer, undefined);
      await writer.publish(['34912345678', 'sip:b@two.example']);
      // Between two looks of the front end: what it has not kept is read as it is now.
      await vi.waitFor(
        async () =>
          expect(await front.ask('34912345678', transport)).toEqual({
            code: 0,
            sip: 'sip:b@two.example',
          }),
        { timeout: 30_000, interval: 10 },
      );
      await writer[Symbol.asyncDispose]();
      await lab.postgres.restore();
      const reasons = ['shared_store_restored'];
      await vi.waitFor(
        async () => expect(await front.ready()).toEqual({ status: 503, reasons }),
        soon,
      );
      expect(await front.ask('34912345678', transport)).toEqual(SERVFAIL);
    },
    120_000,
  );

  it('that was restored to yesterday while its writer runs: it is repaired, and what was erased since is gone', async () => {
    const { writer, front } = await start();
    await writer.publish(['34912345678', 'sip:b@one.example']);
    await front.ask('34912345678');
    await stateOf(writer, undefined);
    await lab.postgres.backUp();
    await vi.waitFor(
      async () => expect(await front.ask('34912345678')).toMatchObject({ code: 0 }),
      soon,
    );
    await writer.erase('34912345678');
    await writer.publish([number, 'sip:a@two.example']);
    await answers(front, 'sip:a@two.example');
    const rows = async (): Promise<string> =>
      await lab.postgres.query(
        `SELECT count(*) FROM callbook WHERE position('34912345678' IN encode(row_key, 'escape')) > 0`,
      );
    await vi.waitFor(async () => expect(await rows()).toBe('0'), soon);
    await lab.postgres.restore();
    await vi.waitFor(
      () => expect(writer.states.map(({ code }) => code)).toContain('shared_store_restored'),
      soon,
    );
    await stateOf(writer, undefined);
    await answers(front, 'sip:a@two.example');
    expect(await front.ask('34912345678')).toEqual({ code: 0, sip: undefined });
    expect(await rows()).toBe('0');
    await vi.waitFor(async () => expect((await front.ready()).status).toBe(200), soon);
  }, 120_000);

  it('that another member writes to: nothing is written, whether that member runs or not', async () => {
    const { writer, front } = await start();
    const stranger = parts.use(await lab.writer('stranger', { member: 'beta' }));
    await stranger.publish([number, 'sip:a@stranger.example']);
    await stateOf(stranger, 'shared_store_foreign');
    await writer[Symbol.asyncDispose]();
    const attempts = stranger.states.length;
    const busy = ['shared_store_slow', 'shared_store_unavailable'];
    await vi.waitFor(
      async () => expect((await front.ready()).reasons).toEqual(['shared_store_stale']),
      soon,
    );
    // A machine that is busy may be slow; nothing else is told than before.
    const told = stranger.states.slice(attempts).map(({ code }) => code ?? 'followed');
    expect(told.filter((code) => ![...busy, 'shared_store_foreign'].includes(code))).toEqual([]);
    parts.use(await lab.writer('writer'));
    await answers(front, 'sip:a@one.example');
  }, 120_000);

  it('whose writer has ended in order: the next need not wait', async () => {
    const { writer, front } = await start();
    await stateOf(writer, undefined);
    await writer[Symbol.asyncDispose]();
    const next = parts.use(await lab.writer('writer', { takeOverMs: 3_600_000 }));
    await next.publish([number, 'sip:a@next.example']);
    await answers(front, 'sip:a@next.example');
  }, 120_000);

  it('with two writers: the later one waits, says so, and takes over when the other has gone', async () => {
    const { writer, front } = await start();
    // A second of silence is nothing on a busy machine; who ends in order is not waited for.
    const other = parts.use(await lab.writer('other', { takeOverMs: 10_000 }));
    await other.publish([number, 'sip:a@other.example']);
    await stateOf(other, 'shared_store_taken');
    await writer.publish([number, 'sip:a@two.example']);
    await answers(front, 'sip:a@two.example');
    await stateOf(writer, undefined);
    expect(writer.states.map(({ code }) => code)).not.toContain('shared_store_taken');
    await writer[Symbol.asyncDispose]();
    await answers(front, 'sip:a@other.example');
    await stateOf(other, undefined);
  }, 120_000);
});
