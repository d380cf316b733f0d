/** Front ends answer what the writer has published, soon and never what was before; over every transport. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FrontLab } from './front-lab.ts';
import type { Front, Writer } from './front-lab.ts';

const soon = { timeout: 20_000, interval: 20 };
/** A machine that is busy may keep a writer or a statement for seconds: what is slow or stale is not tested here. */
const patient = { stalenessSecondsMax: 30, answerMilliseconds: 10_000 };
let lab: FrontLab;
let writer: Writer;
let fronts: Front[];

beforeAll(async () => {
  lab = await FrontLab.open();
  writer = await lab.writer('writer');
  await writer.publish(['4915123456789', 'sip:a@one.example']);
  fronts = await Promise.all([lab.front(patient), lab.front(patient)]);
  for (const front of fronts) {
    await vi.waitFor(
      async () => expect((await front.ask('4915123456789')).sip).toBe('sip:a@one.example'),
      soon,
    );
  }
}, 120_000);
afterAll(async () => {
  await Promise.all(fronts.map(async (front) => await front[Symbol.asyncDispose]()));
  await writer[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

describe('front ends', () => {
  it('answer what is published and deny what is not, by UDP, TCP and HTTPS', async () => {
    for (const front of fronts) {
      for (const transport of ['udp', 'udp', 'tcp'] as const) {
        expect(await front.ask('4915123456789', transport)).toEqual({
          code: 0,
          sip: 'sip:a@one.example',
        });
        expect(await front.ask('34912345678', transport)).toEqual({ code: 0, sip: undefined });
      }
      expect(await front.lookUp('4915123456789')).toMatchObject({
        status: 200,
        body: { state: 'published', routes: [{ uri: 'sip:a@one.example' }] },
      });
      expect(await front.lookUp('34912345678')).toEqual({ status: 200, body: { state: 'absent' } });
      expect(await front.ready()).toEqual({ status: 200, reasons: [] });
    }
  });

  it('answer what was changed, come or gone, from the moment that they have heard of it on', async () => {
    const answersOf = async (digits: string): Promise<unknown[]> =>
      await Promise.all(fronts.map(async (front) => (await front.ask(digits)).sip));
    for (let round = 0; round < 20; round += 1) {
      const uri = `sip:a@round-${round}.example`;
      await writer.publish(['4915123456789', uri], ['34912345678', uri]);
      await vi.waitFor(
        async () => expect(await answersOf('4915123456789')).toEqual([uri, uri]),
        soon,
      );
      // Who has seen one change of a batch sees the others.
      expect(await answersOf('34912345678')).toEqual([uri, uri]);
      for (let again = 0; again < 5; again += 1) {
        expect(await answersOf('4915123456789')).toEqual([uri, uri]);
      }
    }
    await writer.erase('34912345678');
    await vi.waitFor(
      async () => expect(await answersOf('34912345678')).toEqual([undefined, undefined]),
      soon,
    );
  }, 120_000);

  it('answer many that ask for the first time at once', async () => {
    const numbers = Array.from(
      { length: 400 },
      (_nothing, n) => `44770090${String(n).padStart(4, '0')}`,
    );
    await writer.publish(
      ...numbers.map((digits): [string, string] => [digits, `sip:${digits}@many.example`]),
    );
    await vi.waitFor(
      async () => expect((await fronts[0]!.ask(numbers[0]!)).sip).toBeDefined(),
      soon,
    );
    const answers = await Promise.all(
      numbers.map(async (digits) => (await fronts[0]!.ask(digits)).sip),
    );
    expect(answers).toEqual(numbers.map((digits) => `sip:${digits}@many.example`));
  });

  it('tell their staleness, and no number', async () => {
    await vi.waitFor(async () => {
      const text = await (await fetch(`http://127.0.0.1:${fronts[0]!.metricsPort}/metrics`)).text();
      const staleness = Number(/^callbook_front_staleness_seconds (\S+)$/m.exec(text)?.[1]);
      expect(staleness).toBeGreaterThan(0);
      expect(staleness).toBeLessThan(5);
      expect(text).toContain('callbook_front_database_state{code="shared_store_stale"} 0');
      expect(text).toMatch(/^callbook_front_looked_up_total [1-9]\d*$/m);
    }, soon);
  });
});
