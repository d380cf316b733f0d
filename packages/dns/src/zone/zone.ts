/**
 * The one interface through which answers are made. A zone says what stands at a name and how an
 * RRset of it is signed; which of that goes into which section is the responder's work, so that a
 * static zone and a directory of 10^8 numbers answer by the same rules.
 */
import type { DomainName } from '../wire/names.ts';
import type { Rrset } from '../rrset.ts';

/** A name with records. */
export interface DataNode {
  readonly kind: 'data';
  /** At least one; in the order in which ANY prefers them. */
  readonly rrsets: readonly Rrset[];
  /** Addresses of this zone's own name servers, with the NS RRset. */
  readonly additionals?: readonly Rrset[];
}

/** A name without records that is answered as existing: an empty non-terminal, or as if it were. */
export interface EmptyNode {
  readonly kind: 'empty';
}

/** A name that does not exist and may be said not to. */
export interface AbsentNode {
  readonly kind: 'absent';
}

/** A name at or below a zone cut. */
export interface DelegationNode {
  readonly kind: 'delegation';
  /** NS at the cut; its owner is the cut. */
  readonly ns: Rrset;
  readonly ds: Rrset | undefined;
  readonly glue: readonly Rrset[];
}

export type ZoneNode = DataNode | EmptyNode | AbsentNode | DelegationNode;

export interface Zone {
  /** Lower-cased. */
  readonly apex: DomainName;
  readonly soa: Rrset;
  /** Returns what stands at a name at or below the apex. May throw when its source does. */
  find(name: DomainName): ZoneNode;
  /** Returns the RDATA of the RRSIGs of one of this zone's authoritative RRsets; 1 or more. */
  signaturesOf(rrset: Rrset): readonly Uint8Array[];
}

export const emptyNode: EmptyNode = { kind: 'empty' };
export const absentNode: AbsentNode = { kind: 'absent' };
