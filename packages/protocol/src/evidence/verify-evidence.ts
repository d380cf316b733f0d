/**
 * What a piece of evidence proves. A pure function of the evidence and the charters: no clock, no
 * log, no view. It convicts only where no honest member can have made the statements, whatever was
 * partitioned, late, restarted or off by ten minutes; where that cannot be shown it says
 * `evidence_unproven`, and only a replay of the logs can decide.
 */
import type { Cryptography } from '../crypto/cryptography.ts';
import type { CharterSet } from '../fold/charter-set.ts';
import type { Verdict } from '../verdict.ts';
import { commitEarlyFault } from './commit-early.ts';
import { dnsAnswerFault } from './dns-answer.ts';
import { parseEvidence } from './evidence.ts';
import type { Evidence, EvidenceKind } from './evidence.ts';
import { forkFault, twoRootsFault } from './fork.ts';
import { indexRootsFault } from './index-roots.ts';
import { pairFault } from './leaf-pairs.ts';
import { witnessAloneFault } from './witness-alone.ts';

/** What has been proven, and against whom. */
export interface ProvenFault {
  readonly kind: EvidenceKind;
  /** Logs whose members cannot be honest; the log itself first, then who cosigned both sides. */
  readonly origins: readonly string[];
  /** Logs of two members of which one is wrong; the evidence alone does not say which. */
  readonly disputed: readonly string[];
}

/** What judging needs beside the evidence. */
export interface JudgingContext {
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
}

/**
 * Verifies evidence against the charters. Codes: those of `parseEvidence`, of notes, checkpoints,
 * receipts, leaves and entries; `log_unknown` and `charter_missing` (ignore) where the charters at
 * hand do not reach; `evidence_unproven` where every statement is genuine and nothing contradicts.
 */
export function verifyEvidence(
  bytes: Uint8Array,
  charters: CharterSet,
  crypto: Cryptography,
): Verdict<ProvenFault> {
  const evidence = parseEvidence(bytes);
  return evidence.verdict === 'accept' ? faultIn(evidence.value, { charters, crypto }) : evidence;
}

function faultIn(evidence: Evidence, context: JudgingContext): Verdict<ProvenFault> {
  switch (evidence.kind) {
    case 'two_roots':
      return twoRootsFault(evidence.checkpoints, context);
    case 'fork':
      return forkFault(evidence, context);
    case 'time_back':
    case 'same_slot':
    case 'commit_vetoed':
      return pairFault(evidence, context);
    case 'commit_early':
      return commitEarlyFault(evidence.leaves, context);
    case 'witness_alone':
      return witnessAloneFault(evidence.leaves, context);
    case 'dns_answer':
      return dnsAnswerFault(evidence, context);
    case 'index_roots':
      return indexRootsFault(evidence, context);
  }
}
