/**
 * Memory of the table of hot answers: one SharedArrayBuffer of 32-bit words, so large as its maker
 * says and never larger, resident only where there are answers. In order: what the table is, a generation for each bucket of names, a tag for
 * each slot (those of a set side by side: a miss costs one cache line), the slots.
 */
import assert from 'node:assert/strict';
import { createHalfSipHash, halfSipKeyBytes } from './half-sip-hash.ts';
import type { HalfSipHash } from './half-sip-hash.ts';

/** A key may lie in any slot of its set: probing ends there. */
export const slotsPerSet = 8;
/** Default room for a key and its answer; a signed binding takes some 250 + 50 octets. */
const answerSlotBytes = 512;

/** Words of a slot before its key and answer. */
export const slotFields = {
  /** Even when the slot is whole, odd while somebody writes it. */
  sequence: 0,
  /** 1 when the answer was found since it was last considered for removal. */
  used: 1,
  generation: 2,
  expiresAtSeconds: 3,
  /** Bucket of the name's generation. */
  bucket: 4,
  /** Words of the key, then octets of the answer in the low 16 bits. */
  sizes: 5,
  key: 6,
} as const;

const magic = 0x4342_6b41;
const headFields = {
  magic: 0,
  setCount: 1,
  slotWords: 2,
  bucketCount: 3,
  everyGeneration: 4,
  hashKey: 5,
} as const;
const headWords = 16;

export interface AnswerTableOptions {
  /** Rounded up to a power of two; each takes `slotBytes` and 8 octets more. */
  readonly answersMax: number;
  readonly slotBytes?: number;
  /** 8 random octets, new for each table. */
  readonly hashKey: Uint8Array;
}

/** Views of one table's memory. */
export interface AnswerTableViews {
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly setMask: number;
  readonly slotWords: number;
  readonly bucketMask: number;
  readonly everyGenerationAt: number;
  readonly bucketsAt: number;
  readonly tagsAt: number;
  readonly slotsAt: number;
  readonly hash: HalfSipHash;
}

/** Makes the memory of an empty table, to be given to every thread that uses it. */
export function createAnswerTableMemory(options: AnswerTableOptions): SharedArrayBuffer {
  const { answersMax, slotBytes = answerSlotBytes, hashKey } = options;
  assert(hashKey.length === halfSipKeyBytes, 'hash key has not 8 octets');
  assert(answersMax >= 1 && answersMax <= 2 ** 26, 'number of answers is out of range');
  const setCount = powerOfTwo(Math.ceil(answersMax / slotsPerSet));
  const slotCount = setCount * slotsPerSet;
  const slotWords = Math.ceil(slotBytes / 4);
  assert(slotWords > slotFields.key && slotBytes <= 65_535, 'size of a slot is out of range');
  // As many as slots: then a notice about one name seldom ends the answers of another.
  const bucketCount = slotCount;
  const wordCount = headWords + bucketCount + slotCount + slotCount * slotWords;
  const memory = untouchedMemory(wordCount * 4);
  const words = new Int32Array(memory);
  words[headFields.magic] = magic;
  words[headFields.setCount] = setCount;
  words[headFields.slotWords] = slotWords;
  words[headFields.bucketCount] = bucketCount;
  new Uint8Array(memory).set(hashKey, headFields.hashKey * 4);
  return memory;
}

export function viewAnswerTable(memory: SharedArrayBuffer): AnswerTableViews {
  const words = new Int32Array(memory);
  assert(words[headFields.magic] === magic, 'memory is not that of an answer table');
  const setCount = words[headFields.setCount]!;
  const bucketCount = words[headFields.bucketCount]!;
  const tagsAt = headWords + bucketCount;
  const hashKey = new Uint8Array(memory, headFields.hashKey * 4, halfSipKeyBytes);
  return {
    words,
    setMask: setCount - 1,
    slotWords: words[headFields.slotWords]!,
    bucketMask: bucketCount - 1,
    everyGenerationAt: headFields.everyGeneration,
    bucketsAt: headWords,
    tagsAt,
    slotsAt: tagsAt + setCount * slotsPerSet,
    hash: createHalfSipHash(hashKey.slice()),
  };
}

/** TypeScript has it among the names of browsers. */
declare const WebAssembly: {
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => { readonly buffer: SharedArrayBuffer };
};

const wasmPageBytes = 65_536;
const wasmPagesMax = 65_536;

/**
 * Memory that takes room only where something was written. That of a SharedArrayBuffer comes from
 * `calloc`, which writes all of it where memory is overwritten when it is freed (`glibc.malloc.perturb`);
 * that of WebAssembly comes from the kernel, in pages, and no more than 4 GiB of it.
 */
function untouchedMemory(bytes: number): SharedArrayBuffer {
  const pages = Math.ceil(bytes / wasmPageBytes);
  if (pages > wasmPagesMax) return new SharedArrayBuffer(bytes);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer;
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}
