/**
 * Whether a call or a message may go ahead: one table, by what was found and by how strict the user
 * is. The weakest stream decides, and of several findings the one that is treated most strictly.
 */

/**
 * `require-keys`: only with a peer whose published key vouches for what is said. `prefer-keys`: as it
 * comes with peers that have no keys, never below what a peer with keys can do. `allow-plain`: refuse
 * nothing but what is false.
 */
export type PeerPolicy = 'require-keys' | 'prefer-keys' | 'allow-plain';

/** What is to be done about a call or a message. */
export type PeerAction = 'allow' | 'warn' | 'refuse';

/** What was found; stable, for programs to match and for translations. */
export type PeerReason =
  | 'verified'
  | 'offer_malformed'
  | 'signature_mismatch'
  | 'claims_mismatch'
  | 'fingerprint_mismatch'
  | 'keys_unbound'
  | 'keys_plain'
  | 'no_keys_encrypted'
  | 'no_keys_plain'
  | 'keys_vanished'
  | 'key_changed'
  | 'directory_bogus'
  | 'directory_unavailable';

type Row = readonly [PeerAction, PeerAction, PeerAction];

const table: Readonly<Record<PeerReason, Row>> = {
  /** The published key vouches for every stream. */
  verified: ['allow', 'allow', 'allow'],
  offer_malformed: ['refuse', 'refuse', 'refuse'],
  /** Not by any published key. */
  signature_mismatch: ['refuse', 'refuse', 'refuse'],
  /** Signed for other parties, or at another time. */
  claims_mismatch: ['refuse', 'refuse', 'refuse'],
  /** Signed for other media keys than are offered. */
  fingerprint_mismatch: ['refuse', 'refuse', 'refuse'],
  /** Keys are published; what is offered is encrypted, but no published key vouches for it. */
  keys_unbound: ['refuse', 'warn', 'warn'],
  /** Keys are published, and yet something is offered in the clear. */
  keys_plain: ['refuse', 'refuse', 'warn'],
  no_keys_encrypted: ['refuse', 'allow', 'allow'],
  no_keys_plain: ['refuse', 'warn', 'allow'],
  /** There were keys when the peer was seen last, and now it is proven that there are none. */
  keys_vanished: ['refuse', 'refuse', 'allow'],
  key_changed: ['refuse', 'warn', 'warn'],
  directory_bogus: ['refuse', 'refuse', 'warn'],
  directory_unavailable: ['refuse', 'refuse', 'warn'],
};

const columns: readonly PeerPolicy[] = ['require-keys', 'prefer-keys', 'allow-plain'];

const strictness: readonly PeerAction[] = ['allow', 'warn', 'refuse'];

/** What is to be done, and why. */
export interface PeerVerdict {
  readonly action: PeerAction;
  /** What decided. */
  readonly reason: PeerReason;
  /** Everything that was found, strictest first. */
  readonly reasons: readonly PeerReason[];
}

/** Every reason that a verdict about a peer can have. */
export const peerReasons = Object.keys(table) as readonly PeerReason[];

/** Returns what `policy` does about one finding. */
export function actionFor(reason: PeerReason, policy: PeerPolicy): PeerAction {
  return table[reason][columns.indexOf(policy)] ?? 'refuse';
}

/** Returns what `policy` does about all `found`, of which there is at least one. */
export function decide(found: readonly PeerReason[], policy: PeerPolicy): PeerVerdict {
  const rank = (reason: PeerReason): number => strictness.indexOf(actionFor(reason, policy));
  const reasons = [...new Set(found)].sort((a, b) => rank(b) - rank(a));
  const reason = reasons[0] ?? 'offer_malformed';
  return { action: actionFor(reason, policy), reason, reasons };
}
