/**
 * Where commands about the charter look: at the member that runs with a configuration or, where none
 * runs, at the notes that the configuration names, which may be older.
 */
import { DirectoryError } from '@callbook/protocol';
import type { Charter, Cryptography } from '@callbook/protocol';
import { askMember } from '../admin/ask-member.ts';
import type { ChartersAnswer } from '../admin/admin-messages.ts';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { charterIn } from './charter-notes.ts';
import type { CharterFile } from './charter-notes.ts';
import { isoTime } from './key-report.ts';
import { readInput } from './key-place.ts';

export interface KnownCharters {
  /** Version 1 first. */
  readonly charters: readonly (CharterFile & { readonly note: string })[];
  /** Undefined where no member runs to say. */
  readonly inForce: number | undefined;
}

/** Returns every charter known here. */
export async function knownCharters(
  config: NodeConfig,
  crypto: Cryptography,
): Promise<KnownCharters> {
  const { notes, inForce } = await askOrRead(config);
  const charters = notes.map((note) => ({ ...charterIn(note, crypto), note }));
  return { charters, inForce };
}

async function askOrRead(
  config: NodeConfig,
): Promise<{ readonly notes: readonly string[]; readonly inForce: number | undefined }> {
  try {
    const answer: ChartersAnswer = await askMember(config, { ask: 'charters' });
    return answer;
  } catch (error) {
    const code: NodeErrorCode = 'member_not_running';
    if (!(error instanceof DirectoryError) || error.code !== code) throw error;
    return { notes: await Promise.all(config.charters.map(readInput)), inForce: undefined };
  }
}

/** Says how a charter stands: in force, replaced, waiting. */
export function standingOf(
  { version, effectiveAtMs }: Charter,
  inForce: number | undefined,
): string {
  if (inForce === undefined) return 'as configured (no member runs here)';
  if (version === inForce) return 'in force';
  if (version < inForce) return 'replaced';
  return `signed, takes effect ${isoTime(effectiveAtMs)}`;
}
