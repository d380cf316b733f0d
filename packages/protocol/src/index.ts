/** The protocol's public names; its three cryptography implementations have exports of their own. */

export { accept, ignore, reject } from './verdict.ts';
export type { Accept, Refusal, Verdict } from './verdict.ts';
export { DirectoryError, verdictCodes } from './errors.ts';
export type { VerdictCode } from './errors.ts';
export type { Clock, Random } from './ports.ts';
export type { Cryptography, Ed25519Signer, VrfProver } from './crypto/cryptography.ts';
export type { PublishedBinding } from './published-binding.ts';
