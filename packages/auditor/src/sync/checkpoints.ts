/**
 * The checkpoints of one log as all members give them: the largest that a quorum has cosigned is taken,
 * and every other has to be of the same tree.
 */
import { verifyAgreedCheckpoint, verifyCheckpoint } from '@callbook/protocol';
import type { CharterSet, Checkpoint, Cryptography } from '@callbook/protocol';
import type { Findings } from '../findings.ts';
import { noteBytesMax } from '../limits.ts';
import type { AuditedMember, MemberFiles } from './member-files.ts';

export interface GivenCheckpoint {
  /** Who gave it. */
  readonly member: string;
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly isAgreed: boolean;
  /** When a quorum had cosigned it, seconds; 0 where none has. */
  readonly timestampSeconds: number;
}

export interface CheckpointContext {
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
  readonly findings: Findings;
  readonly files: MemberFiles;
}

/** Asks all members for their checkpoint of one log; the largest agreed one first. */
export async function givenCheckpoints(
  log: AuditedMember,
  members: readonly AuditedMember[],
  context: CheckpointContext,
): Promise<GivenCheckpoint[]> {
  const { files, findings } = context;
  const given = await Promise.all(
    members.map(async ({ name: member, api }) => {
      const note = await files.text({ api }, `/log/${log.origin}/checkpoint`, noteBytesMax);
      if (typeof note !== 'string') {
        if ('failure' in note) findings.add({ code: note.failure, member });
        return [];
      }
      const judged = judgeCheckpoint(note, log, context);
      if (typeof judged !== 'string') return [{ member, ...judged }];
      findings.add({ code: 'checkpoint_invalid', member, log: log.origin, kind: judged });
      return [];
    }),
  );
  return given.flat().sort(byWorth);
}

/** What a note says of a log, or the code of what is wrong with it. */
export function judgeCheckpoint(
  note: string,
  log: AuditedMember,
  { charters, crypto }: Pick<CheckpointContext, 'charters' | 'crypto'>,
): Omit<GivenCheckpoint, 'member'> | string {
  const checkpoint = verifyCheckpoint(note, log.logKey, crypto);
  if (checkpoint.verdict !== 'accept') return checkpoint.code;
  // One that was agreed under an earlier charter stays so.
  for (const known of charters.all.toReversed()) {
    const agreed = verifyAgreedCheckpoint(note, known, crypto);
    if (agreed.verdict === 'accept') {
      const { timestampSeconds } = agreed.value;
      return { note, checkpoint: checkpoint.value, isAgreed: true, timestampSeconds };
    }
  }
  return { note, checkpoint: checkpoint.value, isAgreed: false, timestampSeconds: 0 };
}

function byWorth(a: GivenCheckpoint, b: GivenCheckpoint): number {
  return Number(b.isAgreed) - Number(a.isAgreed) || b.checkpoint.size - a.checkpoint.size;
}
