/** What the vectors of evidence share: the charters, the entries, and the form of a case. */
import { createHash } from 'node:crypto';
import { charterText, foundingCharter, originOf, signedBy, startMs } from './charter-base.ts';
import { CaseLog } from './evidence-log.ts';
import { authority, drafts, encodedFields, newAuthority, signedEntry } from './signed-entry.ts';
import type { Fields } from './signed-entry.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** When the first leaves are logged. */
export const atMs: number = startMs + 24 * hourMs;

/** Alpha, beta and gamma, none of them dishonest. */
const threeText = charterText(foundingCharter(3, 0));
const threeMembers: string = signedBy(threeText, ['alpha', 'beta', 'gamma']);
/** Seven members of which two may be dishonest: q is 5. */
const sevenText = charterText(foundingCharter(7, 2));
export const sevenMembers: string = signedBy(sevenText, [
  'alpha',
  'beta',
  'gamma',
  'delta',
  'epsilon',
]);

/** A new log of one of three members. */
export function logOf(memberName: string): CaseLog {
  return new CaseLog(memberName, hashOf(threeText));
}

/** A new log of one of seven members. */
export function logOfSeven(memberName: string): CaseLog {
  return new CaseLog(memberName, hashOf(sevenText));
}

function idOf(entry: Uint8Array): Uint8Array {
  return hashOf(entry);
}

const commitment = (n: number): Uint8Array => fixed32(`commitment ${n}`);
const common = { ...drafts.register };

/** The register number `n` of epoch 0 of one label: all in one slot. */
export function register(n: number, changes: Fields = {}): Uint8Array {
  return signedEntry({ ...common, commitment: commitment(n), ...changes });
}

export function rotate(n: number, changes: Fields = {}): Uint8Array {
  return signedEntry({ ...drafts.rotate, commitment: commitment(n), ...changes });
}

export function release(changes: Fields = {}): Uint8Array {
  return signedEntry({ ...drafts.release, ...changes });
}

/** A request by the new authority's key. */
export function request(changes: Fields = {}): Uint8Array {
  const fields = { ...drafts.request, authority: newAuthority.publicKey, ...changes };
  return signedEntry(fields, { sigBy: newAuthority });
}

export function commitOf(requested: Uint8Array, changes: Fields = {}): Uint8Array {
  const named = { authority: newAuthority.publicKey, request: idOf(requested) };
  return signedEntry({ ...drafts.commit, ...named, ...changes }, { sigBy: newAuthority });
}

export function vetoOf(requested: Uint8Array): Uint8Array {
  return signedEntry({ ...drafts.veto, request: idOf(requested) }, { sigBy: authority });
}

export interface EvidenceCase {
  readonly name: string;
  readonly comment: string;
  readonly expect?: string;
  readonly charters?: readonly string[];
  /** Fields of the map; `v` is 1 unless given. */
  readonly evidence: Fields | Uint8Array;
  /** Members that are convicted, and those of whom one is wrong. */
  readonly members?: readonly string[];
  readonly disputed?: readonly string[];
}

/** Returns a case of `vectors/evidence`. */
export function evidenceCase(of: EvidenceCase): VectorCase {
  const { name, comment, expect = 'accept', charters = [threeMembers], evidence } = of;
  const bytes = evidence instanceof Uint8Array ? evidence : encodedFields({ v: 1, ...evidence });
  const proven = {
    origins: (of.members ?? []).map(originOf),
    disputed: (of.disputed ?? []).map(originOf),
  };
  return {
    topic: 'evidence',
    name,
    comment,
    expect,
    values: {
      charters,
      evidence: Buffer.from(bytes).toString('hex'),
      ...(expect === 'accept' && proven),
    },
  };
}

function hashOf(content: string | Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(content).digest());
}
