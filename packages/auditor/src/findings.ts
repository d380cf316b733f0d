/**
 * What an audit finds: who, which log, which leaf, what, and the file in which the proof is. Some of it
 * convicts whoever signed it (`convicts`); the rest is what this auditor saw, and says so: what a
 * member serves over HTTPS is not signed, so its bytes prove nothing to others but that they do not
 * fit what the log has signed.
 */
import { findingsMax } from './limits.ts';

/** What is wrong, each with the sentence that is printed. */
export const findingCodes = {
  charter_invalid: 'the member gives a charter that does not follow the one before',
  charter_gap: 'the member has a later charter and not the one before it',
  charter_forked: 'two charters of one version are signed as adoption asks',
  member_unreachable: 'the member cannot be reached',
  answer_invalid: 'the member answers with something else than what was asked for',
  answer_too_large: 'the member sends more than such an answer may have',
  answer_slow: 'the member takes longer than an answer may take',
  checkpoint_invalid: 'the member gives a checkpoint that does not verify',
  checkpoint_not_agreed: 'the checkpoint has no cosignatures of a quorum',
  checkpoint_went_back: 'the member gives a smaller checkpoint of its log than before',
  log_forked: 'the log has two branches',
  tile_differs: 'hashes that the member serves do not lead to the signed root',
  leaf_differs: 'a leaf that the member serves is not the one that the log has signed',
  leaf_from_future: 'the leaf is of a time that has not come yet',
  log_unavailable: 'nobody gives a part of the log that its checkpoint covers',
  root_invalid: 'the member gives an index root that does not verify',
  root_missing: 'the member gives no index root',
  root_differs: 'the member signs another index root than the logs give',
  root_other_branch: 'the member signs an index root over a log that is not the one served',
  root_uncovered: 'the member signs an index root over leaves that nobody shows',
  root_lags: 'the member is too far behind the others to be compared',
  evidence_held: 'a member holds evidence that convicts',
  rule_broken: 'leaves of the member contradict each other',
  dns_differs: 'the zone of the member says something else than its index',
  canary_missing: 'a canary is not found at the member',
  canary_changed: 'a canary is not what the auditor has published',
  witness_refused: 'a checkpoint that was to be cosigned does not extend the one before',
} as const;

export type FindingCode = keyof typeof findingCodes;

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

type NewFinding = Omit<Finding, 'convicts' | 'grave'> & { readonly convicts?: readonly string[] };

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
