/**
 * What holders do with each other's published keys: something sealed to a peer, a request signed as one,
 * a call judged. The keys are looked up as ever, so whatever ends a look-up in an error ends these too.
 */
import {
  deriveKeys,
  type Clock,
  type Cryptography,
  type Identifier,
  type KeyPair,
  type Random,
  type Signer,
} from '@callbook/protocol';
import { clientError } from './errors.ts';
import { holdingPayload, type Holding } from './holding.ts';
import { signBearer as signBearerToken } from './http/bearer-token.ts';
import {
  ed25519RequestSigner,
  signAs as signRequestAs,
  type RequestSigner,
} from './http/sign-request.ts';
import { verifyAs as verifyRequestAs, type VerifiedRequest } from './http/verify-request.ts';
import { lookupKeys, type Lookup } from './lookup.ts';
import { boxKeyOf, open as openSealed, seal as sealTo } from './seal.ts';
import type { BoxAgreement } from './signers/box-agreement.ts';

export { verifyPeer } from './peer/peer-keys.ts';

/** How a peer is looked up, and what else is needed. */
export interface PeerPorts {
  readonly lookup: (identifier: Identifier) => Promise<Lookup>;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Cryptography;
}

/** Seals to the `box` key that `peer` publishes. Throws `box_key_missing`, and as `lookup` does. */
export async function seal(
  { lookup }: PeerPorts,
  peer: Identifier,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const boxKey = boxKeyOf(lookupKeys(await lookup(peer)));
  if (boxKey !== undefined) return await sealTo({ identifier: peer, boxKey }, plaintext);
  throw clientError('box_key_missing', 'the identifier publishes no key to seal to');
}

/** Opens what was sealed to a holding: by its seed, or by what has the secret of its `box` key. */
export async function open(
  holding: Holding,
  sealed: Uint8Array,
  box?: BoxAgreement,
): Promise<Uint8Array> {
  return await openSealed(
    { identifier: holding.identifier, box: box ?? derivedBox(holding) },
    sealed,
  );
}

function derivedBox(holding: Holding): KeyPair {
  if (holding.seed !== null) return deriveKeys(holding.seed, holding).box;
  throw clientError('signer_missing', 'nothing was given that has the box key of the holding');
}

/** Whose key signs: the identity key of the holding's seed, or that of `signer`. */
interface SignedBy {
  readonly holding: Holding;
  readonly signer: Signer | undefined;
}

/** Signs a request with a published Ed25519 key of a holding. Throws `signer_missing`. */
export async function signAs(ports: PeerPorts, request: Request, by: SignedBy): Promise<Request> {
  return await signRequestAs(request, publishedSigner(ports, by), ports);
}

/** Signs a bearer token with a published Ed25519 key of a holding. Throws `signer_missing`. */
export async function signBearer(
  ports: PeerPorts,
  audience: string,
  by: SignedBy,
): Promise<string> {
  return await signBearerToken(audience, publishedSigner(ports, by), ports);
}

/** Throws `signer_missing` where the holding publishes no such key. */
function publishedSigner(
  { crypto }: PeerPorts,
  { holding, signer = derivedIdentity(crypto, holding) }: SignedBy,
): RequestSigner {
  const publicKey = signer.publicKey.toHex();
  if (!holdingPayload(holding).keys.some(({ key }) => key.toHex() === publicKey)) {
    throw clientError('signer_missing', 'the holding does not publish the key of the signer');
  }
  return ed25519RequestSigner(holding.identifier, signer);
}

function derivedIdentity(crypto: Cryptography, holding: Holding): Signer {
  if (holding.seed === null) {
    throw clientError(
      'signer_missing',
      'nothing was given that has the identity key of the holding',
    );
  }
  return crypto.ed25519Signer(deriveKeys(holding.seed, holding).identity.secretKey);
}

/** Tells for whom a request was signed. Never throws for what was received. */
export async function verifyAs(
  { lookup, clock, crypto }: PeerPorts,
  request: Request,
): Promise<VerifiedRequest> {
  const keysOf = async (identifier: Identifier) => lookupKeys(await lookup(identifier));
  return await verifyRequestAs(request, { keysOf, clock, crypto });
}
