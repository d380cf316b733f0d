/**
 * Backups of seeds; apart from the rest because of what it brings along (`age`, a list of words).
 * @module @callbook/client/backup
 */
export { encodeBackupWords, parseBackupWords } from './backup-words.ts';
export { encodeBackupFile, parseBackupFile } from './backup-file.ts';
export type { BackedUpSeed } from './backup-file.ts';
