/** The promise of the own log, tried on a real disk with a real `kill -9`. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Receipt } from '@callbook/protocol';
import {
  emptyFrontier,
  extendFrontier,
  frontierRoot,
  leafHash,
  parseReceiptJson,
  parseVerifierKey,
  verifyCheckpoint,
  verifyReceipt,
} from '@callbook/protocol';
import { expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { openLevelStore } from '../../src/store/level-store.ts';
import { crypto, foundFederation, openReplica } from '../support/federation.ts';

const killsMin = 20;
const child = join(import.meta.dirname, 'crash-child.ts');
// Who is killed keeps no compiled code of its own; this is what other processes of tests have left.
const compiled = join(import.meta.dirname, '../../../../node_modules/.cache/callbook-compiled');
const env = { ...process.env, NODE_COMPILE_CACHE: compiled };

interface Printed {
  readonly checkpoint?: string;
  readonly receipt?: unknown;
}

/** Runs the member until it has printed `linesMin` lines and a moment more, then kills it. */
function runAndKill(folder: string, round: number): Promise<Printed[]> {
  return new Promise((resolve, fail) => {
    const member = spawn(
      process.execPath,
      ['--conditions=@callbook/source', child, folder, String(round)],
      { env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    let killing = false;
    member.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      // Spread over the 25 ms and the flush between two checkpoints.
      if (killing || text.split('\n').length < 2 + (round % 5) * 8) return;
      killing = true;
      setTimeout(() => member.kill('SIGKILL'), (round * 7) % 40);
    });
    member.on('error', fail);
    member.on('exit', (code, signal) => {
      if (signal !== 'SIGKILL') fail(new Error(`the member ended by itself: ${code}`));
      // The last line may be half of one.
      const lines = text.split('\n').slice(0, -1);
      resolve(lines.map((line) => JSON.parse(line) as Printed));
    });
  });
}

function receiptOf({ receipt }: Printed): Receipt[] {
  if (receipt === undefined) return [];
  const parsed = parseReceiptJson(receipt);
  if (parsed.verdict !== 'accept') throw new Error(parsed.code);
  return [parsed.value];
}

function leavesOf(replica: Replica): Uint8Array[] {
  const leaves: Uint8Array[] = [];
  const { size } = replica.logSizes().find(({ origin }) => origin === replica.origin)!;
  for (let index = 0; index < size; index++) {
    const bundle = replica.tile({
      origin: replica.origin,
      level: 'entries',
      index: Math.floor(index / 256),
      width: (index % 256) + 1,
    })!;
    leaves.push(lastOf(bundle));
  }
  return leaves;
}

function lastOf(bundle: Uint8Array): Uint8Array {
  let offset = 0;
  for (;;) {
    const end = offset + 2 + bundle[offset]! * 256 + bundle[offset + 1]!;
    if (end >= bundle.length) return bundle.subarray(offset + 2, end);
    offset = end;
  }
}

it(
  `loses no receipted entry and signs no two roots for one size over ${killsMin} kills`,
  { timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-crash-'));
    const federation = await foundFederation();
    const key = parseVerifierKey(federation.charter.members[0]!.logKey);
    if (key.verdict !== 'accept') throw new Error(key.code);
    const receipts: Receipt[] = [];
    const checkpoints: string[] = [];
    for (let round = 0; round < killsMin; round++) {
      const printed = await runAndKill(folder, round);
      receipts.push(...printed.flatMap(receiptOf));
      checkpoints.push(...printed.flatMap(({ checkpoint }) => checkpoint ?? []));
    }

    const store = await openLevelStore(folder, { cacheBytes: 1024 * 1024 });
    const replica = await openReplica(federation, 'alpha', { store });
    const leaves = leavesOf(replica);
    const rootAt = rootsOf(leaves);
    for (const receipt of receipts) {
      expect(verifyReceipt(receipt, key.value, crypto).verdict).toBe('accept');
      expect(Buffer.compare(leaves[receipt.index]!, receipt.leaf)).toBe(0);
    }
    // Every checkpoint ever signed is a prefix of the log as it stands: so no size has two roots.
    const signed = [...receipts.map(({ checkpoint }) => checkpoint), ...checkpoints];
    for (const note of new Set([...signed, replica.checkpoint(replica.origin)!])) {
      const checkpoint = verifyCheckpoint(note, key.value, crypto);
      if (checkpoint.verdict !== 'accept') throw new Error(checkpoint.code);
      expect(checkpoint.value.root.toHex()).toBe(rootAt[checkpoint.value.size]);
    }
    expect(receipts.length).toBeGreaterThan(killsMin);
    await replica[Symbol.asyncDispose]();
    await store.close();
    await rm(folder, { recursive: true });
  },
);

/** Roots of all prefixes, in hexadecimal. */
function rootsOf(leaves: readonly Uint8Array[]): string[] {
  let frontier = emptyFrontier;
  const roots = [frontierRoot(frontier, crypto).toHex()];
  for (const leaf of leaves) {
    frontier = extendFrontier(frontier, [leafHash(leaf, crypto)], crypto);
    roots.push(frontierRoot(frontier, crypto).toHex());
  }
  return roots;
}
