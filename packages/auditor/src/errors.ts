/**
 * The codes of the auditor's own errors: what keeps it from finding out. What it finds are findings
 * (`findings.ts`), never errors.
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
