/**
 * The encapsulated keys that a gateway has opened: each is good for one request (RFC 9458 §6.5.1). A date
 * inside bounds how long one must be remembered: a capsule is taken during 10 minutes at most, so two
 * spans of 10 minutes are held. When one is full nothing more is opened, since forgetting would let
 * somebody ask again what another has asked.
 */
import { innerDateErrorMsMax, rememberedKeysMax } from './limits.ts';

const spanMs = 2 * innerDateErrorMsMax;
/** Half a key: two that are equal there do not happen. */
const rememberedBytes = 16;

export class SeenKeys {
  readonly #countMax: number;
  #current = new Set<string>();
  #before = new Set<string>();
  #begunAtMs = Number.NEGATIVE_INFINITY;

  constructor(countMax: number = rememberedKeysMax) {
    this.#countMax = countMax;
  }

  /** Notes a key of 32 octets; says whether it was new, or that there is no room to note it. */
  note(enc: Uint8Array, nowMs: number): 'full' | 'new' | 'seen' {
    this.#turn(nowMs);
    const text = Buffer.from(enc.buffer, enc.byteOffset, rememberedBytes).toString('latin1');
    if (this.#current.has(text) || this.#before.has(text)) return 'seen';
    if (this.#current.size >= this.#countMax) return 'full';
    this.#current.add(text);
    return 'new';
  }

  #turn(nowMs: number): void {
    // A clock that was set back turns nothing: what is remembered stays.
    if (nowMs - this.#begunAtMs < spanMs) return;
    // After a long silence even the newest are older than a span.
    this.#before = nowMs - this.#begunAtMs < 2 * spanMs ? this.#current : new Set();
    this.#current = new Set();
    this.#begunAtMs = nowMs;
  }
}
