/**
 * What DNS and every member say of a number against what the index proves: for numbers that the auditor
 * is entitled to ask about, its own canaries and those that a holder has handed over. No finding names
 * the number: it is known by its place in the list.
 */
import type { Directory } from '@callbook/client';
import { bytesEqual } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import type { Findings } from '../findings.ts';

export interface NumbersContext {
  readonly directory: Directory;
  readonly findings: Findings;
}

/** One number, and what was found of it. */
export interface ComparedNumber {
  readonly place: number;
  readonly state: 'published' | 'unpublished' | 'absent' | 'unproven';
  /** Members that say what is proven, by API and by DNS. */
  readonly lookups: number;
  readonly zones: number;
  readonly members: number;
}

/** Compares numbers, one after the other. */
export async function compareNumbers(
  identifiers: readonly Identifier[],
  context: NumbersContext,
): Promise<ComparedNumber[]> {
  const compared: ComparedNumber[] = [];
  for (const [place, identifier] of identifiers.entries()) {
    compared.push(await compareNumber(identifier, place, context));
  }
  return compared;
}

async function compareNumber(
  identifier: Identifier,
  place: number,
  context: NumbersContext,
): Promise<ComparedNumber> {
  const { directory } = context;
  const proof = await directory.prove(identifier).catch(() => undefined);
  const { members } = directory;
  if (proof === undefined) {
    return { place, state: 'unproven', lookups: 0, zones: 0, members: members.length };
  }
  const entryId = proof.state === 'published' ? proof.binding?.entryId : undefined;
  const isInDns = proof.payload?.visibility === 'dns' ? entryId : undefined;
  const of = { identifier, place, isAbsent: proof.state === 'absent' };
  const lookups = await compareLookups({ ...of, entryId: isInDns }, context);
  const zones = await compareZones({ ...of, entryId: isInDns }, context);
  return { place, state: proof.state, lookups, zones, members: members.length };
}

interface Expected {
  readonly identifier: Identifier;
  readonly place: number;
  readonly isAbsent: boolean;
  /** Undefined where nothing is published for everybody. */
  readonly entryId: Uint8Array | undefined;
}

async function compareLookups(
  { identifier, place, entryId, isAbsent }: Expected,
  { directory, findings }: NumbersContext,
): Promise<number> {
  const found = await directory.survey(identifier).catch(() => undefined);
  let agreeing = 0;
  for (const said of found?.members ?? []) {
    const kind = `number_${place}`;
    if (said.state === 'failed') continue;
    const same =
      said.state === 'published'
        ? entryId !== undefined && bytesEqual(said.binding.entryId, entryId)
        : entryId === undefined;
    if (same) agreeing += 1;
    else if (said.state === 'absent' && !isAbsent) {
      findings.add({ code: 'canary_missing', member: said.member, kind });
    } else findings.add({ code: 'canary_changed', member: said.member, kind });
  }
  return agreeing;
}

/** Every member's own zone, validated from the DS in the charter. */
async function compareZones(
  { identifier, place, entryId }: Expected,
  { directory, findings }: NumbersContext,
): Promise<number> {
  let agreeing = 0;
  for (const { name: member, zone } of directory.members) {
    const answer = await directory.lookupZone(identifier, zone).catch(() => undefined);
    if (answer === undefined || answer.verdict === 'indeterminate') continue;
    const logged = answer.binding.logged?.entryId;
    const same =
      answer.verdict === 'secure' &&
      (logged === undefined || entryId === undefined
        ? logged === entryId
        : bytesEqual(logged, entryId));
    if (same) agreeing += 1;
    else findings.add({ code: 'dns_differs', member, kind: `number_${place}_${answer.verdict}` });
  }
  return agreeing;
}
