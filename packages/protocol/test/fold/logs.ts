/**
 * A few logs in memory, for tests of the fold: members log entries at given times, and the leaves
 * can be integrated in any order. Signatures are real.
 */
import { sodiumCryptography as crypto } from '../../src/crypto/sodium.ts';
import { entryId, parseEntry } from '../../src/entry.ts';
import type { Entry } from '../../src/entry.ts';
import { signEntry } from '../../src/entry-signing.ts';
import type { EntryDraft, EntrySigners } from '../../src/entry-signing.ts';
import type { Charter, CharterMember } from '../../src/charter/charter.ts';
import type { CharterSet, KnownCharter } from '../../src/fold/charter-set.ts';
import { emptyHistory, integrateLeaf } from '../../src/fold/history.ts';
import type { LabelHistory, LoggedEntry } from '../../src/fold/history.ts';
import type { Ed25519Signer } from '../../src/crypto/cryptography.ts';
import type { LeafRole } from '../../src/leaf.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
export const minuteMs = 60_000;

const label: Uint8Array = new Uint8Array(32).fill(7);

/** The authority key number `n`, the same in every run. */
export function authority(n: number): Ed25519Signer {
  return crypto.ed25519Signer(new Uint8Array(32).fill(n + 1));
}

/** A chain of one charter with members `m0`, `m1`, …; `states` overrides the state of some. */
export function chartersOf(
  memberCount: number,
  faults: number,
  states: Readonly<Record<string, CharterMember['state']>> = {},
): CharterSet {
  const members = Array.from({ length: memberCount }, (_, n) => ({
    name: `m${n}`,
    state: states[`m${n}`] ?? 'active',
  })) as unknown as CharterMember[];
  const charter = {
    version: 1,
    labelEpoch: 1,
    faults,
    effectiveAtMs: 0,
    expiresAtMs: 1000 * dayMs,
    holds: {
      recoveryMs: hourMs,
      emailMs: dayMs,
      possessionMs: 3 * dayMs,
      lockedMs: 7 * dayMs,
      releaseMs: 3 * dayMs,
      unlockMs: 7 * dayMs,
      emailChangeMs: 3 * dayMs,
      theftMs: 3 * dayMs,
      noticeMs: 7 * dayMs,
    },
    members,
  } as unknown as Charter;
  const known: KnownCharter = {
    charter,
    hash: new Uint8Array(32).fill(0xc1),
    note: '',
    memberByOrigin: new Map(members.map((member) => [member.name, member])),
  };
  return {
    all: [known],
    current: known,
    byHash: (hash) => (hash.toHex() === known.hash.toHex() ? known : undefined),
  };
}

export interface SignedEntry {
  readonly entry: Entry;
  readonly entryBytes: Uint8Array;
  readonly entryId: Uint8Array;
}

async function sign(draft: EntryDraft, signers: EntrySigners): Promise<SignedEntry> {
  const entryBytes = await signEntry(draft, signers);
  const parsed = parseEntry(entryBytes);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return { entry: parsed.value, entryBytes, entryId: entryId(entryBytes, crypto) };
}

type Changes = Partial<Pick<Entry, 'recovery' | 'lock' | 'email' | 'commitment' | 'seq'>>;

function draftOf(kind: Entry['kind'], signer: Ed25519Signer, changes: Changes): EntryDraft {
  const blank = kind === 'release';
  return {
    v: 1,
    kind,
    labelEpoch: 1,
    label,
    epoch: 0,
    seq: 0,
    prev: null,
    authority: signer.publicKey,
    commitment: blank ? null : new Uint8Array(32).fill(1),
    recovery: null,
    lock: false,
    email: null,
    ...changes,
  };
}

