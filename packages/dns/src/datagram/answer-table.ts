/**
 * Table of hot answers, outside the heap and shared by all workers: complete wire answers under name,
 * type and flags. It is a cache that may lose anything at any time and never returns what is not so:
 *
 * - *Never torn.* Each slot is a seqlock: its writer makes the sequence odd, writes, and makes it even
 *   again; a reader that finds it odd, or moved since it began, has found nothing. Both load and store
 *   the words of an answer plainly: V8 makes a call of each of Atomics, and those would double the
 *   look-up. What keeps them between the two of the sequence is in `loadAfterCopy` and `lockSlot`.
 * - *Never stale.* A filler reads the name's generation before it reads the store, and gives it with
 *   the answer. The writer of the store moves the generation after its commit. An answer with another
 *   generation than the present one is not found, however late it was put there.
 *
 * A thread that is killed while it writes a slot leaves the sequence odd: that slot stays lost.
 */
import { AnswerKey } from './answer-key.ts';
import { slotFields, slotsPerSet, viewAnswerTable } from './answer-table-memory.ts';
import type { AnswerTableViews } from './answer-table-memory.ts';

/**
 * No answer is kept for longer; it bounds what a lost notice could do. One that seems to last longer was made
 * while the clock was ahead, and its signatures may begin in what is the future now that it is right.
 */
export const keptSecondsMax = 3600;

export interface AnswerFill {
  /** As `generationOf` gave it, before the store was read. */
  readonly generation: number;
  /** Seconds since the Unix epoch, at most `keptSecondsMax` ahead. */
  readonly expiresAtSeconds: number;
  readonly nowSeconds: number;
}

export class AnswerTable {
  private readonly views: AnswerTableViews;
  private readonly words: Int32Array<SharedArrayBuffer>;
  /** Written by this thread alone: see `loadAfterCopy`. */
  private readonly fence = new Int32Array(new SharedArrayBuffer(4));
  /** Where the search for a slot to give up begins: elsewhere each time, and in each thread. */
  private hand = 0;

  /** Takes the memory that `createAnswerTableMemory` made, in this thread or another. */
  constructor(memory: SharedArrayBuffer) {
    this.views = viewAnswerTable(memory);
    this.words = this.views.words;
  }

  /** Makes a key for use with this table; one a thread is enough. */
  createKey(): AnswerKey {
    return new AnswerKey(this.views.hash);
  }

  /**
   * Copies the answer for `key` to the start of `out` and returns its size; returns 0 when there is none,
   * or none that fits, and then `out` may hold anything.
   */
  find(key: AnswerKey, out: Uint8Array, nowSeconds: number): number {
    const { words } = this;
    const { tagsAt } = this.views;
    const tag = tagOf(key);
    // Before the slot is read: an answer of the generation that was current when we were asked is
    // right, even if the generation moves now.
    const generation = this.generationOf(key);
    const first = this.firstSlotOf(key);
    for (let slot = first; slot < first + slotsPerSet; slot += 1) {
      if (words[tagsAt + slot] !== tag) continue;
      const at = this.slotAt(slot);
      const sequence = Atomics.load(words, at + slotFields.sequence);
      if ((sequence & 1) !== 0) continue;
      if (words[at + slotFields.generation] !== generation) continue;
      const leftSeconds = (words[at + slotFields.expiresAtSeconds]! >>> 0) - nowSeconds;
      if (leftSeconds <= 0 || leftSeconds > keptSecondsMax) continue;
      const size = this.copyAnswer(at, key, out);
      if (size === 0 || this.loadAfterCopy(at + slotFields.sequence) !== sequence) continue;
      // Written only when it changes: the slot's line stays shared between the workers' caches.
      const usedAt = at + slotFields.used;
      if (words[usedAt] === 0) Atomics.store(words, usedAt, 1);
      return size;
    }
    return 0;
  }

