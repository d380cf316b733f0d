/**
 * OpenPGP certificates from the seed; apart from the rest because of what it brings along (`openpgp`).
 * @module @callbook/client/openpgp
 */
export { openPgpKey } from './openpgp-key.ts';
export type { OpenPgpKey, OpenPgpUserId } from './openpgp-key.ts';
