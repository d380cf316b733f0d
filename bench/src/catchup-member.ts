/**
 * The member that catches up, in a process of its own so that its memory can be read. It decodes and
 * takes in pages as a tail reader does, two under way at a time, with index and the daemon's verifier
 * threads; in turns with that all cores verify signatures and nothing else. Prints one line of JSON.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { openLevelStore, parseLogBatch } from '@callbook/replication';
import { startVerifier } from '@callbook/node/verifier';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { readFrames } from './catchup-log.ts';
import { messageKey, signedMessages } from './signed-messages.ts';
import { openSyntheticReplica } from './synthetic-federation.ts';

const turns = 10;
const [folder, entriesText, threadsText] = process.argv.slice(2);
const entries = Number(entriesText);

export interface CatchupResult {
  readonly catchupSeconds: number;
  readonly rawPerSecond: number;
  /** CPU of all threads, per entry. */
  readonly cpuMicroseconds: number;
  /** CPU of one signature check, by this process in turns with the rest. */
  readonly checkMicroseconds: number;
  readonly rssMiB: number;
  /** Without the pages of mapped files, which the kernel may take back; the most at the end of a turn. */
  readonly anonymousMiB: number;
}

const store = await openLevelStore(`${folder}/store`, { cacheBytes: 64 << 20 });
const verifier = startVerifier(threadsText === undefined ? {} : { threads: Number(threadsText) });
const gamma = await openSyntheticReplica('gamma', store, { indexed: true, verifier });
await takeIn(readFrames(`${folder}/known.pages`), Infinity);
await gamma.settleIndex();
const raw = Array.from(
  { length: availableParallelism() },
  // Processes, so that what they take is not counted as the member's memory.
  () => fork(new URL('raw-verifier.ts', import.meta.url)),
);
await rawSeconds(2000);
console.log(JSON.stringify(await measure()));
for (const child of raw) child.disconnect();
await gamma[Symbol.asyncDispose]();
await verifier?.[Symbol.asyncDispose]();
await store.close();

async function measure(): Promise<CatchupResult> {
  let catchupSeconds = 0;
  let rawSecondsAll = 0;
  let rawCount = 0;
  let cpu = 0;
  let checksCpu = 0;
  let anonymousMiB = 0;
  const frames = readFrames(`${folder}/missed.pages`);
  const turnEntries = Math.ceil(entries / turns);
  for (let turn = 1; turn <= turns; turn++) {
    const cpuBefore = process.cpuUsage();
    const before = performance.now();
    await takeIn(frames, turn === turns ? Infinity : turnEntries);
    if (turn === turns) await gamma.settleIndex();
    catchupSeconds += (performance.now() - before) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    cpu += user + system;
    checksCpu += checkAll();
    anonymousMiB = Math.max(anonymousMiB, anonymousMiBNow());
    const count = Math.ceil(turnEntries / 4);
    rawSecondsAll += await rawSeconds(count);
    rawCount += count * raw.length;
  }
  return {
    catchupSeconds,
    rawPerSecond: rawCount / rawSecondsAll,
    cpuMicroseconds: cpu / entries,
    checkMicroseconds: checksCpu / (turns * signedMessages.length),
    rssMiB: process.resourceUsage().maxRSS / 1024,
    anonymousMiB,
  };
}

/** Takes in what comes until `countMax` entries have: one page is integrated while the next is read. */
async function takeIn(frames: Iterator<Uint8Array>, countMax: number): Promise<void> {
  let before: Promise<void> = Promise.resolve();
  for (let count = 0; count < countMax;) {
    const frame = frames.next();
    if (frame.done === true) break;
    const page = parseLogBatch(frame.value);
    if (page.verdict !== 'accept') throw new Error(page.code);
    const offered = gamma.offer(page.value);
    if (offered.verdict !== 'accept') throw new Error(offered.code);
    await before;
    before = offered.value.integrated;
    count += page.value.leaves.length;
  }
  await before;
}

/** Microseconds of CPU for a check of every message. */
function checkAll(): number {
  const before = process.threadCpuUsage();
  for (const { message, signature } of signedMessages) {
    if (!crypto.ed25519Verify(message, signature, messageKey)) throw new Error('unverified');
  }
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

function anonymousMiBNow(): number {
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return Number(kibibytes) / 1024;
}

/** All cores at once, each verifying `count` signatures. */
async function rawSeconds(count: number): Promise<number> {
  const before = performance.now();
  const done = raw.map((child) => once(child, 'message'));
  for (const child of raw) child.send(count);
  await Promise.all(done);
  return (performance.now() - before) / 1000;
}
