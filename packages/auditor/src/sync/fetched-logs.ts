/**
 * All logs of the federation, brought into the folder: each up to the largest checkpoint that a quorum
 * has cosigned, and far enough to cover the index roots that are to be compared. The checkpoints of the
 * others, and those that were there before, have to be of the same tree.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bytesEqual,
  inclusionProof,
  parseCheckpoint,
  parseNote,
  tilePath,
} from '@callbook/protocol';
import type { CharterSet, Checkpoint, Cryptography, ForkSide } from '@callbook/protocol';
import type { CacheFolder, LogFolder } from '../cache/cache-folder.ts';
import type { GivenRoot } from '../compare/given-roots.ts';
import { auditorError } from '../errors.ts';
import { keepEvidence, keepLoss, keepMisfit } from '../evidence-files.ts';
import type { Findings } from '../findings.ts';
import { settleMsMax, settlePauseMs } from '../limits.ts';
import { givenCheckpoints, judgeCheckpoint } from './checkpoints.ts';
import type { GivenCheckpoint } from './checkpoints.ts';
import { storedCheckpoint, storedTiles, syncLog } from './log-sync.ts';
import { LogSources } from './log-sources.ts';
import { auditedMembers } from './member-files.ts';
import type { AuditedMember, MemberFiles } from './member-files.ts';
import { VerifiedTiles } from './verified-tiles.ts';

/** A log in the folder. */
export interface FetchedLog {
  readonly origin: string;
  /** Name of its member. */
  readonly member: string;
  readonly folder: LogFolder;
  readonly storedSize: number;
  readonly checkpoint?: Checkpoint | undefined;
  readonly timestampSeconds: number;
  /** Throws away what does not fit and fetches it again; nothing can be fetched where it is left out. */
  readonly refetch?: () => Promise<void>;
}

interface StoredContext {
  readonly folder: CacheFolder;
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
}

export interface FetchContext extends StoredContext {
  readonly files: MemberFiles;
  readonly findings: Findings;
  readonly members: readonly AuditedMember[];
  readonly roots: readonly GivenRoot[];
  readonly onLeaves: (done: number, total: number) => void;
}

/** The logs as they are in the folder. Throws `audit_folder_damaged`. */
export async function storedLogs(context: StoredContext): Promise<FetchedLog[]> {
  const { folder, charters, crypto } = context;
  const logs = inOrder(auditedMembers(charters.current.charter));
  return await Promise.all(
    logs.map(async (log) => {
      const files = folder.log(log.origin);
      const note = files.checkpoint();
      if (note === undefined) return logIn(files, log, undefined);
      const stored = await storedCheckpoint(files, crypto);
      const judged = judgeCheckpoint(note, log, context);
      if (stored === undefined || typeof judged === 'string') {
        throw auditorError('audit_folder_damaged', 'a checkpoint or its tiles do not verify', {
          details: { log: log.origin },
        });
      }
      return logIn(files, log, judged);
    }),
  );
}

function logIn(
  folder: LogFolder,
  { origin, name }: AuditedMember,
  judged: Pick<GivenCheckpoint, 'checkpoint' | 'timestampSeconds'> | undefined,
): FetchedLog {
  const storedSize = judged?.checkpoint.size ?? 0;
  const timestampSeconds = judged?.timestampSeconds ?? 0;
  const checkpoint = judged?.checkpoint;
  return { origin, member: name, folder, storedSize, checkpoint, timestampSeconds };
}

/** Brings all logs into the folder. */
export async function fetchLogs(context: FetchContext): Promise<FetchedLog[]> {
  const logs = inOrder(context.members);
  const given: GivenCheckpoint[][] = [];
  for (const log of logs) given.push(await coveringCheckpoints(log, context));
  const counter = { done: 0, total: 0 };
  for (const [place, [best]] of given.entries()) {
    const stored = await storedCheckpoint(context.folder.log(logs[place]!.origin), context.crypto);
    counter.total += Math.max(0, (best?.checkpoint.size ?? 0) - (stored?.checkpoint.size ?? 0));
  }
  const onLeaves = (count: number): void => {
    counter.done += count;
    context.onLeaves(counter.done, counter.total);
  };
  const fetched: FetchedLog[] = [];
  for (const [place, log] of logs.entries()) {
    fetched.push(await fetchLog({ log, given: given[place]!, onLeaves }, context));
  }
  return fetched;
}

