/** Who may write a configuration decides which keys and databases are used. */
import { stat } from 'node:fs/promises';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';

const othersWrite = 0o022;

/** Code: `config_exposed`. */
export async function assertOthersCannotWrite(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & othersWrite) === 0) return;
  const message = `${path} has mode ${(mode & 0o777).toString(8)}: others may write it`;
  throw new DirectoryError<NodeErrorCode>('config_exposed', message);
}
