/**
 * One log of an honest seed, changed in each way in which a log can be wrong, signed again by its own
 * key where a member would have: the auditor and Go find each, say the same, and find nothing in what
 * was left as it is.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeEntry, encodeLeaf, parseEntry, parseLeaf } from '@callbook/protocol';
import type { Entry, Leaf } from '@callbook/protocol';
import { exportLogs } from '../../src/simulation/export-logs.ts';
import { foundFederation } from '../../src/simulation/simulated-federation.ts';
import type { SimulatedSecrets } from '../../src/simulation/simulated-federation.ts';
import { simulate } from '../../src/simulation/simulation.ts';
import { storedLeaves } from '../../src/simulation/stored-leaves.ts';
import { buildGoChecker } from '../go-checker.ts';
import { comparable, foldByAuditor, foldInGo, isRefused } from './folds.ts';
import type { GoFolded } from './folds.ts';
import { writeLog } from './written-log.ts';

const seed = 4;
const yearMs = 365 * 24 * 3600 * 1000;

let base: string;
let checker: string;
let honest: string;
let liar: SimulatedSecrets;
let others: readonly SimulatedSecrets[];
/** Leaves of the liar's log while it was honest. */
let leaves: readonly Uint8Array[];
/** Time of its last leaf. */
let lastMs: number;
let before: GoFolded;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'callbook-cheated-'));
  checker = join(base, 'go-checker');
  honest = join(base, 'honest');
  const built = buildGoChecker(checker);
  const played = await simulate({
    seed,
    adjust: (drawn) => ({ ...drawn, liars: [], charter: undefined }),
    onEnd: ({ charters, members }) => {
      const { engine } = members[0]!;
      exportLogs(honest, engine!.replica, charters);
      leaves = storedLeaves(engine!.replica, members[0]!.origin);
    },
  });
  const { memberCount: count, faults, holds } = played.scenario;
  const { members } = foundFederation({ seed: String(seed), count, faults, holds });
  [liar, ...others] = members as [SimulatedSecrets, ...SimulatedSecrets[]];
  lastMs = leafAt(leaves.length - 1).at;
  await built;
  before = (await foldInGo(checker, honest)) as GoFolded;
  expect(before).toMatchObject({ violations: [], broken: [] });
  expect(before.bindings).toBeGreaterThan(0);
}, 120_000);

afterAll(async () => await rm(base, { recursive: true, force: true }));

function leafAt(index: number): Leaf {
  const leaf = parseLeaf(leaves[index]!);
  if (leaf.verdict !== 'accept') throw new Error(leaf.message);
  return leaf.value;
}

/** An entry of the log of a kind, with the leaf that it is in. */
function logged(kind: Entry['kind']): { readonly leaf: Leaf; readonly entry: Entry } {
  for (let index = 0; index < leaves.length; index++) {
    const leaf = leafAt(index);
    const entry = leaf.entry === undefined ? undefined : parseEntry(leaf.entry);
    if (entry?.verdict === 'accept' && entry.value.kind === kind)
      return { leaf, entry: entry.value };
  }
  throw new Error(`no ${kind} in the log`);
}

/** Leaves that a liar adds, by what is wrong with them. */
const added: Readonly<Record<string, readonly [code: string, () => Uint8Array]>> = {
  rubbish: ['leaf_malformed', () => new Uint8Array(300).fill(0xa5)],
  'a time that goes back': [
    'leaf_time_back',
    () => encodeLeaf({ ...leafAt(0), at: leafAt(0).at - 1 }),
  ],
  'a charter that nobody knows': [
    'charter_unknown',
    () => encodeLeaf({ ...leafAt(0), at: lastMs, charter: new Uint8Array(32).fill(1) }),
  ],
  'what is no entry': [
    'entry_malformed',
    () => encodeLeaf({ ...logged('register').leaf, at: lastMs, entry: new Uint8Array(100) }),
  ],
  'an entry in a role that its kind cannot have': [
    'role_unfit',
    () => encodeLeaf({ ...logged('register').leaf, at: lastMs, role: 'received' }),
  ],
  'an entry that nobody signed': [
    'entry_signature_invalid',
    () => {
      const { leaf, entry } = logged('register');
      const forged = encodeEntry({ ...entry, sig: new Uint8Array(64).fill(7) });
      return encodeLeaf({ ...leaf, at: lastMs, entry: forged });
    },
  ],
};

