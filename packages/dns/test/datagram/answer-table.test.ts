import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnswerKey } from '../../src/datagram/answer-key.ts';
import { createAnswerTableMemory } from '../../src/datagram/answer-table-memory.ts';
import { AnswerTable } from '../../src/datagram/answer-table.ts';
import type { HammerReport, HammerSeat } from './answer-table-hammer.ts';

const hashKey = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const nowSeconds = 1_800_000_000;
const expiresAtSeconds = nowSeconds + 300;
const out = new Uint8Array(1232);

function createTable(answersMax = 64, slotBytes = 512): AnswerTable {
  return new AnswerTable(createAnswerTableMemory({ answersMax, slotBytes, hashKey }));
}

function keyOf(table: AnswerTable, name: string, type = 35, flagsClass = 0): AnswerKey {
  const key = table.createKey();
  const wire = wireName(name);
  key.setName(wire, 0, wire.length);
  key.setQuestion(type, flagsClass);
  return key;
}

function wireName(name: string): Uint8Array {
  const octets = name
    .split('.')
    .flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
  return Uint8Array.of(...octets, 0);
}

function put(table: AnswerTable, key: AnswerKey, answer: Uint8Array): boolean {
  const generation = table.generationOf(key);
  return table.put(key, answer, { generation, expiresAtSeconds, nowSeconds });
}

function find(table: AnswerTable, key: AnswerKey, atSeconds = nowSeconds): Uint8Array | undefined {
  const size = table.find(key, out, atSeconds);
  return size === 0 ? undefined : out.slice(0, size);
}

describe('answer table', () => {
  test('finds what was put, in any case of the name, and from another view of its memory', () => {
    const memory = createAnswerTableMemory({ answersMax: 64, hashKey });
    const [here, there] = [new AnswerTable(memory), new AnswerTable(memory)];
    const answer = Uint8Array.from({ length: 251 }, (_nothing, index) => index);
    expect(put(here, keyOf(here, '1.2.E164.Example'), answer)).toBe(true);
    expect(find(there, keyOf(there, '1.2.e164.eXAMPLE'))).toEqual(answer);
  });

  test('keeps apart names, types and flags', () => {
    const table = createTable();
    put(table, keyOf(table, '1.example', 35, 1), Uint8Array.of(1));
    for (const other of [
      keyOf(table, '2.example', 35, 1),
      keyOf(table, '1.example', 16, 1),
      keyOf(table, '1.example', 35, 2),
      keyOf(table, 'x.1.example', 35, 1),
    ])
      expect(find(table, other)).toBeUndefined();
  });

  test('returns sizes of every remainder unchanged', () => {
    const table = createTable();
    const key = keyOf(table, '1.example');
    for (let size = 1; size <= 40; size += 1) {
      const answer = new Uint8Array(size).fill(200 + size);
      put(table, key, answer);
      expect(find(table, key)).toEqual(answer);
    }
  });

  test('takes an answer that fills its slot and refuses one octet more', () => {
    const table = createTable(64, 256);
    const key = keyOf(table, '1.example');
    const room = 256 - 4 * 6 - 4 * key.wordCount;
    expect(put(table, key, new Uint8Array(room + 1).fill(9))).toBe(false);
    expect(put(table, key, new Uint8Array(0))).toBe(false);
    expect(put(table, key, new Uint8Array(room).fill(9))).toBe(true);
    expect(find(table, key)).toEqual(new Uint8Array(room).fill(9));
  });

  test('finds nothing where the answer does not fit', () => {
    const table = createTable();
    const key = keyOf(table, '1.example');
    put(table, key, new Uint8Array(40).fill(9));
    expect(table.find(key, new Uint8Array(39), nowSeconds)).toBe(0);
  });

  test('forgets at the second at which an answer expires', () => {
    const table = createTable();
    const key = keyOf(table, '1.example');
    put(table, key, Uint8Array.of(1));
    expect(find(table, key, expiresAtSeconds - 1)).toBeDefined();
    expect(find(table, key, expiresAtSeconds)).toBeUndefined();
  });

  test('holds a name of 255 octets', () => {
    const table = createTable();
    const name = [63, 63, 63, 61].map((length) => 'a'.repeat(length)).join('.');
    const key = keyOf(table, name);
    expect(put(table, key, Uint8Array.of(1, 2))).toBe(true);
    expect(find(table, key)).toEqual(Uint8Array.of(1, 2));
  });
});