  /** The generation of the key's name. Its numbers mean nothing; a name's never comes again. */
  generationOf(key: AnswerKey): number {
    const { bucketsAt, everyGenerationAt } = this.views;
    const every = Atomics.load(this.words, everyGenerationAt);
    // Both only grow, so their sum is another whenever either has moved.
    return (every + Atomics.load(this.words, bucketsAt + this.bucketOf(key))) | 0;
  }

  /** Ends all answers of the key's name; to be called after the change is in the store. */
  invalidate(key: AnswerKey): void {
    Atomics.add(this.words, this.views.bucketsAt + this.bucketOf(key), 1);
  }

  /** Ends all answers: a zone's keys or settings have changed. */
  invalidateAll(): void {
    Atomics.add(this.words, this.views.everyGenerationAt, 1);
  }

  /**
   * Keeps an answer. Returns false when it does not fit, when the generation has moved, or when another
   * thread is at the same slot: the next query for it may try again.
   */
  put(key: AnswerKey, answer: Uint8Array, fill: AnswerFill): boolean {
    const { words } = this;
    const room = (this.views.slotWords - slotFields.key - key.wordCount) * 4;
    if (answer.length === 0 || answer.length > room) return false;
    if (this.generationOf(key) !== fill.generation) return false;
    const slot = this.chooseSlot(key, fill.nowSeconds);
    const sequenceAt = this.slotAt(slot) + slotFields.sequence;
    const sequence = Atomics.load(words, sequenceAt);
    if ((sequence & 1) !== 0 || !this.lockSlot(sequenceAt, sequence)) return false;
    this.writeSlot(slot, key, { answer, fill });
    Atomics.store(words, sequenceAt, sequence + 2);
    return true;
  }

  /** Returns the size of the answer when the slot is the key's. What it copied may be torn. */
  private copyAnswer(at: number, key: AnswerKey, out: Uint8Array): number {
    const { words } = this;
    const sizes = words[at + slotFields.sizes]!;
    const size = sizes & 0xffff;
    if (sizes >>> 16 !== key.wordCount || size > out.length) return 0;
    const keyAt = at + slotFields.key;
    for (let index = 0; index < key.wordCount; index += 1)
      if (words[keyAt + index] !== key.words[index]) return 0;
    const answerAt = keyAt + key.wordCount;
    const wholeBytes = size & ~3;
    for (let index = 0; index < wholeBytes; index += 4) {
      const word = words[answerAt + (index >> 2)]!;
      out[index] = word;
      out[index + 1] = word >> 8;
      out[index + 2] = word >> 16;
      out[index + 3] = word >> 24;
    }
    if (wholeBytes === size) return size;
    let last = words[answerAt + (wholeBytes >> 2)]!;
    for (let index = wholeBytes; index < size; index += 1, last >>= 8) out[index] = last;
    return size;
  }

  /**
   * Loads a word later than every plain load before it. On x64 loads are never reordered. On arm64 a
   * load-acquire lets earlier loads pass it; but a store-release waits for them, and a load-acquire for
   * a store-release before it, so a store to memory of our own stands between. The compiler moves no
   * load over the calls that Atomics are.
   */
  private loadAfterCopy(at: number): number {
    Atomics.store(this.fence, 0, 0);
    return Atomics.load(this.words, at);
  }

  /**
   * Makes a sequence odd, before every plain store after it; false when another thread was first. On x64
   * stores are never reordered. On arm64 they may pass the store of the exchange; but not a load-acquire
   * before them, which waits for a store-release before it, which waits for the exchange.
   */
  private lockSlot(sequenceAt: number, sequence: number): boolean {
    const found = Atomics.compareExchange(this.words, sequenceAt, sequence, sequence + 1);
    Atomics.store(this.fence, 0, 0);
    return Atomics.load(this.fence, 0) === 0 && found === sequence;
  }

