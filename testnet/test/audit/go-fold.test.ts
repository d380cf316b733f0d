/**
 * The independent fold in Go, written from docs/spec alone: it agrees with the vectors, and with this
 * implementation on random histories. Where the two differ, one of them is wrong or the specification
 * is silent.
 */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  charterSet,
  emptyHistory,
  encodeBindingState,
  entryId,
  foldLabel,
  integrateLeaf,
  parseLeaf,
  verifyEntry,
} from '@callbook/protocol';
import type { BindingState, CharterSet, Entry } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { buildGoChecker } from '../go-checker.ts';
import { runCommand } from '../lab.ts';
import { charterChains } from './charter-chains.ts';
import { entryPool } from './entry-pool.ts';
import { randomHistory } from './random-histories.ts';
import type { History, Materials } from './random-histories.ts';

const vectors = join(import.meta.dirname, '../../../vectors');
const checker = join(tmpdir(), `callbook-go-fold-${process.pid}`);
const historyCount = process.env['CALLBOOK_FULL'] ? 100_000 : 3000;

beforeAll(async () => await buildGoChecker(checker), 120_000);
afterAll(async () => await rm(checker, { force: true }));

describe('the fold in Go', () => {
  it('agrees with the vectors', async () => {
    const ran = await runCommand(checker, ['vectors', vectors], { cwd: vectors, env: process.env });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const agreed = JSON.parse(ran.stdout) as Record<string, number>;
    // docs/spec/signatures.md: "exactly 43 pass".
    expect(agreed['cctv-ed25519']).toBe(43);
    expect(agreed['fold']).toBeGreaterThanOrEqual(111);
    expect(agreed['charter']).toBeGreaterThanOrEqual(153);
    expect(agreed['entries']).toBeGreaterThanOrEqual(152);
  });

  it('comes to the same state in random histories, most of them dishonest', async () => {
    const materials: Materials = { pool: await entryPool(), chains: charterChains() };
    const fold = folderOf(materials);
    const reached = new Set<string>();
    for (let first = 1; first <= historyCount; first += 1000) {
      const seeds = Array.from({ length: 1000 }, (_, offset) => first + offset);
      const histories = seeds.map((seed) => randomHistory(seed, materials));
      const states = histories.map(fold);
      for (const state of states) reached.add(state ? `${state.status} ${state.epoch}` : 'none');
      const mine = states.map((state) => (state ? encodeBindingState(state).toHex() : 'none'));
      const theirs = await foldInGo(histories);
      expect(theirs).toHaveLength(mine.length);
      expect(seeds.filter((_, place) => mine[place] !== theirs[place])).toEqual([]);
    }
    expect([...reached]).toEqual(
      expect.arrayContaining(['none', 'held 0', 'held 1', 'held 2', 'released 0']),
    );
  }, 1_200_000);
});

/** Folds histories as any implementation of ours does: leaf by leaf. */
function folderOf({ chains }: Materials): (history: History) => BindingState | undefined {
  const sets = new Map<string, CharterSet>();
  for (const { notes } of chains) {
    const charters = charterSet(notes, crypto);
    if (charters.verdict !== 'accept') throw new Error(charters.message);
    sets.set(notes.join(), charters.value);
  }
  const verified = new Map<string, Entry>();
  const verifyOnce = (bytes: Uint8Array): Entry => {
    const key = bytes.toHex();
    if (!verified.has(key)) {
      const entry = verifyEntry(bytes, crypto);
      if (entry.verdict !== 'accept') throw new Error(entry.message);
      verified.set(key, entry.value);
    }
    return verified.get(key)!;
  };
  return ({ charters: notes, logs }) => {
    const charters = sets.get(notes.join())!;
    let history = emptyHistory;
    for (const [origin, leaves] of Object.entries(logs)) {
      let lastAtMs = 0;
      for (const [index, hex] of leaves.entries()) {
        const leaf = parseLeaf(Uint8Array.fromHex(hex));
        if (leaf.verdict !== 'accept' || leaf.value.at < lastAtMs) continue;
        const { at, charter, role, entry: entryBytes } = leaf.value;
        lastAtMs = at;
        const entry = verifyOnce(entryBytes!);
        const mention = { origin, index, at, charter, role };
        const logged = {
          ...mention,
          entry,
          entryBytes: entryBytes!,
          entryId: entryId(entryBytes!, crypto),
        };
        history = integrateLeaf(history, logged, { charters, crypto });
      }
    }
    return foldLabel(history, charters);
  };
}

async function foldInGo(histories: readonly History[]): Promise<string[]> {
  const child = spawn(checker, ['histories'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(histories.map((history) => JSON.stringify(history)).join('\n'));
  return (await text(child.stdout)).trim().split('\n');
}