function inOrder(members: readonly AuditedMember[]): AuditedMember[] {
  return members.toSorted((a, b) => Buffer.compare(Buffer.from(a.origin), Buffer.from(b.origin)));
}

/** Waits a moment for a checkpoint that covers the roots: cosigning follows a leaf by a second or so. */
async function coveringCheckpoints(
  log: AuditedMember,
  context: FetchContext,
): Promise<GivenCheckpoint[]> {
  const wanted = Math.max(
    0,
    ...context.roots.flatMap(({ root }) =>
      root.logs.filter(({ origin }) => origin === log.origin).map(({ size }) => size),
    ),
  );
  const untilMs = performance.now() + settleMsMax;
  for (;;) {
    const given = await givenCheckpoints(log, context.members, context);
    if ((given[0]?.checkpoint.size ?? 0) >= wanted || given.length === 0) return given;
    if (performance.now() > untilMs) return given;
    await sleep(settlePauseMs);
  }
}

interface LogFetch {
  readonly log: AuditedMember;
  readonly given: readonly GivenCheckpoint[];
  readonly onLeaves: (count: number) => void;
}

async function fetchLog(of: LogFetch, context: FetchContext): Promise<FetchedLog> {
  const { log, given, onLeaves } = of;
  const { crypto, members, findings } = context;
  const { origin } = log;
  const folder = context.folder.log(origin);
  const [best] = given;
  await lookForLoss(of, folder, context);
  if (best === undefined) return await asStored(folder, log, context);
  if (!best.isAgreed && best.checkpoint.size > 0) {
    findings.add({ code: 'checkpoint_not_agreed', member: log.name, log: origin });
  }
  const sources = new LogSources({ ...context, members: [log, ...others(log, members)], origin });
  const sync = async () => {
    try {
      return await syncLog(best.note, best.checkpoint, { folder, sources, crypto, onLeaves });
    } finally {
      await keepMisfits(sources, { log, best }, context);
    }
  };
  try {
    const synced = await sync();
    if ('forkedFrom' in synced) {
      await proveFork(
        { log, tiles: synced.tiles, note: best.note, other: synced.forkedFrom },
        context,
      );
      return await asStored(folder, log, context);
    }
    await compareCheckpoints(of, synced.tiles, context);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return await asStored(folder, log, context);
  }
  const stored = await asStored(folder, log, context);
  return { ...stored, refetch: async () => void (await sync()) };
}

/** A log never gets shorter; one whose member was restored from a copy may look so. */
async function lookForLoss(
  { log, given }: LogFetch,
  folder: LogFolder,
  { crypto, findings, folder: auditFolder }: FetchContext,
): Promise<void> {
  const stored = await storedCheckpoint(folder, crypto);
  const own = given.find(({ member }) => member === log.name);
  if (stored === undefined || own === undefined) return;
  if (own.checkpoint.size >= stored.checkpoint.size) return;
  const sizes = { before: stored.note, smaller: own.note, size: own.checkpoint.size };
  const evidence = keepLoss(log.origin, sizes, { folder: auditFolder, crypto });
  findings.add({ code: 'checkpoint_went_back', member: log.name, log: log.origin, evidence });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'audit_log_unavailable';
}

function others(log: AuditedMember, members: readonly AuditedMember[]): AuditedMember[] {
  return members.filter(({ origin, state }) => origin !== log.origin && state !== 'expelled');
}

/** What the folder has of a log of which nothing more can be had. */
async function asStored(
  folder: LogFolder,
  log: AuditedMember,
  context: StoredContext,
): Promise<FetchedLog> {
  const stored = await storedCheckpoint(folder, context.crypto);
  const judged = stored === undefined ? undefined : judgeCheckpoint(stored.note, log, context);
  return logIn(folder, log, typeof judged === 'string' ? undefined : judged);
}

