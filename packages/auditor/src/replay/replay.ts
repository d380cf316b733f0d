/**
 * A replay: charters, checkpoints, logs, fold, and what the members signed against it. Everything that
 * can be found out is found out before it ends; only what keeps it from going on is thrown. It believes
 * the founding charter that it is given, and nothing else.
 */
import { bytesEqual, charterSetUpTo } from '@callbook/protocol';
import type { CharterSet, Cryptography, Random } from '@callbook/protocol';
import { CacheFolder } from '../cache/cache-folder.ts';
import { charterVersionOf, givenRoots } from '../compare/given-roots.ts';
import type { GivenRoot } from '../compare/given-roots.ts';
import { compareCopies } from '../compare/copies.ts';
import { compareRoots } from '../compare/compare-roots.ts';
import type { ComparedMember } from '../compare/compare-roots.ts';
import { auditorError } from '../errors.ts';
import { Findings } from '../findings.ts';
import type { Finding } from '../findings.ts';
import { futureMsMax, violationsListedMax } from '../limits.ts';
import { storedCharters, walkCharters } from '../sync/charter-walk.ts';
import { fetchLogs, storedLogs } from '../sync/fetched-logs.ts';
import type { FetchedLog } from '../sync/fetched-logs.ts';
import { auditedMembers, MemberFiles } from '../sync/member-files.ts';
import type { MemberFilesOptions } from '../sync/member-files.ts';
import { FoldEngine } from './fold-engine.ts';
import type { FoldContext, FoldReach, SeenKinds } from './fold-engine.ts';
import { FoldStore } from './fold-store.ts';
import type { ViolationCode } from './leaf-reader.ts';
import { repairBundles } from './repair.ts';
import { proveFaults, SeenLeaves } from './seen-leaves.ts';
import { VerifierPool } from './verifier-pool.ts';

export interface ReplayOptions extends MemberFilesOptions {
  /** Folder of the audit. */
  readonly path: string;
  /** The founding charter, a signed note; the one in the folder when left out. */
  readonly foundingNote?: string | undefined;
  /** Asks nobody, and folds what is in the folder. */
  readonly offline?: boolean;
  readonly crypto: Cryptography;
  readonly nowMs: () => number;
  readonly random: Random;
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
  /** Hears of what is folded, by kinds: for reports. */
  readonly onKinds?: ((seen: SeenKinds) => void) | undefined;
}

export interface ReplayProgress {
  readonly step: 'fetching' | 'folding';
  readonly done: number;
  readonly total: number;
}

interface ListedViolation {
  readonly log: string;
  readonly index: number;
  readonly code: ViolationCode;
}

export interface ReplayResult {
  readonly bindings: number;
  /** Root of the index, in hexadecimal. */
  readonly root: string;
  readonly violations: readonly ListedViolation[];
  /** All of them, listed or not. */
  readonly violationCount: number;
  readonly verdict: 'agree' | 'disagree' | 'incomplete' | 'folded';
  readonly charterVersion: number;
  readonly logs: readonly {
    readonly origin: string;
    readonly size: number;
    readonly root: string;
  }[];
  readonly members: readonly ComparedMember[];
  readonly findings: readonly Finding[];
  /** Leaves that this replay has folded. */
  readonly leaves: number;
}

interface Replay {
  readonly options: ReplayOptions;
  readonly folder: CacheFolder;
  readonly files: MemberFiles;
  readonly findings: Findings;
  readonly crypto: Cryptography;
}

/** Replays. Errors: all `audit_…` codes. */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const { crypto } = options;
  const folder = new CacheFolder(options.path);
  const findings = new Findings();
  const context: Replay = { options, folder, findings, crypto, files: new MemberFiles(options) };
  const stored = storedCharters(context, options.foundingNote);
  if (options.offline === true) return await replayStored(stored, context);
  const charters = await walkCharters(stored, context);
  const members = auditedMembers(charters.current.charter);
  const active = members.filter(({ state }) => state !== 'expelled');
  const roots = await givenRoots(active, { ...context, charters });
  const logs = await fetchLogs({
    ...context,
    charters,
    members,
    roots,
    onLeaves: fetched(options),
  });
  await compareCopies({ ...context, random: options.random, charters, logs, members });
  return await foldAndCompare(charters, { logs, roots }, context);
}

