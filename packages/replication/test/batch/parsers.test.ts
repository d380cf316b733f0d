/** Parsers of what peers send: they answer with a verdict, whatever the bytes. */
import { encodeCbor } from '@callbook/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { encodeLogBatch, parseLogBatch } from '../../src/batch/log-batch.ts';
import type { LogBatch } from '../../src/batch/log-batch.ts';
import { pageEntriesMax } from '../../src/limits.ts';
import { encodeRefusal, refusalIn } from '../../src/network/refusal-message.ts';
import {
  encodeNotariseAnswer,
  encodeNotariseAnswers,
  encodeNotariseRequest,
  encodeNotariseRequests,
  parseNotariseAnswer,
  parseNotariseAnswers,
  parseNotariseRequest,
  parseNotariseRequests,
} from '../../src/notarise/notarise-messages.ts';
import {
  encodeCheckpoints,
  encodeTailRequest,
  parseCheckpoints,
  parseTailRequest,
} from '../../src/tail/tail-messages.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const opened = fc.record({ opening: hash, payload: fc.uint8Array({ maxLength: 300 }) });
const pair = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.option(opened));
const batches: fc.Arbitrary<LogBatch> = fc
  .record({
    origin: fc.string(),
    first: fc.nat(),
    pairs: fc.array(pair, { maxLength: 8 }),
    checkpoint: fc.string(),
    proof: fc.array(hash, { maxLength: 5 }),
  })
  .map(({ pairs, ...batch }) => ({
    ...batch,
    leaves: pairs.map(([leaf]) => leaf),
    payloads: pairs.map(([, payload]) => payload),
  }));
const receipts = fc.record({
  origin: fc.string(),
  index: fc.nat(),
  leaf: fc.uint8Array({ maxLength: 100 }),
  checkpoint: fc.string(),
  proof: fc.array(hash, { maxLength: 5 }),
});

const value = <T>(verdict: { verdict: string; value?: T }): T | undefined =>
  verdict.verdict === 'accept' ? verdict.value : undefined;

describe('messages between members', () => {
  it('come back from their bytes as they were', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        expect(value(parseLogBatch(encodeLogBatch(batch)))).toEqual(batch);
      }),
    );
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.option(opened),
        fc.array(receipts),
        (entry, payload, list) => {
          const request = { entry, receipts: list, ...(payload !== null && { opened: payload }) };
          expect(value(parseNotariseRequest(encodeNotariseRequest(request)))).toEqual(request);
        },
      ),
    );
    fc.assert(
      fc.property(receipts, (receipt) => {
        expect(value(parseNotariseAnswer(encodeNotariseAnswer(receipt)))).toEqual(receipt);
      }),
    );
    const frames = fc.array(fc.uint8Array(), { minLength: 1, maxLength: 16 });
    fc.assert(
      fc.property(frames, (list) => {
        expect(value(parseNotariseRequests(encodeNotariseRequests(list)))).toEqual(list);
        expect(value(parseNotariseAnswers(encodeNotariseAnswers(list)))).toEqual(list);
      }),
    );
  });

  it('end in a verdict whatever the bytes', () => {
    const parsers = [
      parseLogBatch,
      parseTailRequest,
      parseCheckpoints,
      parseNotariseRequest,
      parseNotariseAnswer,
      parseNotariseRequests,
      parseNotariseAnswers,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        for (const parse of parsers) expect(parse(bytes).verdict).not.toBe('accept');
      }),
      { numRuns: 5000 },
    );
    const cbor = fc.letrec<{ item: unknown }>((tie) => ({
      item: fc.oneof(
        { depthSize: 'small' },
        fc.nat(),
        fc.string(),
        fc.uint8Array(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('item'), { maxLength: 4 }),
        fc.dictionary(
          fc.constantFrom(
            'v',
            'origin',
            'first',
            'leaves',
            'payloads',
            'checkpoint',
            'proof',
            'want',
            'entry',
            'payload',
            'receipts',
            'receipt',
            'checkpoints',
            'requests',
            'answers',
            'verdict',
            'code',
          ),
          tie('item'),
        ),
      ),
    })).item;
    fc.assert(
      fc.property(cbor, (item) => {
        for (const parse of parsers) parse(encodeCbor(item as never));
      }),
      { numRuns: 5000 },
    );
  });

  it('are refused above their limits', () => {
    const empty: LogBatch = {
      origin: 'o',
      first: 0,
      leaves: [],
      payloads: [],
      checkpoint: '',
      proof: [],
    };
    const leaves = Array.from({ length: pageEntriesMax + 1 }, () => new Uint8Array(1));
    const tooMany = { ...empty, leaves, payloads: leaves.map(() => null) };
    const tooLarge = { ...empty, leaves: [new Uint8Array(2049)], payloads: [null] };
    const unpaired = { ...empty, leaves: [new Uint8Array(1)], payloads: [] };
    for (const batch of [tooMany, tooLarge, unpaired]) {
      expect(parseLogBatch(encodeLogBatch(batch))).toMatchObject({ code: 'batch_malformed' });
    }
    const atLimit = {
      ...tooMany,
      leaves: leaves.slice(1),
      payloads: leaves.slice(1).map(() => null),
    };
    expect(parseLogBatch(encodeLogBatch(atLimit)).verdict).toBe('accept');
    for (const [count, verdict] of [
      [0, 'reject'],
      [16, 'accept'],
      [17, 'reject'],
    ] as const) {
      const list = Array.from({ length: count }, () => new Uint8Array(1));
      expect(parseNotariseRequests(encodeNotariseRequests(list)).verdict).toBe(verdict);
      expect(parseNotariseAnswers(encodeNotariseAnswers(list)).verdict).toBe(verdict);
    }
  });

  it('are encoded as docs/spec/members.md shows', () => {
    const bytes = encodeTailRequest({ want: 'checkpoints' });
    expect(bytes.toHex()).toBe('a26176016477616e746b636865636b706f696e7473');
  });

  it('carry requests, checkpoints and refusals of the tail', () => {
    for (const request of [
      { want: 'checkpoints' },
      { want: 'leaves', origin: 'o' },
      { want: 'leaves', origin: 'o', first: 7 },
    ] as const) {
      expect(value(parseTailRequest(encodeTailRequest(request)))).toEqual(request);
    }
    expect(value(parseCheckpoints(encodeCheckpoints([['o', 'note']])))).toEqual([['o', 'note']]);
    const refusal = encodeRefusal({ verdict: 'ignore', code: 'log_unknown', message: '' });
    expect(parseCheckpoints(refusal)).toMatchObject({ verdict: 'ignore', code: 'log_unknown' });
    expect(refusalIn({ v: 1, verdict: 'reject', code: 'no such code' })).toBeUndefined();
  });
});
