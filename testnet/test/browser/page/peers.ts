/** An app in a page that talks to peers by their published keys: seals, opens, signs and verifies. */
import {
  boxKeyOf,
  createDirectory,
  ed25519RequestSigner,
  holdingPayload,
  lookupKeys,
  open,
  seal,
  signAs,
  verifyAs,
  webCryptoAgreement,
  webCryptoSigner,
} from '@callbook/client';
import { deriveKeys, type DerivedKeys, type Identifier } from '@callbook/protocol';
import { nobleCryptography as cryptography } from '@callbook/protocol/crypto/noble';

declare global {
  var peers: Peers;
}

const seed = globalThis.crypto.getRandomValues(new Uint8Array(32));
const clock = { nowMs: () => Date.now() };
const random = { bytes: (size: number) => globalThis.crypto.getRandomValues(new Uint8Array(size)) };

class Peers {
  #keys: DerivedKeys | undefined;

  async claim(charterNote: string, identifier: Identifier): Promise<void> {
    const { labelEpoch } = await createDirectory({ charterNote }).claim({
      identifier,
      seed,
      routes: [],
      visibility: 'dns',
      form: 'digits',
      code: async ({ to }) => await codeSentTo(to),
    });
    this.#keys = deriveKeys(seed, { labelEpoch, identifier });
  }

  /** Seals a text to whoever holds an identifier, and opens it again with the keys of the seed. */
  async sealAndOpen(charterNote: string, identifier: Identifier, text: string): Promise<string> {
    const found = await createDirectory({ charterNote }).lookup(identifier);
    const boxKey = found.state === 'published' ? boxKeyOf(found.binding.keys) : undefined;
    if (boxKey === undefined) throw new Error('no box key is published');
    const sealed = await seal({ identifier, boxKey }, new TextEncoder().encode(text));
    const { box } = this.#keys!;
    return new TextDecoder().decode(await open({ identifier, box }, sealed));
  }

  /**
   * Claims an identifier with keys that the browser lets nobody read, changes what it publishes, and opens
   * what was sealed to it. Returns what was opened, after the code of trying to read a key.
   */
  async claimUnreadable(charterNote: string, identifier: Identifier): Promise<string[]> {
    const { subtle } = globalThis.crypto;
    const pair = await subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    const boxPair = await subtle.generateKey('X25519', false, ['deriveBits']);
    if (!('privateKey' in pair && 'privateKey' in boxPair)) throw new Error('no pairs');
    const read = subtle.exportKey('pkcs8', pair.privateKey);
    const refusal = await read.then(
      () => 'read',
      (error: Error) => error.name,
    );
    const signer = await webCryptoSigner(pair);
    const box = await webCryptoAgreement(boxPair);
    const directory = createDirectory({ charterNote, signers: () => signer });
    const holding = await directory.claim({
      identifier,
      signer,
      keys: [{ use: 'box', algorithm: 'x25519', key: box.publicKey }],
      routes: [],
      visibility: 'dns',
      form: 'digits',
      code: async ({ to }) => await codeSentTo(to),
    });
    const routes = [{ service: 'sip', uri: 'sip:dora@sip.example', preference: 10 }] as const;
    const changed = await directory.publish(holding, { routes });
    const boxKey = boxKeyOf(holdingPayload(changed).keys)!;
    const sealed = await seal({ identifier, boxKey }, new TextEncoder().encode('for nobody else'));
    const opened = await directory.open(changed, sealed, box);
    return [refusal, new TextDecoder().decode(opened)];
  }

  /** Signs a request as an identifier, and tells for whom a server takes it, or why not. */
  async signAndVerify(
    charterNote: string,
    identifier: Identifier,
    changed: string,
  ): Promise<string> {
    const { identity } = this.#keys!;
    const signer = ed25519RequestSigner(identifier, cryptography.ed25519Signer(identity.secretKey));
    const request = new Request('https://service.example/inbox', { method: 'POST', body: 'text' });
    const signed = await signAs(request, signer, { clock, random });
    const directory = createDirectory({ charterNote });
    const verified = await verifyAs(new Request(signed, changed === '' ? {} : { body: changed }), {
      keysOf: async (peer) => lookupKeys(await directory.lookup(peer)),
      clock,
      crypto: cryptography,
    });
    return verified.state === 'verified' ? verified.identifier : verified.code;
  }
}

globalThis.peers = new Peers();
