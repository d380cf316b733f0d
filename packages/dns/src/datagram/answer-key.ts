/**
 * What an answer is kept under: the lower-cased name, the type, and whatever else of a query changes its
 * answer. Used again and again, so that a look-up makes no object; the hashes come with it.
 */
import assert from 'node:assert/strict';
import type { HalfSipHash } from './half-sip-hash.ts';

/** RFC 1035 §2.3.4: "names: 255 octets or less". */
const nameBytesMax = 255;
/** One word for the question's type and class of flags, the rest for the name. */
const answerKeyWordsMax = 1 + Math.ceil(nameBytesMax / 4);

export class AnswerKey {
  /** The first `wordCount` of them are the key. */
  readonly words: Int32Array = new Int32Array(answerKeyWordsMax);
  wordCount = 1;
  /** Of the name alone: whatever its types, a name has one generation. */
  nameHash = 0;
  /** Of name, type and flags. */
  answerHash = 0;
  private readonly octets: Uint8Array = new Uint8Array(this.words.buffer);
  private readonly hash: HalfSipHash;

  constructor(hash: HalfSipHash) {
    this.hash = hash;
  }

  /**
   * Takes the uncompressed wire name from `start` to `end`, at most 255 octets with its root label;
   * of any case. Until `setQuestion` the key is that of the name, good for its generation only.
   */
  setName(octets: Uint8Array, start: number, end: number): void {
    const sizeBytes = end - start;
    assert(sizeBytes >= 1 && sizeBytes <= nameBytesMax, 'name has not 1 to 255 octets');
    this.wordCount = 1 + ((sizeBytes + 3) >> 2);
    this.words[this.wordCount - 1] = 0;
    for (let index = 0; index < sizeBytes; index += 1) {
      const octet = octets[start + index]!;
      // RFC 4343 §3: "only ASCII letters" fold. A length octet is at most 63 and so no letter.
      this.octets[4 + index] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
    }
    this.nameHash = this.hash(this.words, 1, sizeBytes);
    this.setQuestion(0, 0);
  }

  /** Completes the key: the query's type, and a number of 16 bits for its flags and the like. */
  setQuestion(type: number, flagsClass: number): void {
    const question = (type << 16) | (flagsClass & 0xffff);
    this.words[0] = question;
    this.answerHash = mix(this.nameHash ^ Math.imul(question, 0x9e37_79b1));
  }
}

/** MurmurHash3's finalizer: spreads the difference of two types over all bits. */
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
