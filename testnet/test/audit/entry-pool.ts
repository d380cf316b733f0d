/** The entries of one label that random histories are made of: honest ones, forged ones, and rivals. */
import { entryId, parseEntry, signEntry } from '@callbook/protocol';
import type { Ed25519Signer, Entry, EntryDraft, EntrySigners } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { fixed32 } from '../../../packages/protocol/test/make-vectors/vector-case.ts';

export interface PoolEntry {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
}

/** A request, what the holders of either time may veto it with, and the commit of it. */
export interface Claim {
  readonly request: PoolEntry;
  readonly vetoes: readonly PoolEntry[];
  readonly commit: PoolEntry;
}

export interface EntryPool {
  readonly openings: readonly PoolEntry[];
  readonly rotates: readonly PoolEntry[];
  /** Possession four times, then e-mail, two by recovery keys, and possession with a recovery key. */
  readonly claims: readonly Claim[];
  readonly laterClaims: readonly Claim[];
  readonly all: readonly PoolEntry[];
}

export const label = fixed32('label');
const key = (name: string): Ed25519Signer => crypto.ed25519Signer(fixed32(name));
const [k1, k2, k3, k4] = [key('k1'), key('k2'), key('k3'), key('k4')];
const [c1, c2] = [key('recovery 1'), key('recovery 2')];

const blank = { commitment: null, recovery: null, lock: false, email: null } as const;
const [rc1, rc2] = [crypto.sha256(c1.publicKey), crypto.sha256(c2.publicKey)];
const [e1, e2] = [fixed32('email 1'), fixed32('email 2')];

async function made(
  kind: Entry['kind'],
  signers: EntrySigners,
  changes: Partial<EntryDraft> = {},
): Promise<PoolEntry> {
  const { publicKey } = signers.newAuthority ?? signers.authority;
  const draft: EntryDraft = {
    v: 1,
    kind,
    labelEpoch: 0,
    label,
    epoch: 0,
    seq: 0,
    prev: null,
    authority: publicKey,
    ...blank,
    ...(['register', 'rotate', 'commit', 'update'].includes(kind) && { commitment: fixed32('c') }),
    ...changes,
  };
  const bytes = await signEntry(draft, signers);
  const entry = parseEntry(bytes);
  if (entry.verdict !== 'accept') throw new Error(entry.code);
  return { entry: entry.value, bytes };
}

const idOf = ({ bytes }: PoolEntry): Uint8Array => entryId(bytes, crypto);

function after({ entry, ...of }: PoolEntry): Partial<EntryDraft> {
  return { prev: idOf({ entry, ...of }), epoch: entry.epoch };
}

type Terms = Partial<Pick<EntryDraft, 'recovery' | 'lock' | 'email'>>;

async function rotated(
  from: PoolEntry,
  by: Ed25519Signer,
  to: Ed25519Signer,
  terms: Terms,
): Promise<PoolEntry> {
  return await made('rotate', { authority: by, newAuthority: to }, { ...after(from), ...terms });
}

async function updatesOf(of: PoolEntry, by: Ed25519Signer): Promise<PoolEntry[]> {
  const { recovery, lock, email } = of.entry;
  const terms = { ...after(of), recovery, lock, email };
  const signers = { authority: by };
  return [
    await made('update', signers, { ...terms, seq: 1 }),
    await made('update', signers, { ...terms, seq: 2, commitment: fixed32('two') }),
    await made('update', signers, { ...terms, seq: 2, commitment: fixed32('three') }),
    await made('update', signers, { ...terms, seq: 9, lock: !lock }),
  ];
}

/** Makes the pool; every run makes the same. */
export async function entryPool(): Promise<EntryPool> {
  const r1 = await made('register', { authority: k1 }, { recovery: rc1, email: e1 });
  const r2 = await made('register', { authority: k2 }, { recovery: rc2, lock: true });
  const t1 = await rotated(r1, k1, k2, { recovery: rc2, lock: true });
  const t2 = await rotated(r1, k1, k3, { recovery: rc1, email: e2 });
  const t3 = await rotated(t1, k2, k3, { recovery: rc2 });
  const t4 = await rotated(t3, k3, k1, { recovery: null, email: e1 });
  const forged = await rotated(r1, k4, k4, {});
  const releases = [
    await made('release', { authority: k1 }, after(r1)),
    await made('release', { authority: k2 }, after(t1)),
    await made('release', { authority: k3 }, after(t3)),
    await made('release', { authority: k2 }, after(r2)),
    await made('release', { authority: k4 }, after(t2)),
  ];
  const nexts = await Promise.all(
    releases.slice(0, 4).map(async (release) => {
      const terms = { prev: idOf(release), epoch: 1, recovery: rc1, email: e2 };
      return await made('register', { authority: k4 }, terms);
    }),
  );
  const claims = await claimsBy(k4, 0);
  const laterClaims = await claimsBy(k1, 1);
  const opened = claims[0]!.commit;
  const rotates = [t1, t2, t3, t4, await rotated(opened, k4, k1, { recovery: rc1, lock: true })];
  const stolen = { request: idOf(claims[0]!.request), epoch: 1 };
  const openings = [r1, r2];
  const others = [forged, await made('commit', { authority: k2 }, stolen), ...releases, ...nexts];
  const updates = await Promise.all([
    updatesOf(r1, k1),
    updatesOf(t1, k2),
    updatesOf(nexts[0]!, k4),
    updatesOf(opened, k4),
  ]);
  const all = [...openings, ...rotates, ...others, ...updates.flat()];
  return { openings, rotates, claims, laterClaims, all };
}

async function claimsBy(claimant: Ed25519Signer, epoch: number): Promise<Claim[]> {
  const ask = async (
    as: NonNullable<Entry['class']>,
    seq: number,
    recovery?: Ed25519Signer,
  ): Promise<Claim> => {
    const signers = { authority: claimant, ...(recovery && { recovery }) };
    const request = await made('request', signers, { epoch, class: as, seq });
    const of = { request: idOf(request), epoch };
    const vetoes = await Promise.all(
      [k1, k2, k3, k4].map(async (authority) => await made('veto', { authority }, of)),
    );
    const terms = { request: of.request, epoch: epoch + 1, recovery: rc2 };
    return { request, vetoes, commit: await made('commit', { authority: claimant }, terms) };
  };
  return [
    await ask('possession', 0),
    await ask('possession', 1),
    await ask('possession', 2),
    await ask('possession', 3),
    await ask('email', 0),
    await ask('recovery', 0, c1),
    await ask('recovery', 1, c2),
    await ask('possession', 4, c1),
  ];
}
