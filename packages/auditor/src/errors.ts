/**
 * The codes of the auditor's own errors: what keeps it from finding out; and of what it finds, which is
 * never an error (`findings.ts`).
 */
import { DirectoryError } from '@callbook/protocol';

export const auditorErrorCodes = {
  audit_folder_unusable: 'the folder of the audit cannot be read or written',
  audit_folder_busy: 'another audit is at work in the folder',
  audit_disk_full: 'there is no room on the disk of the folder of the audit',
  audit_folder_damaged: 'files of the folder do not lead to the checkpoint beside them',
  audit_charters_missing: 'the folder has no chain of charters from version 1 on',
  audit_log_unavailable: 'nobody gives a part of a log that its checkpoint covers',
  audit_members_unavailable: 'too few members answer to compare anything',
  audit_worker_failed: 'a thread that verifies signatures has failed',
  audit_setting_invalid: 'a setting of the audit has a value that it cannot have',
  audit_evidence_unreadable: 'the file of evidence cannot be read, or is none',
} as const;

export type AuditorErrorCode = keyof typeof auditorErrorCodes;

/** What an audit finds, each with the sentence that is printed; see `findings.ts`. */
export const findingCodes = {
  charter_invalid: 'the member gives a charter that does not follow the one before',
  charter_gap: 'the member has a later charter and not the one before it',
  charter_forked: 'two charters of one version are signed as adoption asks',
  member_unreachable: 'the member cannot be reached',
  answer_invalid: 'the member answers with something else than what was asked for',
  answer_too_large: 'the member sends more than such an answer may have',
  answer_slow: 'the member takes longer than an answer may take',
  checkpoint_invalid: 'the member gives a checkpoint that does not verify',
  checkpoint_not_agreed: 'the checkpoint has no cosignatures of a quorum',
  checkpoint_went_back: 'the member gives a smaller checkpoint of its log than before',
  log_forked: 'the log has two branches',
  tile_differs: 'hashes that the member serves do not lead to the signed root',
  leaf_differs: 'a leaf that the member serves is not the one that the log has signed',
  leaf_from_future: 'the leaf is of a time that has not come yet',
  log_unavailable: 'nobody gives a part of the log that its checkpoint covers',
  root_invalid: 'the member gives an index root that does not verify',
  root_missing: 'the member gives no index root',
  root_differs: 'the member signs another index root than the logs give',
  root_other_branch: 'the member signs an index root over a log that is not the one served',
  root_uncovered: 'the member signs an index root over leaves that nobody shows',
  root_lags: 'the member is too far behind the others to be compared',
  evidence_held: 'a member holds evidence that convicts',
  rule_broken: 'leaves of the member contradict each other',
  dns_differs: 'the zone of the member says something else than its index',
  canary_missing: 'a canary is not found at the member',
  canary_changed: 'a canary is not what the auditor has published',
  witness_refused: 'a checkpoint that was to be cosigned does not extend the one before',
} as const;

/** What was found. */
export type FindingCode = keyof typeof findingCodes;

/** Returns the error for `code`. */
export function auditorError(
  code: AuditorErrorCode,
  message: string,
  options: ConstructorParameters<typeof DirectoryError>[2] = {},
): DirectoryError<AuditorErrorCode> {
  return new DirectoryError(code, message, options);
}

/** Turns what the file system or the store throws into a coded error; a full disk has its own. */
export function folderError(cause: unknown): DirectoryError {
  if (cause instanceof DirectoryError) return cause as DirectoryError;
  return isDiskFull(cause)
    ? auditorError('audit_disk_full', 'there is no room on the disk', { cause })
    : auditorError('audit_folder_unusable', 'the folder cannot be read or written', { cause });
}

/** LevelDB tells of it in its text alone, in the cause of what it throws. */
function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  return /no space left|quota exceeded/i.test(error.message) || isDiskFull(error.cause);
}
