/** An app in a page that talks to peers by their published keys: seals, opens, signs and verifies. */
import {
  boxKeyOf,
  createDirectory,
  ed25519RequestSigner,
  lookupKeys,
  open,
  seal,
  signAs,
  verifyAs,
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
