/**
 * What an audit finds: who, which log, which leaf, what, and the file in which the proof is. Some of it
 * convicts whoever signed it (`convicts`); the rest is what this auditor saw, and says so: what a
 * member serves over HTTPS is not signed, so its bytes prove nothing to others but that they do not
 * fit what the log has signed.
 */
import type { FindingCode } from './errors.ts';
import { findingsMax } from './limits.ts';

export interface Finding {
  readonly code: FindingCode;
  /** Name of the member that signed or served it. */
  readonly member: string;
  /** Origin of the log, where one is concerned. */
  readonly log?: string;
  /** Leaf, 0-based. */
  readonly index?: number;
  /** What kind of evidence it is, or the code of the rule that was broken. */
  readonly kind?: string;
  /** Path below the folder of the audit. */
  readonly evidence?: string;
  /** Members whose own signatures prove it. */
  readonly convicts: readonly string[];
  /** True when it says that somebody was dishonest or is damaged, not only away or late. */
  readonly grave: boolean;
}

/** Codes of what may happen to an honest member on a bad day. */
const harmless: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'member_unreachable',
  'answer_slow',
  'checkpoint_not_agreed',
  'root_missing',
  'root_lags',
  'root_uncovered',
]);

/** A finding as it is added. */
export type NewFinding = Omit<Finding, 'convicts' | 'grave'> & {
  readonly convicts?: readonly string[];
};

/** Collects findings, each once, up to a number. */
export class Findings {
  readonly #found = new Map<string, Finding>();

  add(finding: NewFinding): void {
    const { code, member, log, index, kind } = finding;
    const name = [code, member, log, index, kind].join(' ');
    if (this.#found.has(name) || this.#found.size >= findingsMax) return;
    const grave = !harmless.has(code);
    this.#found.set(name, { ...finding, convicts: finding.convicts ?? [], grave });
  }

  /** The grave ones first. */
  all(): readonly Finding[] {
    return [...this.#found.values()].sort((a, b) => Number(b.grave) - Number(a.grave));
  }

  get hasGrave(): boolean {
    return [...this.#found.values()].some(({ grave }) => grave);
  }
}