/** Writes down what was served instead, now that it is known what the log has signed. */
async function keepMisfits(
  sources: LogSources,
  { log, best }: { readonly log: AuditedMember; readonly best: GivenCheckpoint },
  context: FetchContext,
): Promise<void> {
  const { crypto, folder, findings } = context;
  for (const misfit of sources.misfits.splice(0)) {
    const { member, problem, tile } = misfit;
    let evidence: string | undefined;
    try {
      const tiles = await VerifiedTiles.open(best.checkpoint, sources.get, crypto);
      const path = tilePath(tile);
      const place = { ...misfit, log: log.origin, tilePath: path };
      evidence = await keepMisfit(place, { ...context, folder, tiles, note: best.note });
    } catch (error) {
      // Where nobody has the right part, there is only this auditor's word.
      if (!isUnavailable(error)) throw error;
    }
    const { code, index } = problem;
    findings.add({ code, member, log: log.origin, index, ...(evidence && { evidence }) });
  }
}

/** Every member's checkpoint has to be of the tree that has been fetched. */
async function compareCheckpoints(
  { log, given }: LogFetch,
  tiles: VerifiedTiles,
  context: FetchContext,
): Promise<void> {
  const seen = new Set<string>();
  for (const { checkpoint, note } of given) {
    const name = `${checkpoint.size} ${checkpoint.root.toHex()}`;
    if (seen.has(name) || checkpoint.size > tiles.tree.size) continue;
    seen.add(name);
    if (bytesEqual(await tiles.rootAt(checkpoint.size), checkpoint.root)) continue;
    await proveFork({ log, tiles, note: given[0]!.note, other: note }, context);
  }
}

/** Makes evidence of two checkpoints of one log that are not of one tree. */
async function proveFork(
  of: {
    readonly log: AuditedMember;
    readonly tiles: VerifiedTiles;
    readonly note: string;
    readonly other: string;
  },
  context: FetchContext,
): Promise<void> {
  const { log, tiles, note, other } = of;
  const { findings, crypto } = context;
  const { origin, name: member } = log;
  const finding = { code: 'log_forked', member, log: origin } as const;
  const theirs = checkpointIn(other);
  if (theirs === undefined) return;
  const index = Math.min(theirs.size, tiles.tree.size) - 1;
  const ours = await sideOf(tiles, { note, index, crypto });
  for (const source of [undefined, ...context.members]) {
    const side = await otherSide({ log, theirs, other, index, source }, context);
    if (side === undefined) continue;
    const kept =
      theirs.size === tiles.tree.size
        ? keepEvidence({ kind: 'two_roots', checkpoints: [note, other] }, context)
        : keepEvidence({ kind: 'fork', index, sides: [ours, side] }, context);
    if (kept.verdict !== 'accept') continue;
    const { kind, origins, path: evidence } = kept.value;
    const convicts = context.members.filter((one) => origins.includes(one.origin));
    findings.add({ ...finding, index, kind, evidence, convicts: convicts.map(({ name }) => name) });
    return;
  }
  findings.add({ ...finding, index });
}

/** The other branch's tiles are in the folder, or at one of the members. */
async function otherSide(
  of: {
    readonly log: AuditedMember;
    readonly theirs: Checkpoint;
    readonly other: string;
    readonly index: number;
    readonly source: AuditedMember | undefined;
  },
  context: FetchContext,
): Promise<ForkSide | undefined> {
  const { log, theirs, other, index, source } = of;
  const { crypto } = context;
  const folder = context.folder.log(log.origin);
  const get =
    source === undefined
      ? storedTiles(folder)
      : new LogSources({ ...context, members: [source], origin: log.origin }).get;
  try {
    const tiles = await VerifiedTiles.open(theirs, get, crypto);
    return await sideOf(tiles, { note: other, index, crypto });
  } catch {
    return undefined;
  }
}

async function sideOf(
  tiles: VerifiedTiles,
  { note, index, crypto }: { note: string; index: number; crypto: Cryptography },
): Promise<ForkSide> {
  const read = await tiles.readerAt(index);
  const proof = inclusionProof({ index, treeSize: tiles.tree.size }, read, crypto);
  return { checkpoint: note, leafHash: read(0, index), proof };
}

function checkpointIn(note: string): Checkpoint | undefined {
  const parsed = parseNote(note);
  const checkpoint = parsed.verdict === 'accept' ? parseCheckpoint(parsed.value.text) : parsed;
  return checkpoint.verdict === 'accept' ? checkpoint.value : undefined;
}
