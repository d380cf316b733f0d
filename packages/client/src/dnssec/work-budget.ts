/**
 * What one validation may cost. Whoever writes a zone chooses how many keys, signatures and hashes a
 * validator meets (KeyTrap, CVE-2023-50387; NSEC3 closest encloser, CVE-2023-50868): so everything
 * that a zone can multiply is counted, over the whole validation, and ends in `work_exceeded`.
 */
import {
  nsec3RoundsMax,
  validationDigestsMax,
  validationQueriesMax,
  validationSignaturesMax,
} from '../limits.ts';

export class WorkBudget {
  queryCount: number;
  private signatureCount: number;
  private digestCount: number;
  private nsec3Rounds: number;

  constructor() {
    this.queryCount = 0;
    this.signatureCount = 0;
    this.digestCount = 0;
    this.nsec3Rounds = 0;
  }

  /** Tells whether one more question may be sent, and counts it. */
  mayAsk(): boolean {
    if (this.queryCount >= validationQueriesMax) return false;
    this.queryCount += 1;
    return true;
  }

  /** Tells whether one more signature may be checked, and counts it. */
  mayVerify(): boolean {
    this.signatureCount += 1;
    return this.signatureCount <= validationSignaturesMax;
  }

  /** Tells whether one more key may be compared with a DS, and counts it. */
  mayDigest(): boolean {
    this.digestCount += 1;
    return this.digestCount <= validationDigestsMax;
  }

  /** Tells whether a name may be hashed in so many rounds, and counts them. */
  mayHash(rounds: number): boolean {
    this.nsec3Rounds += rounds;
    return this.nsec3Rounds <= nsec3RoundsMax;
  }

  /** Whether anything was refused: then a missing proof is not the zone's fault but the limit's. */
  get exceeded(): boolean {
    return (
      this.signatureCount > validationSignaturesMax ||
      this.digestCount > validationDigestsMax ||
      this.nsec3Rounds > nsec3RoundsMax
    );
  }
}
