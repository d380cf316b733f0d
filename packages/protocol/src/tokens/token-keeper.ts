/**
 * Which member keeps the mark that a token is spent: the one whose name, hashed with the token, is least. So
 * all members ask the same one, each keeps its share, and a member that comes or goes moves no other's
 * tokens. The token decides, and was drawn before anybody saw it; it says nothing of what it is spent on.
 */
import { compareBytes, concatBytes, utf8 } from '../bytes.ts';
import type { Charter, CharterMember } from '../charter/charter.ts';
import { activeMembers } from '../charter/quorum.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import type { Token } from './privacy-pass.ts';

/** Octets by which a token that is spent is known again. */
const spentIdBytes = 16;

/** Returns the name under which a token is marked as spent, 16 bytes. */
export function spentIdOf(token: Token, crypto: Pick<Cryptography, 'sha256'>): Uint8Array {
  const { tokenKeyId, nonce } = token;
  return crypto.sha256(utf8('callbook/1 spent\n'), tokenKeyId, nonce).slice(0, spentIdBytes);
}

/** Returns the active member that keeps the mark. */
export function keeperOf(
  spentId: Uint8Array,
  charter: Charter,
  crypto: Pick<Cryptography, 'sha256'>,
): CharterMember {
  const ranked = activeMembers(charter).map((member) => {
    return { member, rank: crypto.sha256(concatBytes(spentId, utf8(member.name))) };
  });
  return ranked.reduce((least, one) => (compareBytes(one.rank, least.rank) < 0 ? one : least))
    .member;
}