describe('answer table, changes', () => {
  test('ends all answers of a name at once, and not those of another', () => {
    const table = createTable(1024);
    const keys = [1, 16, 35].map((type) => keyOf(table, '1.example', type));
    const other = keyOf(table, '2.example');
    for (const key of [...keys, other]) put(table, key, Uint8Array.of(1));
    table.invalidate(keyOf(table, '1.EXAMPLE'));
    for (const key of keys) expect(find(table, key)).toBeUndefined();
    expect(find(table, other)).toBeDefined();
  });

  test('ends all answers', () => {
    const table = createTable();
    const key = keyOf(table, '1.example');
    put(table, key, Uint8Array.of(1));
    table.invalidateAll();
    expect(find(table, key)).toBeUndefined();
    expect(put(table, key, Uint8Array.of(2))).toBe(true);
    expect(find(table, key)).toEqual(Uint8Array.of(2));
  });

  test('refuses an answer whose generation has moved while it was made', () => {
    const table = createTable();
    const key = keyOf(table, '1.example');
    const generation = table.generationOf(key);
    table.invalidate(key);
    const fill = { generation, expiresAtSeconds, nowSeconds };
    expect(table.put(key, Uint8Array.of(1), fill)).toBe(false);
    expect(find(table, key)).toBeUndefined();
  });

  test('gives up answers that were not found lately before those that were', () => {
    const table = createTable(8);
    const hot = keyOf(table, 'hot.example');
    put(table, hot, Uint8Array.of(1));
    for (let number = 0; number < 1_000; number += 1) {
      expect(find(table, hot)).toEqual(Uint8Array.of(1));
      put(table, keyOf(table, `${number}.example`), Uint8Array.of(2));
    }
  });

  test('goes on beside a slot whose writer was killed', () => {
    const memory = createAnswerTableMemory({ answersMax: 8, hashKey });
    const table = new AnswerTable(memory);
    const words = new Int32Array(memory);
    // A set of eight: 16 words of head, 8 generations, 8 tags; then the sequence of the first slot.
    words[16 + 8 + 8] = 1;
    for (let number = 0; number < 100; number += 1) {
      const key = keyOf(table, `${number}.example`);
      if (put(table, key, Uint8Array.of(number + 1)))
        expect(find(table, key)).toEqual(Uint8Array.of(number + 1));
    }
    expect(find(table, keyOf(table, '99.example'))).toBeDefined();
  });

  test('behaves as a map that may forget, for any order of what is done to it', () => {
    const step = fc.record({
      what: fc.constantFrom('put', 'find', 'invalidate', 'late put', 'expire'),
      name: fc.integer({ min: 0, max: 30 }),
      type: fc.constantFrom(16, 35),
      octets: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    });
    const rule = fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = createTable(16, 160);
      const model = new Map<string, Uint8Array>();
      for (const { what, name, type, octets } of steps) {
        const key = keyOf(table, `${name}.example`, type);
        const modelKey = `${name}/${type}`;
        if (what === 'put' && put(table, key, octets)) model.set(modelKey, octets);
        if (what === 'invalidate') {
          table.invalidate(key);
          for (const ofName of [16, 35]) model.delete(`${name}/${ofName}`);
        }
        if (what === 'late put') {
          const fill = { generation: table.generationOf(key), expiresAtSeconds, nowSeconds };
          table.invalidate(key);
          expect(table.put(key, octets, fill)).toBe(false);
          for (const ofName of [16, 35]) model.delete(`${name}/${ofName}`);
        }
        if (what === 'expire') expect(find(table, key, expiresAtSeconds)).toBeUndefined();
        const found = find(table, key);
        if (found !== undefined) expect(found).toEqual(model.get(modelKey));
      }
    });
    fc.assert(rule, { numRuns: 200 });
  });

  test('returns no torn, foreign or outdated answer to threads that hammer it', async () => {
    const seat: HammerSeat = {
      memory: createAnswerTableMemory({ answersMax: 16, slotBytes: 320, hashKey }),
      committed: new SharedArrayBuffer(4 * 64),
      published: new SharedArrayBuffer(4 * 64),
      forMs: 1_500,
    };
    const roles = ['change', 'use', 'use', 'use'] as const;
    const reports = await Promise.all(
      roles.map(async (role, index) => {
        const worker = new Worker(new URL('./answer-table-hammer.ts', import.meta.url), {
          workerData: { ...seat, role, seed: index + 1 },
        });
        const [report] = (await once(worker, 'message')) as [HammerReport];
        return report;
      }),
    );
    const sum = (count: keyof HammerReport): number =>
      reports.reduce((total, report) => total + report[count], 0);
    expect({ torn: sum('torn'), outdated: sum('outdated') }).toEqual({ torn: 0, outdated: 0 });
    expect(sum('changes')).toBeGreaterThan(100);
    expect(sum('puts')).toBeGreaterThan(1_000);
    expect(sum('found')).toBeGreaterThan(1_000);
  });
});