function fetched({ onProgress }: ReplayOptions): (done: number, total: number) => void {
  return (done, total) => onProgress?.({ step: 'fetching', done, total });
}

/** Folds what is in the folder, up to its checkpoints. */
async function replayStored(charters: CharterSet, context: Replay): Promise<ReplayResult> {
  const logs = await storedLogs({ ...context, charters });
  return await foldAndCompare(charters, { logs, roots: [] }, context);
}

interface Fetched {
  readonly logs: readonly FetchedLog[];
  readonly roots: readonly GivenRoot[];
}

async function foldAndCompare(
  all: CharterSet,
  { logs, roots }: Fetched,
  context: Replay,
): Promise<ReplayResult> {
  const { options, folder, findings, crypto } = context;
  const isOffline = options.offline === true;
  const charters = charterSetUpTo(all, charterVersionOf(roots, all));
  const storePath = `${folder.path}/${isOffline ? 'fold-offline' : 'fold'}`;
  const seen = new SeenLeaves(options);
  const notes = all.all.map(({ note }) => note);
  await using pool = new VerifierPool(notes, options.threads);
  const opened = await openFold(storePath, (store) => ({
    store,
    pool,
    charters,
    crypto,
    logs,
    spillPath: `${storePath}.spill`,
    futureMs: options.nowMs() + futureMsMax,
    watch: seen,
  }));
  await using store = opened.store;
  const { engine } = opened;
  const before = engine.position.logs.map(({ size }) => size);
  const sizes = logs.map(({ storedSize }) => storedSize);
  seen.expect(sizes.reduce((sum, size, place) => sum + Math.max(0, size - before[place]!), 0));
  const repair = repairBundles(logs, { isOffline, crypto });
  const compared = isOffline
    ? { reach: await repair(() => engine.advance(sizes)), members: [] }
    : await compareRoots({ engine, roots, logs, charters, findings, folder, repair, crypto });
  if (isOffline) assertLeadsTo(compared.reach, logs);
  const violations = await store.violations(violationsListedMax);
  await proveFaults({ seen, violations, logs, charters: all }, { folder, findings, crypto });
  const { reach, members } = compared;
  const sizeOf = new Map(reach.logs.map(({ origin, size }) => [origin, size]));
  return {
    bindings: reach.bindings,
    root: reach.root.toHex(),
    violations: violations
      .map(({ log, index, code }) => ({ log: logs[log]!.origin, index, code }))
      .filter(({ log, index }) => index < sizeOf.get(log)!),
    violationCount: engine.position.violations,
    verdict: isOffline ? 'folded' : verdictOf(members, findings),
    charterVersion: charters.current.charter.version,
    logs: reach.logs.map(({ origin, size, root }) => ({ origin, size, root: root.toHex() })),
    members,
    findings: findings.all(),
    leaves: engine.position.logs.reduce((sum, { size }, at) => sum + size - before[at]!, 0),
  };
}

/** Opens the fold; one by other charters is made again. */
async function openFold(
  path: string,
  foldOf: (store: FoldStore) => FoldContext,
): Promise<{ readonly engine: FoldEngine; readonly store: FoldStore }> {
  const store = await FoldStore.open(path);
  const engine = await FoldEngine.open(foldOf(store));
  if (engine !== undefined) return { engine, store };
  await store[Symbol.asyncDispose]();
  await FoldStore.erase(path);
  const empty = await FoldStore.open(path);
  return { engine: (await FoldEngine.open(foldOf(empty)))!, store: empty };
}

function assertLeadsTo(reach: FoldReach, logs: readonly FetchedLog[]): void {
  for (const [place, { origin, root }] of reach.logs.entries()) {
    const { checkpoint } = logs[place]!;
    if (checkpoint === undefined || bytesEqual(root, checkpoint.root)) continue;
    throw auditorError(
      'audit_folder_damaged',
      'the leaves of a log do not lead to its checkpoint',
      {
        details: { log: origin },
      },
    );
  }
}

function verdictOf(
  members: readonly ComparedMember[],
  findings: Findings,
): ReplayResult['verdict'] {
  if (findings.hasGrave) return 'disagree';
  const active = members.filter(({ isActive }) => isActive);
  const all = active.length > 0 && active.every(({ outcome }) => outcome === 'agrees');
  return all ? 'agree' : 'incomplete';
}
