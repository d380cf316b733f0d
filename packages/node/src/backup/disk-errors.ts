/** What the disk says, under the codes by which an operator knows what to do. */
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';

/** Turns what a file operation threw into an operating error; gives back one that is coded already. */
export function diskError(cause: unknown, doing: string): DirectoryError {
  if (cause instanceof DirectoryError) return cause;
  const errno = (cause as NodeJS.ErrnoException | undefined)?.code;
  const code: NodeErrorCode =
    errno === 'ENOSPC' || errno === 'EDQUOT'
      ? 'disk_full'
      : errno === 'EROFS' || errno === 'EACCES' || errno === 'EPERM'
        ? 'folder_unwritable'
        : 'backup_failed';
  return new DirectoryError<NodeErrorCode>(code, `${doing} (${errno ?? 'defect'})`, { cause });
}
