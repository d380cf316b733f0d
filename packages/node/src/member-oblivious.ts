/**
 * This member as an oblivious gateway and relay: keys in memory, what they hash to in its zone, and the charter in
 * force for whom it relays to.
 */
import { ObliviousService } from '@callbook/api';
import { noteSigner } from '@callbook/protocol';
import type { Cryptography, Ed25519Signer } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import type { NodeConfig } from './config.ts';
import { readCa } from './member-senders.ts';
import { systemClock, systemRandom } from './system-ports.ts';
import type { ZoneServer } from './zone-server.ts';

export interface MemberOblivious extends Disposable {
  readonly service: ObliviousService;
}

export interface MemberObliviousParts {
  readonly replica: Replica;
  readonly crypto: Cryptography;
  readonly logSigner: Ed25519Signer;
  readonly zone: Pick<ZoneServer, 'announceObliviousKeys'>;
}

/** Starts it, unless it is switched off; throws `certificate_unreadable`. */
export async function startMemberOblivious(
  { member, oblivious = {} }: NodeConfig,
  { replica, crypto, logSigner, zone }: MemberObliviousParts,
): Promise<MemberOblivious | undefined> {
  if (oblivious.enabled === false) return undefined;
  const { authorities, relayHoldMilliseconds } = oblivious;
  const { ca } = await readCa(authorities === undefined ? {} : { ca: authorities });
  const service = new ObliviousService({
    charter: () => replica.membership.charters.current.charter,
    memberName: member,
    signer: noteSigner({ name: replica.origin, signer: logSigner }, crypto),
    clock: systemClock,
    random: systemRandom,
    crypto,
    relayHoldMs: relayHoldMilliseconds,
    certificateAuthorities: ca === undefined ? undefined : [ca],
  });
  const announce = (): void => zone.announceObliviousKeys(service.keys.hashes);
  announce();
  const stop = service.keys.onChange(announce);
  return {
    service,
    [Symbol.dispose]: () => {
      stop();
      service[Symbol.dispose]();
    },
  };
}
