/**
 * Neither does the time of an answer tell whether numbers lie below a prefix. Measured is the time that
 * the responder of a worker takes, over a store with numbers below some prefixes, the two kinds asked in
 * turns, and compared by ranks (Mann–Whitney), which outliers do not move. A leak that is put in must
 * be found, else the test proves nothing.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AnswerTable,
  createAnswerTableMemory,
  createDirectoryZone,
  createResponder,
  HotResponder,
} from '@callbook/dns';
import type { BindingSource } from '@callbook/dns';
import { encodeMessage, queryMessage, parseName, recordTypes } from '@callbook/dns/wire';
import { openLevelStore } from '@callbook/replication';
import { bindingKey, openBindingsReader } from '@callbook/replication/bindings-reader';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../src/system-ports.ts';
import { pickZoneSigners } from '../src/zone-signers.ts';

// Noise costs trials, and a busy machine makes each of them longer.
vi.setConfig({ testTimeout: 120_000 });

const apex = 'e164.alpha.test';
/** Blocks of four digits behind +4915: those with an even number have numbers below them. */
const blockCount = 1000;
const numbersInBlock = 30;
const namesInGroup = 64;
const roundsPerTrial = 4000;
const warmUpRounds = 1000;
const trialsMax = 3;
/**
 * How far the share of pairs in which one kind is the slower one may lie from a half. Which names are
 * drawn moves it by up to 0.02: each has its own place in the store.
 */
const deviationMax = 0.05;

const cacheBytes = 8 << 20;

const stack = new AsyncDisposableStack();
let bindings: BindingSource;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-timing-'));
  stack.defer(async () => await rm(folder, { recursive: true }));
  await fillStore(folder);
  ({ bindings } = stack.use(await openBindingsReader(folder)));
});
afterAll(async () => await stack.disposeAsync());

function block(position: number): string {
  return `4915${String(position).padStart(4, '0')}`;
}

/** Only whether there is a row is of interest: no number that is there is asked for. */
async function fillStore(folder: string): Promise<void> {
  const store = await openLevelStore(folder, { cacheBytes });
  for (let position = 0; position < blockCount; position += 2) {
    const numbers = Array.from({ length: numbersInBlock }, (_nothing, n) => 10_000 + n * 17);
    const rows = numbers.map((number) => ({
      rowKey: bindingKey(`tel:+${block(position)}${number}`),
      value: new Uint8Array(300),
    }));
    await store.batch(rows, { durable: false });
  }
  // Other rows of a member come before and after its bindings.
  for (const family of ['a', 'x']) {
    const rows = Array.from({ length: 10_000 }, (_nothing, n) => ({
      rowKey: Buffer.from(`${family}${n}`),
      value: new Uint8Array(300),
    }));
    await store.batch(rows, { durable: false });
  }
  // What has just been written is in memory; opened again it is in files, as most of a member's is.
  await store.close();
}

type Ask = (digits: string) => void;

async function openWorker(bindings: BindingSource): Promise<Ask> {
  const openSigner = await pickZoneSigners();
  const [ksk, zsk] = [1, 2].map(() => openSigner(generateKeyPairSync('ed25519').privateKey));
  const zone = createDirectoryZone({
    apex,
    nameservers: [{ name: `ns.${apex}`, addresses: ['127.0.0.1'] }],
    contact: 'hostmaster@alpha.test',
    charterHash: () => new Uint8Array(32),
    source: bindings,
    keys: { ksk: ksk!, zsk: zsk! },
    clock: systemClock,
    limits: { bindingsMax: 64, signaturesMax: 64, denialsMax: 0 },
  });
  const hashKey = new Uint8Array(8);
  const table = new AnswerTable(createAnswerTableMemory({ answersMax: 4096, hashKey }));
  const respond = createResponder([zone], { reusesRoom: true });
  const hot = new HotResponder({
    table,
    respond,
    takeEndMs: () => zone.takeEndMs(),
    clock: systemClock,
  });
  const out = new Uint8Array(1232);
  const client = { octets: Uint8Array.of(127, 0, 0, 1), port: 4000 };
  const queries = new Map<string, Uint8Array>();
  return (digits) => {
    let query = queries.get(digits);
    if (query === undefined) {
      query = queryFor(digits);
      queries.set(digits, query);
    }
    table.invalidateAll();
    if (hot.respondInto(query, out, client) === 0) throw new Error('no answer');
  };
}

