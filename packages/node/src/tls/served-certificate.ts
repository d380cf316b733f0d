/**
 * The certificate that is served at one place, and the one that is to follow it. A certificate with
 * another key waits until nobody can hold TLSA records without that key any more (RFC 7671 §8.1); one
 * with the same key, or in place of one that has expired, is served at once.
 *
 * Waiting is measured by a stopwatch that no change of the clock moves. It begins anew when the member
 * starts: if we crash in between, the new pair on disk is served at once, and a client that holds TLSA
 * records of before refuses it for as long as their TTL at most.
 */
import type { Clock } from '@callbook/protocol';
import type { CertificatePair } from './certificate-pair.ts';

export interface ServedCertificateOptions {
  /** How long a key is announced before it is served; 0 where nothing announces it. */
  readonly announceMs: number;
  readonly clock: Clock;
  /** Never goes back. */
  readonly stopwatch: Clock;
}

export interface CertificateEvents {
  /** The keys that clients may meet have changed. */
  readonly onKeys: () => void;
  readonly onSwitch: (pair: CertificatePair) => void;
  /** Another pair is there, and waits. */
  readonly onWait: (waitMs: number) => void;
}

interface Announced {
  readonly keyHash: Uint8Array;
  readonly sinceMs: number;
}

export class ServedCertificate {
  readonly #options: ServedCertificateOptions;
  readonly #events: CertificateEvents;
  readonly #announced = new Map<string, Announced>();
  #current: CertificatePair | undefined;
  #next: CertificatePair | undefined;
  #upcomingKeyHash: Uint8Array | undefined;

  constructor(options: ServedCertificateOptions, events: CertificateEvents) {
    this.#options = options;
    this.#events = events;
  }

  get current(): CertificatePair | undefined {
    return this.#current;
  }

  /** Of the one served, of the one that waits, and of the one that is being asked for. */
  get keyHashes(): readonly Uint8Array[] {
    return Array.from(this.#announced.values(), ({ keyHash }) => keyHash);
  }

  get isExpired(): boolean {
    const { clock } = this.#options;
    return this.#current !== undefined && clock.nowMs() >= this.#current.notAfterMs;
  }

  /** Announces the key of a certificate that is not there yet. */
  announce(keyHash: Uint8Array): void {
    this.#upcomingKeyHash = keyHash;
    this.#announceAll();
  }

  /** Whether everybody who looks for the key of this hash finds it. */
  isKnown(keyHash: Uint8Array): boolean {
    const { announceMs, stopwatch } = this.#options;
    const announced = this.#announced.get(keyHash.toHex());
    return announced !== undefined && stopwatch.nowMs() - announced.sinceMs >= announceMs;
  }

  /** Serves a newer pair, at once or when its key is known. */
  offer(pair: CertificatePair): void {
    // Of files one may have been touched; and whoever puts the old pair back wants no other.
    const isServed = this.#current?.certificate === pair.certificate;
    this.#next = isServed ? undefined : pair;
    this.#announceAll();
    this.look();
    if (this.#next !== undefined) this.#events.onWait(this.#options.announceMs);
  }

  /** Serves what has waited long enough; to be called now and then. */
  look(): void {
    const next = this.#next;
    if (next === undefined) return;
    const isSameKey = this.#current?.keyHash.toHex() === next.keyHash.toHex();
    const nobodyIsServed = this.#current === undefined || this.isExpired;
    if (!isSameKey && !nobodyIsServed && !this.isKnown(next.keyHash)) return;
    this.#current = next;
    this.#next = undefined;
    this.#events.onSwitch(next);
    // Only now: whoever asked a moment ago must still find the key that was served then.
    this.#announceAll();
  }

  #announceAll(): void {
    const sinceMs = this.#options.stopwatch.nowMs();
    const hashes = [this.#current?.keyHash, this.#next?.keyHash, this.#upcomingKeyHash];
    const wanted = new Map(
      hashes.filter((hash) => hash !== undefined).map((keyHash) => [keyHash.toHex(), keyHash]),
    );
    const gone = [...this.#announced.keys()].filter((hex) => !wanted.has(hex));
    const added = [...wanted].filter(([hex]) => !this.#announced.has(hex));
    for (const hex of gone) this.#announced.delete(hex);
    for (const [hex, keyHash] of added) this.#announced.set(hex, { keyHash, sinceMs });
    if (gone.length > 0 || added.length > 0) this.#events.onKeys();
  }
}
