/**
 * Gets a holder's tokens of several members into a wallet: each member gives its share of the budget, and each
 * issuer's key is compared with what another member lists. Members that give none are told, with why.
 */
import {
  activeMembers,
  tokenRequestsMax,
  type CharterMember,
  type Cryptography,
} from '@callbook/protocol';
import type { Clock, Random, Signer } from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import type { Directory } from '../directory.ts';
import type { Holding } from '../holding.ts';
import { shuffled } from '../shuffle.ts';
import { authorityOf } from '../signers/authority-signer.ts';
import { fetchTokens, type HeldToken, type TokenRefusal } from './fetch-tokens.ts';

export interface FillWalletOptions {
  readonly directory: Pick<Directory, 'charter' | 'walk'>;
  /** Whose tokens they are. */
  readonly holding: Holding;
  readonly wallet: { add(tokens: readonly HeldToken[]): Promise<void> };
  /** How many to get. */
  readonly wanted: number;
  /** Has the authority key, where the seed of the holding does not make it. */
  readonly signer?: Signer | undefined;
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly crypto?: Cryptography;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface FilledWallet {
  readonly added: number;
  /** Members that gave fewer than they were asked for. */
  readonly refusals: readonly {
    readonly member: string;
    readonly code: TokenRefusal;
    readonly retryAfterSeconds?: number;
  }[];
}

/** Asks the members in random order until there are enough. Throws what the signer throws, and `directory_unavailable`. */
export async function fillWallet(options: FillWalletOptions): Promise<FilledWallet> {
  const { directory, holding, wallet, wanted, signer } = options;
  const { crypto = nobleCryptography, clock = systemClock, random = systemRandom } = options;
  const { fetch = async (request) => await globalThis.fetch(request) } = options;
  await directory.walk();
  const { charter } = directory;
  const signing = await authorityOf({ crypto, signers: () => signer }, holding);
  const owner = {
    ownershipId: holding.ownershipId,
    sign: async (message: Uint8Array) => await signing.sign(message),
  };
  const shared = { charter, owner, crypto, clock, random, fetch };
  const refusals: FilledWallet['refusals'][number][] = [];
  let added = 0;
  for (const issuer of shuffled(activeMembers(charter), random)) {
    const witness = witnessFor(issuer, activeMembers(charter), random);
    while (added < wanted) {
      const count = Math.min(tokenRequestsMax, wanted - added);
      const fetched = await fetchTokens({ ...shared, issuer, witness, count });
      if (fetched.state === 'refused') {
        const { state: _refused, ...why } = fetched;
        refusals.push({ member: issuer.name, ...why });
        break;
      }
      // In the store before more are asked for: what is issued is gone from the budget.
      await wallet.add(fetched.tokens);
      added += fetched.tokens.length;
    }
  }
  return { added, refusals };
}

function witnessFor(
  issuer: CharterMember,
  members: readonly CharterMember[],
  random: Random,
): CharterMember | undefined {
  return shuffled(
    members.filter(({ name }) => name !== issuer.name),
    random,
  )[0];
}

const systemClock: Clock = { nowMs: () => Date.now() };
const systemRandom: Random = {
  bytes: (size) => globalThis.crypto.getRandomValues(new Uint8Array(size)),
};
