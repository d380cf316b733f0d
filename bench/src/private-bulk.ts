/**
 * The plain bulk look-up: 1 000 numbers a request over HTTP on loopback, half of them published, drawn at
 * random from a store on disk (10^6 bindings with CALLBOOK_FULL, else 10^5). What is measured is the CPU
 * time of the whole process, the asking side and the threads of store and collector included.
 */
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '@callbook/api';
import type { DirectoryPort } from '@callbook/api';
import { bulkMediaType, encodeBulkRequest, parseBulkAnswers } from '@callbook/protocol';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { openLevelStore } from '@callbook/replication';
import type { Replica } from '@callbook/replication';
import { fillWithNumbers, identifierOf } from './dns-zone.ts';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { openSyntheticReplica } from './synthetic-federation.ts';

const isFull = process.env['CALLBOOK_FULL'] !== undefined;
const numberCount = isFull ? 1_000_000 : 100_000;
const numbersInRequest = 1000;
const requestsInRound = 50;
const roundCount = 9;

/** Measures the identifiers that one core answers in a second. */
export async function benchBulk(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const store = await openLevelStore(folder, { cacheBytes: 64 << 20 });
  try {
    say(`publishing ${numberCount} numbers`);
    const replica = await openSyntheticReplica('alpha', store, { memberCount: 1 });
    await fillWithNumbers(numberCount, { store, replica });
    const api = bulkApi(replica);
    const url = `${await api.listen({ host: '127.0.0.1', port: 0 })}/v1/bulk`;
    const rates: number[] = [];
    for (let round = 0; round <= roundCount; round += 1) {
      const rate = await identifiersPerCpuSecond(url);
      // The first fills caches.
      if (round > 0) rates.push(rate);
    }
    await api.close();
    await replica[Symbol.asyncDispose]();
    const name = `bulk look-up, ${numberCount} bindings`;
    const unit = 'identifiers/s of CPU';
    return [measured({ name, value: median(rates), unit, goal: '>= 50000' })];
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

/** The real API over the real store; of the directory this route asks nothing else. */
function bulkApi(replica: Replica): ReturnType<typeof createApi> {
  const entryInForce: DirectoryPort['entryInForce'] = (digits) =>
    replica.bindings.entryOfNumber(digits);
  return createApi({
    directory: { entryInForce } as DirectoryPort,
    codeSender: { send: async () => {} },
    clock: { nowMs: () => Date.now() },
    random: { bytes: (size) => globalThis.crypto.getRandomValues(new Uint8Array(size)) },
    crypto,
    host: 'alpha.test',
  });
}

async function identifiersPerCpuSecond(url: string): Promise<number> {
  const bodies = Array.from({ length: requestsInRound }, drawRequest);
  const before = process.cpuUsage();
  for (const body of bodies) await ask(url, body);
  const { user, system } = process.cpuUsage(before);
  return (requestsInRound * numbersInRequest * 1e6) / (user + system);
}

/** Every second number is one that nobody has. */
function drawRequest(): Uint8Array<ArrayBuffer> {
  const numbers = Array.from({ length: numbersInRequest }, (_nothing, place) =>
    identifierOf(randomInt(numberCount) + (place % 2) * numberCount),
  );
  return new Uint8Array(encodeBulkRequest(numbers));
}

async function ask(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { 'content-type': bulkMediaType };
  const response = await fetch(url, { method: 'POST', headers, body });
  const answers = parseBulkAnswers(await response.bytes(), numbersInRequest);
  if (answers.verdict !== 'accept') throw new Error(answers.code);
  const isRight = answers.value.every(
    ({ status }, place) => status === (place % 2 === 0 ? 'published' : 'absent'),
  );
  if (!isRight) throw new Error('a number was answered as another');
}