describe('a log with a leaf added', () => {
  it.each(Object.entries(added))('%s', async (_what, [code, leaf]) => {
    const folder = await copied();
    writeLog(folder, { leaves: [...leaves, leaf()], by: liar });
    const { inGo, ours } = await bothFold(folder);
    expect(inGo.violations).toEqual([{ log: liar.origin, index: leaves.length, code }]);
    expect(inGo).toMatchObject({ bindings: before.bindings, root: before.root });
    expect(ours.findings.map(({ kind }) => kind)).toEqual(
      code === 'leaf_time_back' ? ['time_back'] : [],
    );
  });

  it('of a time to come', async () => {
    const folder = await copied();
    const late = encodeLeaf({ ...leafAt(0), at: lastMs + yearMs });
    const cosigned = { by: others, atSeconds: Math.ceil(lastMs / 1000) };
    writeLog(folder, { leaves: [...leaves, late], by: liar, cosigned });
    const found = { log: liar.origin, index: leaves.length, code: 'leaf_from_future' };
    const { inGo, ours } = await bothFold(folder, lastMs);
    expect(inGo.broken).toEqual([found]);
    expect(ours.findings).toMatchObject([found]);
  });

  it('in the slot of another: a holder that the others have not notarised', async () => {
    const folder = await copied();
    const { leaf, entry } = logged('register');
    const rival = encodeEntry({ ...entry, commitment: null });
    const signed = encodeLeaf({ ...leaf, at: lastMs, entry: rival });
    writeLog(folder, { leaves: [...leaves, signed], by: liar });
    const { inGo } = await bothFold(folder);
    // Whatever it vouches for alone, nobody else's binding changes.
    expect(inGo).toMatchObject({ bindings: before.bindings, root: before.root });
    expect(inGo.violations).toMatchObject([{ code: 'entry_signature_invalid' }]);
  });
});

/** What does not lead to what is signed; nobody folds it. */
const damaged: Readonly<Record<string, (log: string) => Promise<void>>> = {
  'another byte in a leaf': async (log) => await changeFile(join(log, 'tile/entries'), flipped),
  'another byte in a hash': async (log) => await changeFile(join(log, 'tile/0'), flipped),
  'a bundle that is cut': async (log) =>
    await changeFile(join(log, 'tile/entries'), (bytes) => bytes.subarray(0, -7)),
  'a bundle of rubbish, a megabyte of it': async (log) =>
    await changeFile(join(log, 'tile/entries'), () => Buffer.alloc(1 << 20, 0x41)),
  'a checkpoint that is longer than the log': async (log) => {
    const file = join(log, 'checkpoint');
    const [origin, size, ...rest] = (await readFile(file, 'utf8')).split('\n');
    await writeFile(file, [origin, Number(size) + 1, ...rest].join('\n'));
  },
};

describe('a log that is not what was signed', () => {
  it.each(Object.entries(damaged))('%s', async (_what, damage) => {
    const folder = await copied();
    await damage(join(folder, 'logs', encodeURIComponent(liar.origin)));
    expect(isRefused(await foldInGo(checker, folder))).toBe(true);
    expect(isRefused(await foldByAuditor(folder))).toBe(true);
  });

  it('a checkpoint by another key', async () => {
    const folder = await copied();
    const by = { ...liar, logSecretKey: others[0]!.logSecretKey };
    writeLog(folder, { leaves, by });
    expect(isRefused(await foldInGo(checker, folder))).toBe(true);
    expect(isRefused(await foldByAuditor(folder))).toBe(true);
  });
});

describe('a log that another has seen otherwise', () => {
  it.each([
    ['rewritten', 'log_forked', () => [...leaves.slice(0, -1), leaves[0]!]],
    ['shorter', 'checkpoint_went_back', () => leaves.slice(0, -1)],
  ])('%s', async (_what, code, changed) => {
    const folder = await copied();
    writeLog(folder, { leaves: changed(), by: liar });
    const compared = (await foldInGo(checker, folder, ['-before', honest])) as GoFolded;
    const index = leaves.length - 1;
    expect(compared.broken.filter(({ code: found }) => found === code)).toEqual([
      { log: liar.origin, index, code },
    ]);
  });

  it('a charter beyond a gap', async () => {
    const folder = await copied();
    await cp(join(folder, 'charters/1'), join(folder, 'charters/3'));
    const { broken } = (await foldInGo(checker, folder)) as GoFolded;
    expect(broken).toEqual([{ log: '', index: 2, code: 'charter_gap' }]);
  });

  it('a charter that nobody has signed', async () => {
    const folder = await copied();
    const file = join(folder, 'charters/1');
    const note = await readFile(file, 'utf8');
    await writeFile(file, note.replace('"faults":', '"faults": '));
    expect(isRefused(await foldInGo(checker, folder))).toBe(true);
    expect(isRefused(await foldByAuditor(folder))).toBe(true);
  });
});

async function copied(): Promise<string> {
  const folder = await mkdtemp(join(base, 'copy-'));
  await cp(honest, folder, { recursive: true });
  return folder;
}

/** Both folds of a folder, which must say the same. */
async function bothFold(folder: string, nowMs?: number) {
  const [inGo, ours] = [await foldInGo(checker, folder), await foldByAuditor(folder, nowMs)];
  if (isRefused(inGo) || isRefused(ours)) throw new Error(JSON.stringify([inGo, ours]));
  expect(comparable(inGo)).toEqual(comparable(ours));
  return { inGo, ours };
}

async function changeFile(folder: string, change: (bytes: Buffer) => Uint8Array): Promise<void> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const file = names.find((name) => name.isFile())!;
  const path = join(file.parentPath, file.name);
  await writeFile(path, change(await readFile(path)));
}

function flipped(bytes: Buffer): Buffer {
  const place = Math.floor(bytes.length / 2);
  bytes[place] = bytes[place]! ^ 1;
  return bytes;
}
