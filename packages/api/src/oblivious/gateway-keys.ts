/**
 * The keys of this member's gateway: in memory only, a new one every 24 hours, the one before kept so
 * that nobody notices. A new key opens capsules at once, is announced in DNS for as long as resolvers
 * keep what was there before, and then stated. After a start there is nothing that could be waited
 * for: all keys are new, and clients fetch them again when the old ones open nothing.
 */
import { encodeKeyConfigurations, signKeyStatement } from '@callbook/protocol';
import type { Clock, Cryptography, NoteSigner, Random, RequestCapsule } from '@callbook/protocol';
import { CapsuleKey } from './capsule-key.ts';
import type { OpenedCapsule } from './capsule-key.ts';
import { keyAnnouncedMs, keyLifetimeMs } from './limits.ts';

export interface GatewayKeysParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Cryptography;
  /** Of the log key, under the origin of the log. */
  readonly signer: NoteSigner;
}

interface StatedKeys {
  readonly encoded: Uint8Array;
  readonly note: string;
}

export class GatewayKeys {
  readonly #parts: GatewayKeysParts;
  readonly #listeners = new Set<() => void>();
  /** Newest first. */
  #keys: readonly CapsuleKey[] = [];
  #madeAtMs = Number.NEGATIVE_INFINITY;
  /** Those that members and clients are told, and those that will be told soon or were before. */
  #stated: StatedKeys;
  #other: StatedKeys | undefined;
  #isAhead = false;

  constructor(parts: GatewayKeysParts) {
    this.#parts = parts;
    this.#stated = this.#make();
  }

  /** `application/ohttp-keys`, as stated. */
  get encoded(): Uint8Array {
    return this.#stated.encoded;
  }

  /** The signed statement. */
  get note(): string {
    return this.#stated.note;
  }

  /** SHA-256 of each `application/ohttp-keys` that may be met now, the newest first. */
  get hashes(): readonly Uint8Array[] {
    const newestFirst = this.#isAhead ? [this.#other, this.#stated] : [this.#stated, this.#other];
    return newestFirst
      .filter((stated) => stated !== undefined)
      .map(({ encoded }) => this.#parts.crypto.sha256(encoded));
  }

  /** Calls back after each change of what is stated or announced. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens a capsule with the key that it names; undefined where there is none or it does not fit. */
  open(capsule: RequestCapsule): OpenedCapsule | undefined {
    return this.#keys
      .find(({ configuration }) => configuration.keyId === capsule.keyId)
      ?.open(capsule);
  }

  /** Makes, states and drops keys whose time has come. */
  turn(): void {
    const ageMs = this.#parts.clock.nowMs() - this.#madeAtMs;
    if (ageMs >= keyLifetimeMs) {
      this.#other = this.#make();
      this.#isAhead = true;
    } else if (this.#isAhead && ageMs >= keyAnnouncedMs) {
      [this.#stated, this.#other] = [this.#other!, this.#stated];
      this.#isAhead = false;
      // What was sealed to the oldest key was fetched more than a day ago.
      this.#keys = this.#keys.slice(0, 2);
    } else {
      return;
    }
    for (const listener of this.#listeners) listener();
  }

  #make(): StatedKeys {
    const { clock, random, signer } = this.#parts;
    this.#madeAtMs = clock.nowMs();
    this.#keys = [CapsuleKey.make(this.#freeKeyId(random)), ...this.#keys].slice(0, 3);
    const told = this.#keys.slice(0, 2).map(({ configuration }) => configuration);
    const encoded = encodeKeyConfigurations(told);
    const statement = { origin: signer.name, madeAtMs: this.#madeAtMs, encoded };
    return { encoded, note: signKeyStatement(statement, signer) };
  }

  /** Drawn, so that a capsule to a key of before a start hardly ever names one of now. */
  #freeKeyId(random: Random): number {
    const taken = this.#keys.map(({ configuration }) => configuration.keyId);
    let [keyId] = random.bytes(1);
    while (taken.includes(keyId!)) keyId = (keyId! + 1) % 256;
    return keyId!;
  }
}
