/**
 * A thread that uses one answer table with others. The store is a version for each name: one thread
 * changes it, and all fill the table from it and look answers up. An answer is its name's number,
 * its version and octets that follow from both, of a size that does too.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { AnswerKey } from '../../src/datagram/answer-key.ts';
import { AnswerTable } from '../../src/datagram/answer-table.ts';

export interface HammerSeat {
  readonly memory: SharedArrayBuffer;
  /** The store: what a filler reads. */
  readonly committed: SharedArrayBuffer;
  /** Versions whose notice has been given: nobody may be told an older one from then on. */
  readonly published: SharedArrayBuffer;
  readonly forMs: number;
}

export interface HammerReport {
  changes: number;
  puts: number;
  found: number;
  torn: number;
  outdated: number;
}

const nowSeconds = 1_800_000_000;
const names = 40;
const headBytes = 8;

const seat = workerData as HammerSeat & { role: 'change' | 'use'; seed: number };
const table = new AnswerTable(seat.memory);
const committed = new Int32Array(seat.committed);
const published = new Int32Array(seat.published);
const report: HammerReport = { changes: 0, puts: 0, found: 0, torn: 0, outdated: 0 };
const keys = Array.from({ length: names }, (_nothing, name) => createKey(name));
const out = new Uint8Array(512);
let state = seat.seed;

const endAtMs = performance.now() + seat.forMs;
while (performance.now() < endAtMs)
  for (let count = 0; count < 100; count += 1) {
    if (seat.role === 'change' && random(4) === 0) change(random(names));
    use(random(names));
  }
parentPort!.postMessage(report, []);

function change(name: number): void {
  const version = Atomics.add(committed, name, 1) + 1;
  table.invalidate(keys[name]!);
  Atomics.store(published, name, version);
  report.changes += 1;
}

function use(name: number): void {
  const key = keys[name]!;
  const versionMin = Atomics.load(published, name);
  const size = table.find(key, out, nowSeconds);
  if (size > 0) return check(name, size, versionMin);
  const generation = table.generationOf(key);
  const answer = createAnswer(name, Atomics.load(committed, name));
  const expiresAtSeconds = nowSeconds + 60;
  if (table.put(key, answer, { generation, expiresAtSeconds, nowSeconds })) report.puts += 1;
}

function check(name: number, size: number, versionMin: number): void {
  report.found += 1;
  const version = new DataView(out.buffer).getInt32(4);
  const expected = createAnswer(name, version);
  const isWhole =
    size === expected.length && expected.every((octet, index) => octet === out[index]);
  if (!isWhole) report.torn += 1;
  else if (version < versionMin) report.outdated += 1;
}

function createAnswer(name: number, version: number): Uint8Array {
  const answer = new Uint8Array(headBytes + 1 + ((name * 31 + version * 17) % 250));
  const view = new DataView(answer.buffer);
  view.setInt32(0, name);
  view.setInt32(4, version);
  answer.fill((name * 7 + version) & 0xff, headBytes);
  return answer;
}

function createKey(name: number): AnswerKey {
  const key = table.createKey();
  const wire = Uint8Array.of(2, 0x61 + (name >> 4), 0x61 + (name & 15), 0);
  key.setName(wire, 0, wire.length);
  key.setQuestion(35, 1);
  return key;
}

/** xorshift32: each thread its own order. */
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}
