/**
 * The evidence that this member holds, and what follows from it: a log that is convicted is frozen
 * here. Nothing more of it is taken in, so its component of the vector stops; what is stored of it
 * stays, is served, and counts in the fold, until a charter says where the log ends. Whoever brings
 * evidence, it is verified here.
 *
 * Kept are as many pieces as prove something new: one for each kind and log. So however much a liar
 * produces, it is bounded.
 */
import type { CharterSet, Clock, Cryptography, ProvenFault, Verdict } from '@callbook/protocol';
import { accept, ignore, verifyEvidence } from '@callbook/protocol';

import { evidenceCountMax } from '../limits.ts';
import { Listeners } from '../listeners.ts';
import { allEvidence, evidenceIdIn, evidenceKey } from '../store/row-keys.ts';
import type { Store } from '../store/store.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import { encodeEvidenceRow, parseEvidenceRow } from './evidence-row.ts';
import type { HeldEvidence } from './evidence-row.ts';

export interface EvidenceContext {
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly charters: () => CharterSet;
}

export class EvidenceSet {
  readonly #context: EvidenceContext;
  /** By id, in the order in which they came. */
  readonly #held = new Map<string, HeldEvidence>();
  readonly #convicted = new Set<string>();
  /** What is proven already, by kind and log. */
  readonly #proven = new Set<string>();
  readonly #listeners = new Listeners<HeldEvidence>();

  private constructor(context: EvidenceContext) {
    this.#context = context;
  }

  /** Reads what is stored: a log that was frozen is frozen again before any of it is taken in. */
  static async open(context: EvidenceContext): Promise<EvidenceSet> {
    const set = new EvidenceSet(context);
    const rows = await context.store.range({ ...allEvidence(), countMax: evidenceCountMax });
    const held = rows.map(([rowKey, row]) => parseEvidenceRow(evidenceIdIn(rowKey), row));
    held.sort((a, b) => a.firstSeenMs - b.firstSeenMs).forEach((piece) => set.#add(piece));
    return set;
  }

  /** All evidence, the oldest first. */
  all(): readonly HeldEvidence[] {
    return [...this.#held.values()];
  }

  /** A piece by its id in hexadecimal. */
  get(evidenceId: string): HeldEvidence | undefined {
    return this.#held.get(evidenceId);
  }

  /**
   * Tells whether a log is convicted and nothing more of it is taken in. Once a charter has expelled
   * its member, the charter's cut-off says where it ends, and that much is taken in again.
   */
  frozen(origin: string): boolean {
    if (!this.#convicted.has(origin)) return false;
    return this.#context.charters().current.memberByOrigin.get(origin)?.state !== 'expelled';
  }

  /** Calls back with each new piece, as soon as the logs it convicts are frozen. */
  onEvidence(listener: (held: HeldEvidence) => void): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Verifies evidence, freezes whom it convicts and keeps it; resolves when it is on disk. Codes:
   * those of `verifyEvidence`, `evidence_known`. Errors: `replica_stopped`.
   */
  async note(bytes: Uint8Array): Promise<Verdict<HeldEvidence>> {
    const { charters, clock, crypto, writer } = this.#context;
    const evidenceId = crypto.sha256(bytes).toHex();
    const known = this.#held.get(evidenceId);
    if (known !== undefined) return accept(known);
    const fault = verifyEvidence(bytes, charters(), crypto);
    if (fault.verdict !== 'accept') return fault;
    if (this.#held.size >= evidenceCountMax || !this.#isNew(fault.value)) {
      return ignore('evidence_known', 'this kind of fault of these logs is proven already');
    }
    const firstSeenMs = clock.nowMs();
    const held = { evidenceId, ...fault.value, firstSeenMs, bytes: bytes.slice() };
    this.#add(held);
    this.#listeners.tell(held);
    const row = { rowKey: evidenceKey(evidenceId), value: encodeEvidenceRow(held) };
    // If we crash before this is on disk, the log is not frozen at the next start: the others that
    // were told, or the next look at the log, bring the evidence again.
    await writer.run((commit) => commit([row], { durable: true }));
    return accept(held);
  }

  #add(held: HeldEvidence): void {
    this.#held.set(held.evidenceId, held);
    for (const name of namesOf(held)) this.#proven.add(name);
    for (const origin of held.origins) this.#convicted.add(origin);
  }

  #isNew(fault: ProvenFault): boolean {
    return namesOf(fault).some((name) => !this.#proven.has(name));
  }
}

function namesOf({ kind, origins, disputed }: ProvenFault): string[] {
  return [
    ...origins.map((origin) => `${kind} ${origin}`),
    ...disputed.map((origin) => `${kind} disputed ${origin}`),
  ];
}
