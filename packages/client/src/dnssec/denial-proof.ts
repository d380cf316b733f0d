/** What a set of denial records proves; the same words for NSEC and NSEC3. */
import type { DomainName } from '@callbook/dns/wire';

/**
 * What the records prove of a name and type, or undefined: they do not deny it. `unsigned`: there is a
 * delegation without DS at the name or above it, so that what is asked for is nobody's to deny.
 */
export type Denial = 'no_data' | 'no_name' | 'unsigned' | 'opt_out' | undefined;

/** What they prove of a zone cut at a name, or undefined: they leave it open. */
export type CutDenial =
  /** A delegation without DS: what is below is unsigned. */
  | 'unsigned'
  /** The name is there and is not a delegation. */
  | 'no_cut'
  /** There is no such name, hence nothing below it either. */
  | 'no_name'
  /** RFC 5155 §6: an opt-out range may hide a delegation without DS. */
  | 'opt_out'
  | undefined;

export interface DenialQuestion {
  readonly name: DomainName;
  readonly type: number;
  /** Whether the answer says NXDOMAIN: then that must be what is proven, and only then. */
  readonly isNameError: boolean;
}

/** The denial records of one answer, their signatures checked, whichever kind the zone has. */
export interface DenialProof {
  /** Denies that `name` has records of `type`, or that it exists. */
  denies(question: DenialQuestion): Denial;
  /** Denies that there is a signed delegation at `name`. */
  deniesCut(name: DomainName): CutDenial;
  /**
   * Denies every name between the wildcard that has `closestLabelCount` labels beside its asterisk
   * and `name`, which was made from it: 'no_name' when it does.
   */
  deniesCloser(name: DomainName, closestLabelCount: number): 'no_name' | 'opt_out' | undefined;
}
