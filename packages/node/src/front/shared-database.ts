/** The shared database as configured: its URL is a secret, since it names a user and a password. */
import { DirectoryError } from '@callbook/protocol';
import type { PostgresStoreOptions } from '@callbook/replication/shared-database';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { readSecretFile } from '../key-file.ts';

const tableDefault = 'callbook';
const answerMsDefault = 2_000;

/** Reads the file with the URL. Codes: `key_file_*`, `database_url_malformed`. */
export async function readSharedDatabase(
  settings: NonNullable<NodeConfig['sharedDatabase']>,
  connections: number,
): Promise<PostgresStoreOptions> {
  const { urlFile, table = tableDefault, answerMilliseconds = answerMsDefault } = settings;
  const url = new TextDecoder().decode(await readSecretFile(urlFile)).trim();
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url.replace(/:\/\/\//, '://localhost/'))) {
    throw new DirectoryError<NodeErrorCode>(
      'database_url_malformed',
      'the file of the shared database holds no postgresql:// URL',
    );
  }
  return { url, table, connections, answerMsMax: answerMilliseconds };
}
