/** One folder of logs, folded by the auditor and by the independent fold in Go. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replay } from '@callbook/auditor';
import type { ReplayResult } from '@callbook/auditor';
import { DirectoryError } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { runCommand } from '../lab.ts';

interface ListedLeaf {
  readonly log: string;
  readonly index: number;
  readonly code: string;
}

/** What a folder comes to. */
export interface Folded {
  readonly bindings: number;
  /** Root of the index, in hexadecimal. */
  readonly root: string;
  /** Leaves that contribute nothing. */
  readonly violations: readonly ListedLeaf[];
}

export interface GoFolded extends Folded {
  /** What no honest member does. */
  readonly broken: readonly ListedLeaf[];
}

/** A folder that is not what was signed. */
export interface Refused {
  readonly refused: string;
}

/** Folds a folder by the checker in Go; exit status 3 says that it is not what was signed. */
export async function foldInGo(
  checker: string,
  folder: string,
  more: readonly string[] = [],
): Promise<GoFolded | Refused> {
  const args = ['fold', '-cache', folder, ...more];
  const ran = await runCommand(checker, args, { cwd: folder, env: process.env });
  if (ran.code === 3) return { refused: ran.stderr.trim() };
  if (ran.code !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout) as GoFolded;
}

/** Folds a folder by the auditor, asking nobody, from nothing. */
export async function foldByAuditor(
  folder: string,
  nowMs: number = Date.now(),
): Promise<ReplayResult | Refused> {
  await rm(join(folder, 'fold-offline'), { recursive: true, force: true });
  try {
    return await replay({
      path: folder,
      offline: true,
      crypto,
      nowMs: () => nowMs,
      random: { bytes: (size) => new Uint8Array(randomBytes(size)) },
      threads: 1,
    });
  } catch (error) {
    if (error instanceof DirectoryError) return { refused: error.code };
    throw error;
  }
}

/** What both must agree on. */
export function comparable(folded: Folded): Folded {
  const { bindings, root, violations } = folded;
  return { bindings, root, violations };
}

export function isRefused(folded: object): folded is Refused {
  return 'refused' in folded;
}
