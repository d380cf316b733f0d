/**
 * Logs that the simulator has written, as each honest member stores them at the end of a seed: the
 * auditor and the fold in Go come to the same, honest seeds are clean, and each kind of liar that
 * writes something into its log is found, by both, and nobody else is named.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseIndexRoot } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import { exportLogs } from '../../src/simulation/export-logs.ts';
import { liarFaults } from '../../src/simulation/liar-faults.ts';
import type { LiarFault } from '../../src/simulation/liar-faults.ts';
import type { Scenario } from '../../src/simulation/scenario.ts';
import { simulate } from '../../src/simulation/simulation.ts';
import { buildGoChecker } from '../go-checker.ts';
import { comparable, foldByAuditor, foldInGo, isRefused } from './folds.ts';

const isFull = process.env['CALLBOOK_FULL'] !== undefined;
const honestSeeds = isFull ? 60 : 3;
/** A short one first; a liar that does nothing worth finding in one seed is looked for in the next. */
const liarSeeds = isFull ? seedsFrom(1, 20) : [4, 1, 5, 6, 7, 8, 9, 10];
const seedMsMax = 60_000;

let base: string;
let checker: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'callbook-simulated-'));
  checker = join(base, 'go-checker');
  await buildGoChecker(checker);
}, 120_000);

afterAll(async () => await rm(base, { recursive: true, force: true }));

describe('logs of an honest seed', () => {
  it.each(seedsFrom(2, honestSeeds))('are clean: %i', { timeout: seedMsMax }, async (seed) => {
    const copies = await playedOut(seed, (drawn) => ({ ...drawn, liars: [] }));
    expect(copies.length).toBeGreaterThan(1);
    for (const copy of differing(copies)) {
      const { codes, root } = await findingsOf(copy);
      expect(codes).toEqual([]);
      // What every member with these logs signs of its index.
      const signed = copies.filter(({ logs }) => logs === copy.logs);
      expect(signed.map(({ signedRoot }) => signedRoot)).toEqual(signed.map(() => root));
    }
  });
});

/** What at least one seed of a liar shows; the rest of what liars do leaves nothing in the logs. */
const traces: Partial<Record<LiarFault, RegExp>> = {
  forks: /log_forked/,
  backdates: /leaf_time_back.*time_back/,
  'commits early': /commit_early|commit_vetoed/,
  'logs both': /same_slot/,
  'forges entries': /entry_signature_invalid/,
  'witnesses alone': /witness_alone|same_slot/,
};

describe('logs of a seed with a liar', () => {
  it.each(liarFaults)('who %s', { timeout: 8 * seedMsMax }, async (fault) => {
    const trace = traces[fault];
    const codes = new Set<string>();
    for (const seed of liarSeeds) {
      const adjust = (drawn: Scenario): Scenario => {
        return { ...drawn, memberCount: 4, faults: 1, liars: [[fault]] };
      };
      const copies = differing(await playedOut(seed, adjust));
      for (const copy of copies) {
        const found = await findingsOf(copy, copies[0]!.folder);
        for (const code of found.codes) codes.add(code);
      }
      if (!isFull && (trace ?? /^/).test([...codes].join(' '))) break;
    }
    expect([...codes].join(' ')).toMatch(trace ?? /^/);
    // The liar is the last member of the charter.
    expect([...codes].filter((code) => !code.includes('api.delta.example/log'))).toEqual([]);
  });
});

interface Copy {
  readonly folder: string;
  /** Sizes and roots of all logs in it. */
  readonly logs: string;
  /** What the member signs of its index at the end, in hexadecimal. */
  readonly signedRoot: string | undefined;
}

/** Plays a seed and returns the copies of its honest members. */
async function playedOut(seed: number, adjust: (drawn: Scenario) => Scenario): Promise<Copy[]> {
  const copies: Copy[] = [];
  const place = await mkdtemp(join(base, 'seed-'));
  const { violation } = await simulate({
    seed,
    adjust,
    onEnd: ({ charters, members }) => {
      for (const { engine, name } of members) {
        if (engine === undefined) continue;
        const folder = join(place, name);
        exportLogs(folder, engine.replica, charters);
        const note = engine.replica.indexRoot;
        const signedRoot = note === undefined ? undefined : rootIn(note);
        copies.push({ folder, logs: logsIn(engine.replica), signedRoot });
      }
    },
  });
  expect(violation).toBeUndefined();
  return copies;
}

/** Copies of the same logs come to the same. */
function differing(copies: readonly Copy[]): Copy[] {
  return [...new Map(copies.map((copy) => [copy.logs, copy])).values()];
}

function logsIn(replica: Replica): string {
  const texts = replica.logSizes().map(({ origin }) => replica.checkpoint(origin) ?? '');
  return texts.map((note) => note.split('\n\n')[0]).join();
}

/** Folds a copy twice and returns what was found in it, by either, with the log that it is about. */
async function findingsOf({ folder }: Copy, other = folder) {
  const inGo = await foldInGo(checker, folder, ['-other', other]);
  const ours = await foldByAuditor(folder);
  if (isRefused(inGo) || isRefused(ours)) throw new Error(JSON.stringify([inGo, ours]));
  expect(comparable(inGo)).toEqual(comparable(ours));
  const rules = ours.findings.map(({ code, kind, log }) => `${kind ?? code} ${log}`);
  const broken = inGo.broken.map(({ code, log }) => `${code} ${log}`);
  // What the auditor proves of leaves, Go has seen as well; time that goes back is among its voids.
  const proven = rules.filter((rule) => !rule.startsWith('time_back'));
  expect(broken).toEqual(expect.arrayContaining(proven));
  const voids = inGo.violations.map(({ code, log }) => `${code} ${log}`);
  return { codes: [...voids, ...broken, ...rules], root: inGo.root };
}

function rootIn(note: string): string {
  const root = parseIndexRoot(note.slice(0, note.lastIndexOf('\n\n') + 1));
  if (root.verdict !== 'accept') throw new Error(root.message);
  return root.value.root.toHex();
}

function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, offset) => first + offset);
}
