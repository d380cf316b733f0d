/**
 * The chain of charters, from the founding one that the auditor trusts, as far as any member has it.
 * Every member is asked for every version: one that hides a charter, or shows another, is found.
 */
import { bytesEqual, charterSet, extendCharterSet, parseCharter } from '@callbook/protocol';
import type { CharterSet, Cryptography } from '@callbook/protocol';
import type { CacheFolder } from '../cache/cache-folder.ts';
import { auditorError } from '../errors.ts';
import type { Findings } from '../findings.ts';
import { charterBytesMax, charterStepsMax } from '../limits.ts';
import { auditedMembers } from './member-files.ts';
import type { AuditedMember, MemberFiles } from './member-files.ts';

export interface WalkContext {
  readonly folder: CacheFolder;
  readonly crypto: Cryptography;
  readonly findings: Findings;
  readonly files: MemberFiles;
}

/** Reads the chain in the folder. Throws `audit_charters_missing`. */
export function storedCharters(
  { folder, crypto }: Pick<WalkContext, 'folder' | 'crypto'>,
  foundingNote?: string,
): CharterSet {
  const stored = folder.charters();
  if (foundingNote !== undefined && stored[0] !== foundingNote) {
    const founding = stored.length === 0 || isSameCharter(stored[0]!, foundingNote, crypto);
    if (!founding) {
      throw auditorError('audit_setting_invalid', 'the folder is of another federation');
    }
    folder.write('charters/1', foundingNote);
    stored[0] = foundingNote;
  }
  const charters = charterSet(stored, crypto);
  if (charters.verdict === 'accept') return charters.value;
  throw auditorError('audit_charters_missing', `no chain of charters: ${charters.code}`);
}

/** Walks the chain forward by what the members give. */
export async function walkCharters(known: CharterSet, context: WalkContext): Promise<CharterSet> {
  let charters = known;
  for (let step = 0; step < charterStepsMax; step++) {
    const longer = await nextCharters(charters, context);
    if (longer === undefined) break;
    charters = longer;
    const { charter, note } = charters.current;
    context.folder.write(`charters/${charter.version}`, note);
  }
  await lookForGaps(charters, context);
  return charters;
}

async function nextCharters(
  charters: CharterSet,
  context: WalkContext,
): Promise<CharterSet | undefined> {
  const { files, findings, crypto } = context;
  const version = charters.current.charter.version + 1;
  const members = auditedMembers(charters.current.charter);
  const given = await Promise.all(
    members.map((member) => files.text(member, `/v1/charter/${version}`, charterBytesMax)),
  );
  let longer: CharterSet | undefined;
  for (const [place, note] of given.entries()) {
    const { name: member } = members[place]!;
    if (typeof note !== 'string') {
      if ('failure' in note) findings.add({ code: note.failure, member });
      continue;
    }
    const next = extendCharterSet(charters, note, crypto);
    if (next.verdict !== 'accept') {
      const evidence = saveNote(context, `charter-${version}-${member}`, note);
      findings.add({ code: 'charter_invalid', member, kind: next.code, evidence });
    } else if (longer === undefined) longer = next.value;
    else if (!bytesEqual(longer.current.hash, next.value.current.hash)) {
      const evidence = saveNote(context, `charter-${version}-${member}`, note);
      findings.add({ code: 'charter_forked', member, kind: `version_${version}`, evidence });
    }
  }
  return longer;
}

/** A member that has come further than the chain that can be verified shows that a charter is missing. */
async function lookForGaps(charters: CharterSet, context: WalkContext): Promise<void> {
  const { files, findings } = context;
  const members = auditedMembers(charters.current.charter);
  const check = async (member: AuditedMember): Promise<void> => {
    const note = await files.text(member, '/v1/charter', charterBytesMax);
    if (typeof note !== 'string') return;
    const charter = parseCharter(note);
    if (charter.verdict !== 'accept') {
      findings.add({ code: 'charter_invalid', member: member.name, kind: charter.code });
    } else if (charter.value.version > charters.current.charter.version) {
      const evidence = saveNote(context, `charter-${charter.value.version}-${member.name}`, note);
      findings.add({ code: 'charter_gap', member: member.name, evidence });
    }
  };
  await Promise.all(members.map(check));
}

function isSameCharter(a: string, b: string, crypto: Cryptography): boolean {
  const [one, other] = [charterSet([a], crypto), charterSet([b], crypto)];
  return (
    one.verdict === 'accept' &&
    other.verdict === 'accept' &&
    bytesEqual(one.value.current.hash, other.value.current.hash)
  );
}

function saveNote({ folder }: WalkContext, name: string, note: string): string {
  const path = `evidence/${name}.note`;
  folder.write(path, note);
  return path;
}
