/** What the holders were promised: every receipt that they were given, how the load went, and what was wrong. */
import type { Holding } from '@callbook/client';

/** A leaf that a member has given a receipt for. */
export interface PromisedLeaf {
  readonly origin: string;
  readonly index: number;
  readonly leaf: Uint8Array;
}

/** Of a root's note: fixed line, ruleset, charter, root, logs. */
const rootLine = 3;
const violationsKeptMax = 100;
/** Codes by which a client says that what it was told cannot be true, whoever is down or behind. */
const liesTold: ReadonlySet<string> = new Set([
  'clock_wrong',
  'label_proof_invalid',
  'proof_entry_invalid',
  'proof_index_invalid',
  'proof_not_agreed',
  'proof_payload_invalid',
  'proof_root_invalid',
  'receipt_invalid',
  'zone_bogus',
]);

export class Ledger {
  readonly #leaves = new Map<string, PromisedLeaf>();
  /** Roots by everything else that their notes say. */
  readonly #roots = new Map<string, string>();
  readonly #failures = new Map<string, number>();
  readonly #violations: string[] = [];
  readonly #onViolation: (what: string) => void;
  #acknowledged = 0;
  #lookups = 0;
  #rootsMet = 0;

  /** `onViolation` hears of each thing that is wrong as soon as it is. */
  constructor(onViolation: (what: string) => void = () => undefined) {
    this.#onViolation = onViolation;
  }

  /** Notes something that must not be, whatever befalls the members. */
  violate(what: string): void {
    if (this.#violations.length < violationsKeptMax) this.#violations.push(what);
    this.#onViolation(what);
  }

  /** What was wrong, the first hundred of it. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** Takes the receipts of an entry that is complete. */
  acknowledge({ receipts }: Holding): void {
    this.#acknowledged++;
    for (const { origin, index, leaf } of receipts) {
      const place = `${origin} ${index}`;
      const known = this.#leaves.get(place);
      if (known !== undefined && Buffer.compare(known.leaf, leaf) !== 0) {
        this.violate(`${origin} has given receipts for two leaves at index ${index}`);
      }
      this.#leaves.set(place, { origin, index, leaf });
    }
  }

  /** Takes a signed root of the index: everything else being equal, the root must be. */
  meet(note: string): void {
    const [text = ''] = note.split('\n\n');
    const lines = text.split('\n');
    const [root = ''] = lines.splice(rootLine, 1);
    const vector = lines.join('\n');
    const known = this.#roots.get(vector);
    if (known !== undefined && known !== root) {
      this.violate(`two roots of the index are signed for one vector:\n${text}\nand ${known}`);
    }
    this.#roots.set(vector, root);
    this.#rootsMet++;
  }

  /** Counts answers of members to look-ups. */
  looked(answers: number): void {
    this.#lookups += answers;
  }

  /** Counts a call that failed, by its code. */
  fail(code: string): void {
    if (liesTold.has(code)) this.violate(`a client says ${code}`);
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
  }

  get promised(): readonly PromisedLeaf[] {
    return [...this.#leaves.values()];
  }

  get counts(): {
    readonly acknowledged: number;
    readonly lookups: number;
    readonly receipts: number;
    readonly roots: number;
    readonly vectors: number;
    readonly failures: Readonly<Record<string, number>>;
  } {
    return {
      acknowledged: this.#acknowledged,
      lookups: this.#lookups,
      receipts: this.#leaves.size,
      roots: this.#rootsMet,
      vectors: this.#roots.size,
      failures: Object.fromEntries(this.#failures),
    };
  }
}