export async function register(
  signer: Ed25519Signer,
  options: Changes & { after?: SignedEntry } = {},
): Promise<SignedEntry> {
  const { after, ...changes } = options;
  const base = draftOf('register', signer, changes);
  const draft =
    after === undefined ? base : { ...base, epoch: after.entry.epoch + 1, prev: after.entryId };
  return await sign(draft, { authority: signer });
}

export async function rotate(
  previous: SignedEntry,
  from: Ed25519Signer,
  options: Changes & { to: Ed25519Signer },
): Promise<SignedEntry> {
  const { to, ...changes } = options;
  return await sign(
    {
      ...draftOf('rotate', to, changes),
      epoch: previous.entry.epoch,
      prev: previous.entryId,
    },
    { authority: from, newAuthority: to },
  );
}

export async function release(previous: SignedEntry, signer: Ed25519Signer): Promise<SignedEntry> {
  return await sign(
    {
      ...draftOf('release', signer, {}),
      epoch: previous.entry.epoch,
      prev: previous.entryId,
    },
    { authority: signer },
  );
}

export async function update(
  previous: SignedEntry,
  signer: Ed25519Signer,
  changes: Changes & { seq: number },
): Promise<SignedEntry> {
  const { recovery, lock, email, epoch } = previous.entry;
  return await sign(
    {
      ...draftOf('update', signer, { recovery, lock, email, ...changes }),
      epoch,
      prev: previous.entryId,
    },
    { authority: signer },
  );
}

/** A recovery key and the hash by which an entry commits to it. */
export function recoveryKey(n: number): { signer: Ed25519Signer; hash: Uint8Array } {
  const signer = crypto.ed25519Signer(new Uint8Array(32).fill(200 + n));
  return { signer, hash: crypto.sha256(signer.publicKey) };
}

export async function request(
  claimant: Ed25519Signer,
  options: {
    readonly of?: SignedEntry;
    readonly as?: NonNullable<Entry['class']>;
    readonly recovery?: Ed25519Signer;
    /** Which attempt of the claimant, from 0. */
    readonly seq?: number;
  } = {},
): Promise<SignedEntry> {
  const { of, as = 'possession', recovery, seq = 0 } = options;
  return await sign(
    {
      ...draftOf('request', claimant, { commitment: null, seq }),
      epoch: of?.entry.epoch ?? 0,
      class: as,
    },
    { authority: claimant, ...(recovery && { recovery }) },
  );
}

export async function veto(of: SignedEntry, signer: Ed25519Signer, seq = 0): Promise<SignedEntry> {
  return await sign(
    {
      ...draftOf('veto', signer, { commitment: null, seq }),
      epoch: of.entry.epoch,
      request: of.entryId,
    },
    { authority: signer },
  );
}

export async function commit(of: SignedEntry, claimant: Ed25519Signer): Promise<SignedEntry> {
  return await sign(
    { ...draftOf('commit', claimant, {}), epoch: of.entry.epoch + 1, request: of.entryId },
    { authority: claimant },
  );
}

/** Logs that only append; each gives the leaf's position and time. */
export class Logs {
  readonly leaves: LoggedEntry[] = [];
  readonly #sizes = new Map<string, number>();

  log(signed: SignedEntry, at: Readonly<Record<string, [LeafRole, number]>>): this {
    for (const [origin, [role, atMs]] of Object.entries(at)) {
      const index = this.#sizes.get(origin) ?? 0;
      this.#sizes.set(origin, index + 1);
      const charter = new Uint8Array(32).fill(0xc1);
      this.leaves.push({ ...signed, origin, index, at: atMs, charter, role });
    }
    return this;
  }

  /** Integrates leaves under a chain, by default one of seven active members, into a history. */
  history(
    leaves: readonly LoggedEntry[] = this.leaves,
    charters: CharterSet = chartersOf(7, 0),
    from: LabelHistory = emptyHistory,
  ): LabelHistory {
    return leaves.reduce(
      (history, leaf) => integrateLeaf(history, leaf, { charters, crypto }),
      from,
    );
  }
}
