/**
 * The signed roots of all members against the replay of the vectors that they name. Members that write
 * all the time are seldom at the same place at once: so the fold stops where the slowest of them was,
 * and goes on from there, in memory, to where each of the others was.
 */
import { bytesEqual } from '@callbook/protocol';
import type { CharterSet, Cryptography } from '@callbook/protocol';
import type { CacheFolder } from '../cache/cache-folder.ts';
import { keepEvidence } from '../evidence-files.ts';
import type { Findings } from '../findings.ts';
import { overlayLeavesMax } from '../limits.ts';
import type { FoldEngine, FoldReach } from '../replay/fold-engine.ts';
import type { Repair } from '../replay/repair.ts';
import type { FetchedLog } from '../sync/fetched-logs.ts';
import { haveSameVector, sizesOf } from './given-roots.ts';
import type { GivenRoot } from './given-roots.ts';

export interface ComparedMember {
  readonly member: string;
  readonly isActive: boolean;
  readonly outcome: 'agrees' | 'differs' | 'uncompared';
  /** Root that it signed, in hexadecimal; null where it gave none. */
  readonly root: string | null;
  /** Leaves of all logs together that its root was over. */
  readonly leaves: number;
}

export interface CompareContext {
  readonly engine: FoldEngine;
  readonly roots: readonly GivenRoot[];
  readonly logs: readonly FetchedLog[];
  readonly charters: CharterSet;
  readonly findings: Findings;
  readonly folder: CacheFolder;
  readonly repair: Repair;
  readonly crypto: Cryptography;
}

interface ComparableRoot extends GivenRoot {
  readonly sizes: readonly number[];
}

/** Compares; returns the fold at the largest vector that most members have signed. */
export async function compareRoots(
  context: CompareContext,
): Promise<{ readonly reach: FoldReach; readonly members: readonly ComparedMember[] }> {
  const { engine, repair, charters } = context;
  const comparable = comparableRoots(context);
  const stored = engine.position.logs.map(({ size }) => size);
  const floor = stored.map((size, place) =>
    Math.max(size, Math.min(...comparable.map(({ sizes }) => sizes[place]!), Infinity)),
  );
  const start = comparable.length === 0 ? context.logs.map(({ storedSize }) => storedSize) : floor;
  const base = await repair(() => engine.advance(start));
  let best = { reach: base, count: 0 };
  const outcomes = new Map<string, 'agrees' | 'differs'>();
  for (const group of byVector(comparable)) {
    const { sizes } = group[0]!;
    const isHere = sizes.every((size, place) => size === start[place]);
    const reach = isHere ? base : await repair(() => engine.peek(sizes));
    const agreeing = group.filter((given) => judge(given, reach, context));
    for (const given of group) {
      outcomes.set(given.member.name, agreeing.includes(given) ? 'agrees' : 'differs');
    }
    if (agreeing.length > best.count || best.count === 0) best = { reach, count: agreeing.length };
  }
  const members = [...charters.current.memberByOrigin].map(([origin, { name, state }]) => {
    const given = context.roots.find(({ member }) => member.origin === origin);
    return {
      member: name,
      isActive: state === 'active',
      outcome: outcomes.get(name) ?? ('uncompared' as const),
      root: given?.root.root.toHex() ?? null,
      leaves: given?.root.logs.reduce((sum, { size }) => sum + size, 0) ?? 0,
    };
  });
  return { reach: best.reach, members };
}

/** Those that can be compared: by the charter at hand, covered, and not too far apart. */
function comparableRoots(context: CompareContext): ComparableRoot[] {
  const { roots, charters, findings, engine, logs } = context;
  const origins = logs.map(({ origin }) => origin);
  const covered: ComparableRoot[] = [];
  for (const given of roots) {
    const { name: member } = given.member;
    const sizes = sizesOf(given, origins);
    if (!bytesEqual(given.root.charter, charters.current.hash)) {
      findings.add({ code: 'root_lags', member, kind: 'charter' });
    } else if (sizes === undefined) {
      findings.add({ code: 'root_invalid', member, kind: 'logs' });
    } else if (sizes.some((size, place) => size > logs[place]!.storedSize)) {
      findings.add({ code: 'root_uncovered', member });
    } else covered.push({ ...given, sizes });
  }
  const stored = engine.position.logs.map(({ size }) => size);
  const farthest = Math.max(0, ...covered.map(({ sizes }) => total(sizes)));
  return covered.filter(({ sizes, member: { name: member } }) => {
    const isBehind = sizes.some((size, place) => size < stored[place]!);
    const isFar = farthest - total(sizes) > overlayLeavesMax;
    if (isBehind || isFar) findings.add({ code: 'root_lags', member, kind: 'leaves' });
    return !isBehind && !isFar;
  });
}

function byVector(roots: readonly ComparableRoot[]): (readonly ComparableRoot[])[] {
  const groups = new Map<string, ComparableRoot[]>();
  for (const root of roots) {
    const name = root.sizes.join(' ');
    groups.set(name, [...(groups.get(name) ?? []), root]);
  }
  return [...groups.values()].sort((a, b) => total(b[0]!.sizes) - total(a[0]!.sizes));
}

function total(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** True when the member signed what the logs give; else a finding says what it signed instead. */
function judge(given: GivenRoot, reach: FoldReach, context: CompareContext): boolean {
  const { findings } = context;
  const { name: member } = given.member;
  const evidence = `roots/${member}`;
  const branch = reach.logs.find(({ origin, root }) => {
    const claimed = given.root.logs.find((log) => log.origin === origin)!;
    return !bytesEqual(claimed.root, root);
  });
  if (branch !== undefined) {
    findings.add({ code: 'root_other_branch', member, log: branch.origin, evidence });
    return false;
  }
  if (bytesEqual(given.root.root, reach.root)) return true;
  findings.add({ code: 'root_differs', member, evidence: rootEvidence(given, context) });
  return false;
}

/** Two roots over one vector where another member has signed it too; else the note alone. */
function rootEvidence(given: GivenRoot, context: CompareContext): string {
  const { roots, folder } = context;
  const kept = `evidence/root-${given.member.name}-${given.root.root.toHex().slice(0, 16)}.note`;
  folder.write(kept, given.note);
  const other = roots.find(
    ({ root, member }) =>
      member !== given.member &&
      haveSameVector(root, given.root) &&
      !bytesEqual(root.root, given.root.root),
  );
  if (other === undefined) return kept;
  const evidence = keepEvidence(
    {
      kind: 'index_roots',
      origins: [given.member.origin, other.member.origin],
      roots: [given.note, other.note],
    },
    { folder, charters: context.charters, crypto: context.crypto },
  );
  return evidence.verdict === 'accept' ? evidence.value.path : kept;
}