function queryFor(digits: string): Uint8Array {
  const name = parseName(`${Array.from(digits).reverse().join('.')}.${apex}`);
  if (name.verdict !== 'accept') throw new Error(name.message);
  return encodeMessage(
    queryMessage(
      { name: name.value, type: recordTypes.NAPTR },
      {
        id: 1,
        edns: {
          udpPayloadBytes: 1232,
          version: 0,
          dnssecOk: true,
          compactOk: false,
          options: [],
        },
      },
    ),
  );
}

interface Groups {
  readonly populated: readonly string[];
  readonly empty: readonly string[];
}

/** How far from a half the share of pairs is in which the empty prefix took longer. */
function deviationOf(ask: Ask, { populated, empty }: Groups): number {
  const samples: { ms: number; isEmpty: boolean }[] = [];
  const time = (digits: string, isEmpty: boolean): void => {
    const startedAtMs = performance.now();
    ask(digits);
    samples.push({ ms: performance.now() - startedAtMs, isEmpty });
  };
  for (let round = 0; round < warmUpRounds + roundsPerTrial; round += 1) {
    const position = Math.floor(Math.random() * namesInGroup);
    // Whoever comes second finds the processor as the first left it, so that is left to chance.
    const emptyFirst = Math.random() < 0.5;
    if (emptyFirst) time(empty[position]!, true);
    time(populated[position]!, false);
    if (!emptyFirst) time(empty[position]!, true);
  }
  return Math.abs(shareSlower(samples.slice(2 * warmUpRounds)) - 0.5);
}

/** Mann–Whitney's U of the empty ones, divided by the number of pairs. */
function shareSlower(samples: readonly { ms: number; isEmpty: boolean }[]): number {
  const sorted = [...samples].sort((left, right) => left.ms - right.ms);
  let rankSum = 0;
  for (let start = 0; start < sorted.length;) {
    let end = start;
    while (end < sorted.length && sorted[end]!.ms === sorted[start]!.ms) end += 1;
    // What took as long as others has their middle rank.
    for (let at = start; at < end; at += 1)
      if (sorted[at]!.isEmpty) rankSum += (start + end + 1) / 2;
    start = end;
  }
  const count = samples.length / 2;
  return (rankSum - (count * (count + 1)) / 2) / (count * count);
}

/** Noise makes a leak neither better nor worse to see; the best of some trials is the one with least of it. */
function leastDeviation(ask: Ask, groups: Groups): number {
  let least = Number.POSITIVE_INFINITY;
  for (let trial = 0; trial < trialsMax && least > deviationMax; trial += 1)
    least = Math.min(least, deviationOf(ask, groups));
  return least;
}

function groupOf(digitsAt: (position: number) => string): string[] {
  return Array.from({ length: namesInGroup }, (_nothing, position) => digitsAt(position));
}

const populated = groupOf((position) => block(200 + 8 * position));
const emptyNeighbours = groupOf((position) => block(201 + 8 * position));
const emptyCountry = populated.map((digits) => digits.replace('4915', '9915'));

const cases: readonly (readonly [string, Groups])[] = [
  ['beside a prefix with numbers', { populated, empty: emptyNeighbours }],
  ['in a country without any', { populated, empty: emptyCountry }],
  [
    'of twelve digits',
    {
      populated: populated.map((digits) => `${digits}1000`),
      empty: emptyNeighbours.map((digits) => `${digits}1000`),
    },
  ],
  [
    'of six digits',
    {
      populated: groupOf((position) => block(8 * (position % 12)).slice(0, 6)),
      empty: groupOf((position) =>
        block(8 * (position % 12))
          .slice(0, 6)
          .replace('4915', '9915'),
      ),
    },
  ],
];

describe('the time of an answer', () => {
  it.each(cases)('is the same for an empty prefix %s', async (_where, groups) => {
    const ask = await openWorker(bindings);
    expect(leastDeviation(ask, groups)).toBeLessThan(deviationMax);
  });
});

describe('the measurement', () => {
  it('finds a responder that reads once more where there are numbers', async () => {
    const leaking: BindingSource = {
      byOwnerHash: (hash) => bindings.byOwnerHash(hash),
      byDigits: (digits) => {
        if (Number(digits.slice(4, 8)) % 2 === 0) bindings.byDigits(`${digits}1`);
        return bindings.byDigits(digits);
      },
    };
    const ask = await openWorker(leaking);
    const groups = { populated, empty: emptyNeighbours };
    expect(leastDeviation(ask, groups)).toBeGreaterThan(deviationMax);
  });
});
