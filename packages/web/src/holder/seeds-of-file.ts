/** Opens an encrypted backup; apart from the screen, which loads it when there is a file to open. */
import { parseBackupFile, type BackedUpSeed } from '@callbook/client/backup';

/** The seeds in a backup file. Throws `backup_file_malformed`, `backup_passphrase_wrong`. */
export async function seedsOfFile(file: File, passphrase: string): Promise<BackedUpSeed[]> {
  return await parseBackupFile(await file.text(), passphrase);
}
