/** How a case about a founding charter is said in one line, and made into a vector. */
import type { Charter } from '../../src/charter/charter.ts';
import { charterText, foundingCharter, hashText, memberNames, signedBy } from './charter-base.ts';
import type { VectorCase } from './vector-case.ts';

export interface FoundingCase {
  readonly name: string;
  readonly comment: string;
  readonly expect: string;
  /** What is signed: a charter, or a text as it stands. */
  readonly signed: unknown;
  /** Members that sign; alpha to delta where not given. */
  readonly signers?: readonly string[];
}

/** Four members, one of which may be dishonest. */
export const base: Charter = foundingCharter(4, 1);

/** Returns the vector: the note, and the charter's hash where it is accepted. */
export function foundingVector(of: FoundingCase): VectorCase {
  const { name, comment, expect, signed, signers = memberNames.slice(0, 4) } = of;
  const text = typeof signed === 'string' ? signed : charterText(signed);
  const hash = expect === 'accept' ? { hash: hashText(text) } : {};
  const values = { note: signedBy(text, signers), ...hash };
  return { topic: 'charter', name, comment, expect, values };
}

export function valid(name: string, comment: string, signed: unknown): FoundingCase {
  return { name, comment, expect: 'accept', signed };
}

export function malformed(name: string, comment: string, signed: unknown): FoundingCase {
  return { name, comment, expect: 'charter_malformed', signed };
}

export function inconsistent(name: string, comment: string, signed: unknown): FoundingCase {
  return { name, comment, expect: 'charter_inconsistent', signed };
}

/** The base charter with its second member, beta, changed. */
export function withBeta(change: Readonly<Record<string, unknown>>): object {
  const members = base.members.map((member) =>
    member.name === 'beta' ? { ...member, ...change } : member,
  );
  return { ...base, members };
}
