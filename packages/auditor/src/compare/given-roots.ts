/** The index roots that members have signed, as they give them; and the vectors these are over. */
import { bytesEqual, verifyIndexRoot } from '@callbook/protocol';
import type { CharterSet, Cryptography, IndexRoot } from '@callbook/protocol';
import type { CacheFolder } from '../cache/cache-folder.ts';
import type { Findings } from '../findings.ts';
import { noteBytesMax } from '../limits.ts';
import type { AuditedMember, MemberFiles } from '../sync/member-files.ts';

export interface GivenRoot {
  readonly member: AuditedMember;
  readonly note: string;
  readonly root: IndexRoot;
}

export interface RootsContext {
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
  readonly findings: Findings;
  readonly files: MemberFiles;
  readonly folder: CacheFolder;
}

/** Asks every member for the root that it has signed last. */
export async function givenRoots(
  members: readonly AuditedMember[],
  context: RootsContext,
): Promise<GivenRoot[]> {
  const given = await Promise.all(members.map((member) => givenRoot(member, context)));
  return given.filter((root) => root !== undefined);
}

async function givenRoot(
  member: AuditedMember,
  { charters, crypto, findings, files, folder }: RootsContext,
): Promise<GivenRoot | undefined> {
  const { name } = member;
  const note = await files.text(member, '/v1/index-root', noteBytesMax);
  if (typeof note !== 'string') {
    findings.add({ code: 'failure' in note ? note.failure : 'root_missing', member: name });
    return undefined;
  }
  folder.write(`roots/${name}`, note);
  const root = verifyIndexRoot(note, member.logKey, crypto);
  if (root.verdict !== 'accept') {
    findings.add({ code: 'root_invalid', member: name, kind: root.code });
    return undefined;
  }
  if (charters.byHash(root.value.charter) === undefined) {
    findings.add({ code: 'root_invalid', member: name, kind: 'charter_unknown' });
    return undefined;
  }
  return { member, note, root: root.value };
}

/** The newest charter that any of these roots names; the newest there is without any. */
export function charterVersionOf(roots: readonly GivenRoot[], charters: CharterSet): number {
  const versions = roots.map(({ root }) => charters.byHash(root.charter)!.charter.version);
  return versions.length === 0 ? charters.current.charter.version : Math.max(...versions);
}

/** The sizes of a root's vector, by these origins; undefined where it names other logs. */
export function sizesOf({ root }: GivenRoot, origins: readonly string[]): number[] | undefined {
  if (root.logs.length !== origins.length) return undefined;
  const sizes = origins.map((origin) => root.logs.find((log) => log.origin === origin)?.size);
  const known = sizes.filter((size) => size !== undefined);
  return known.length === origins.length ? known : undefined;
}

/** Tells whether two roots are over the same logs, sizes and charter. */
export function haveSameVector(a: IndexRoot, b: IndexRoot): boolean {
  return (
    a.ruleset === b.ruleset &&
    bytesEqual(a.charter, b.charter) &&
    a.logs.length === b.logs.length &&
    a.logs.every((log, place) => {
      const other = b.logs[place]!;
      return (
        log.origin === other.origin && log.size === other.size && bytesEqual(log.root, other.root)
      );
    })
  );
}
