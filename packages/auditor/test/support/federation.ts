/**
 * Three members as an auditor meets them: what they serve over HTTPS, made of keys and leaves that a test
 * chooses, everything signed as in production. The index roots are those of protocol's replay in memory,
 * which shares nothing with the auditor but the fold of one label.
 */
import {
  cosignCheckpoint,
  emptyFrontier,
  encodeEntryBundle,
  encodeHashTile,
  encodeLeaf,
  entryId,
  extendFrontier,
  frontierRoot,
  growFrontier,
  leafHash,
  parseTilePath,
  replayIndexRoot,
  signCheckpoint,
  signEntry,
  signIndexRoot,
  charterSet,
} from '@callbook/protocol';
import type { CharterSet, Checkpoint, LeafRole } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import {
  charterText,
  fixedNoteSigner,
  fixedSigner,
  foundingCharter,
  originOf,
  signedBy,
  startMs,
} from '../../../protocol/test/make-vectors/charter-base.ts';
import { fixed32 } from '../../../protocol/test/make-vectors/vector-case.ts';

const names = ['alpha', 'beta', 'gamma'] as const;
export type Name = (typeof names)[number];
export const nowMs = startMs + 3_600_000;
export { crypto };

/** What a member answers instead; undefined for what it would answer anyway. */
export type Fault = (
  member: Name,
  path: string,
  honest: Uint8Array | undefined,
) => Uint8Array | string | Response | undefined;

export class Federation {
  readonly charterNote: string;
  readonly charters: CharterSet;
  readonly leaves: Record<Name, Uint8Array[]> = { alpha: [], beta: [], gamma: [] };
  fault: Fault | undefined;
  requests = 0;
  #atMs = startMs + 1000;
  #count = 0;

  constructor() {
    this.charterNote = signedBy(charterText(foundingCharter(3, 0)), names);
    const charters = charterSet([this.charterNote], crypto);
    if (charters.verdict !== 'accept') throw new Error(charters.code);
    this.charters = charters.value;
    for (const name of names) this.#log(name, { role: 'charter' });
  }

  /** A number registered at two members, with updates at the first. */
  async addHolder(updates: number): Promise<void> {
    const number = this.#count++;
    const label = fixed32(`label ${number}`);
    const authority = fixedSigner(`authority ${number}`);
    const common = {
      v: 1,
      labelEpoch: 0,
      label,
      epoch: 0,
      authority: authority.publicKey,
    } as const;
    const terms = { recovery: null, lock: false, email: null };
    const sign = async (part: {
      kind: 'register' | 'update';
      seq: number;
      prev: Uint8Array | null;
    }) =>
      await signEntry(
        { ...common, ...terms, ...part, commitment: fixed32(`payload ${number} ${part.seq}`) },
        { authority },
      );
    const register = await sign({ kind: 'register', seq: 0, prev: null });
    this.#log('alpha', { role: 'challenged', entry: register });
    this.#log('beta', { role: 'witnessed', entry: register });
    const prev = entryId(register, crypto);
    for (let seq = 1; seq <= updates; seq++) {
      this.#log('alpha', { role: 'received', entry: await sign({ kind: 'update', seq, prev }) });
    }
  }

  /** Logs a leaf of any time. */
  addLeafAt(name: Name, at: number): void {
    const charter = this.charters.current.hash;
    this.leaves[name].push(encodeLeaf({ v: 1, at, charter, role: 'charter' }));
  }

  #log(name: Name, { role, entry }: { role: LeafRole; entry?: Uint8Array }): void {
    const charter = this.charters.current.hash;
    const leaf = { v: 1, at: (this.#atMs += 10), charter, role, ...(entry && { entry }) } as const;
    this.leaves[name].push(encodeLeaf(leaf));
  }

  checkpointOf(name: Name, leaves: readonly Uint8Array[] = this.leaves[name]): string {
    let note = signCheckpoint(treeOf(name, leaves), fixedNoteSigner(originOf(name)));
    for (const member of names) {
      const cosigner = { name: originOf(member), signer: fixedSigner(originOf(member)) };
      note = cosignCheckpoint(note, cosigner, Math.floor(nowMs / 1000));
    }
    return note;
  }

  /** The root that a member signs over all logs as they are. */
  rootOf(name: Name, root?: Uint8Array): string {
    const claimed = {
      ruleset: 1,
      charter: this.charters.current.hash,
      logs: names.map((member) => treeOf(member, this.leaves[member])),
    };
    const logs = names.map((member) => ({ origin: originOf(member), leaves: this.leaves[member] }));
    const folded = replayIndexRoot(claimed, logs, { charters: this.charters, crypto });
    if (folded.verdict !== 'accept') throw new Error(folded.code);
    return signIndexRoot(
      { ...claimed, root: root ?? folded.value },
      fixedNoteSigner(originOf(name)),
    );
  }

  /** Answers as the members do. */
  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    this.requests += 1;
    const { hostname, pathname } = new URL(url);
    const member = hostname.split('.')[1] as Name;
    const honest = this.#honest(member, pathname);
    const faulty = this.fault?.(member, pathname, honest);
    if (init.signal?.aborted === true) throw new Error('aborted');
    if (faulty instanceof Response) return faulty;
    const body = faulty ?? honest;
    return new Response(body === undefined ? null : Buffer.from(body), {
      status: body === undefined ? 404 : 200,
    });
  };

  #honest(member: Name, path: string): Uint8Array | undefined {
    if (path === '/v1/charter' || path === '/v1/charter/1') return Buffer.from(this.charterNote);
    if (path === '/v1/index-root') return Buffer.from(this.rootOf(member));
    const [, origin, rest] = /^\/log\/([^/]+\/log)\/(.+)$/.exec(path) ?? [];
    const log = names.find((name) => originOf(name) === origin);
    if (log === undefined || rest === undefined) return undefined;
    if (rest === 'checkpoint') return Buffer.from(this.checkpointOf(log));
    return tileIn(this.leaves[log], rest);
  }
}

function treeOf(name: Name, leaves: readonly Uint8Array[]): Checkpoint {
  const hashes = leaves.map((leaf) => leafHash(leaf, crypto));
  const root = frontierRoot(extendFrontier(emptyFrontier, hashes, crypto), crypto);
  return { origin: originOf(name), size: leaves.length, root };
}

/** A tile of the tree over these leaves. */
export function tileIn(leaves: readonly Uint8Array[], path: string): Uint8Array | undefined {
  const tile = parseTilePath(path);
  if (tile.verdict !== 'accept') return undefined;
  const { level, index, width } = tile.value;
  const start = index * 256;
  if (level === 'entries') {
    const some = leaves.slice(start, start + width);
    return some.length === width ? encodeEntryBundle(some) : undefined;
  }
  const hashes = leaves.map((leaf) => leafHash(leaf, crypto));
  const { stored } = growFrontier(emptyFrontier, hashes, crypto);
  const row = stored.filter((one) => one.level === level * 8).map(({ hash }) => hash);
  const some = row.slice(start, start + width);
  return some.length === width ? encodeHashTile(some) : undefined;
}

/** The same bytes with one bit of one of them changed. */
export function changed(bytes: Uint8Array, place: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[place]! ^= 1;
  return copy;
}