  private writeSlot(
    slot: number,
    key: AnswerKey,
    { answer, fill }: { readonly answer: Uint8Array; readonly fill: AnswerFill },
  ): void {
    const { words } = this;
    const at = this.slotAt(slot);
    words[this.views.tagsAt + slot] = tagOf(key);
    words[at + slotFields.used] = 0;
    words[at + slotFields.generation] = fill.generation;
    words[at + slotFields.expiresAtSeconds] = fill.expiresAtSeconds | 0;
    words[at + slotFields.bucket] = this.bucketOf(key);
    words[at + slotFields.sizes] = (key.wordCount << 16) | answer.length;
    const keyAt = at + slotFields.key;
    for (let index = 0; index < key.wordCount; index += 1) words[keyAt + index] = key.words[index]!;
    const answerAt = keyAt + key.wordCount;
    for (let index = 0; index < answer.length; index += 4)
      words[answerAt + (index >> 2)] = wordAt(answer, index);
  }

  /** The key's own slot; else a free one; else one that is out of date or not found lately. */
  private chooseSlot(key: AnswerKey, nowSeconds: number): number {
    const { words } = this;
    const first = this.firstSlotOf(key);
    const tag = tagOf(key);
    let free = -1;
    // The tags of a set lie side by side; each slot looked into is memory that is in no cache.
    for (let slot = first; slot < first + slotsPerSet; slot += 1) {
      const slotTag = words[this.views.tagsAt + slot]!;
      // Nearly always the same key; where it is not, one of the two answers is lost.
      if (slotTag === tag && !this.isBeingWritten(slot)) return slot;
      if (slotTag === 0 && free === -1 && !this.isBeingWritten(slot)) free = slot;
    }
    return free === -1 ? this.giveUpSlot(first, nowSeconds) : free;
  }

  /** Second chance: passes over slots that were found since last time, at most once round. */
  private giveUpSlot(first: number, nowSeconds: number): number {
    for (let passed = 0; passed < slotsPerSet; passed += 1) {
      this.hand = (this.hand + 1) % slotsPerSet;
      const slot = first + this.hand;
      if (this.isBeingWritten(slot)) continue;
      const usedAt = this.slotAt(slot) + slotFields.used;
      if (Atomics.load(this.words, usedAt) === 0 || this.isDead(slot, nowSeconds)) break;
      Atomics.store(this.words, usedAt, 0);
    }
    return first + this.hand;
  }

  private isBeingWritten(slot: number): boolean {
    return (Atomics.load(this.words, this.slotAt(slot) + slotFields.sequence) & 1) !== 0;
  }

  private isDead(slot: number, nowSeconds: number): boolean {
    const { words } = this;
    const { bucketsAt, everyGenerationAt, bucketMask } = this.views;
    const at = this.slotAt(slot);
    const leftSeconds = (Atomics.load(words, at + slotFields.expiresAtSeconds) >>> 0) - nowSeconds;
    if (leftSeconds <= 0 || leftSeconds > keptSecondsMax) return true;
    const bucket = Atomics.load(words, at + slotFields.bucket) & bucketMask;
    const generation =
      Atomics.load(words, everyGenerationAt) + Atomics.load(words, bucketsAt + bucket);
    return Atomics.load(words, at + slotFields.generation) !== (generation | 0);
  }

  private slotAt(slot: number): number {
    return this.views.slotsAt + slot * this.views.slotWords;
  }

  private firstSlotOf(key: AnswerKey): number {
    return (key.answerHash & this.views.setMask) * slotsPerSet;
  }

  private bucketOf(key: AnswerKey): number {
    return key.nameHash & this.views.bucketMask;
  }
}

/** Not 0, which is that of an empty slot. The bits that chose the set do not tell slots apart. */
function tagOf(key: AnswerKey): number {
  return Math.imul(key.answerHash ^ (key.nameHash >>> 7), 0x9e37_79b1) | 1;
}

function wordAt(octets: Uint8Array, index: number): number {
  return (
    octets[index]! |
    ((octets[index + 1] ?? 0) << 8) |
    ((octets[index + 2] ?? 0) << 16) |
    ((octets[index + 3] ?? 0) << 24)
  );
}
