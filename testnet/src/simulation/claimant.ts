/** Somebody with an identifier and keys, who makes entries as a client would. */
import type { Entry, EntryDraft, Identifier, RequestClass, Signer } from '@callbook/protocol';
import {
  commitPayload,
  encodePayload,
  entryId,
  labelOf,
  signEntry,
  utf8,
} from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { OpenedPayload } from '@callbook/replication';

export interface MadeEntry {
  readonly kind: Entry['kind'];
  readonly entry: Uint8Array;
  /** 32 bytes. */
  readonly entryId: Uint8Array;
  readonly opened?: OpenedPayload;
}

/** What an entry builds on. */
export interface Ground {
  readonly epoch: number;
  /** Ownership entry in force, 32 bytes; null for the first register. */
  readonly prev: Uint8Array | null;
  /** Number of the authority key in use, from 0. */
  readonly generation: number;
}

interface EntryFields {
  readonly epoch: number;
  readonly prev: Uint8Array | null;
  readonly kind: Entry['kind'];
  readonly seq?: number;
  readonly request?: Uint8Array;
  readonly class?: RequestClass;
}

export class Claimant {
  readonly name: string;
  readonly identifier: Identifier;
  /** 32 bytes. */
  readonly label: Uint8Array;
  readonly #seed: string;
  readonly #vrfProof: Uint8Array;
  #made = 0;

  constructor(
    name: string,
    identifier: Identifier,
    secrets: { readonly seed: string; readonly vrfSecretKey: Uint8Array },
  ) {
    this.name = name;
    this.identifier = identifier;
    this.#seed = `${secrets.seed} ${name} ${identifier}`;
    const prover = crypto.vrfProver(secrets.vrfSecretKey);
    this.label = labelOf(identifier, prover);
    this.#vrfProof = prover.prove(utf8(identifier));
  }

  /** Authority keys are numbered; this is the public half of one, 32 bytes. */
  authority(generation: number): Uint8Array {
    return this.#signer(generation).publicKey;
  }

  register(ground: Ground): Promise<MadeEntry> {
    return this.#make({ kind: 'register', ...groundOf(ground) }, ground.generation);
  }

  update(ground: Ground, seq: number): Promise<MadeEntry> {
    return this.#make({ kind: 'update', seq, ...groundOf(ground) }, ground.generation);
  }

  /** Signed by the key in use and by the next one. */
  rotate(ground: Ground): Promise<MadeEntry> {
    return this.#make({ kind: 'rotate', ...groundOf(ground) }, ground.generation);
  }

  release(ground: Ground): Promise<MadeEntry> {
    return this.#make({ kind: 'release', ...groundOf(ground) }, ground.generation);
  }

  request(epoch: number): Promise<MadeEntry> {
    return this.#make({ kind: 'request', epoch, prev: null, class: 'possession' }, 0);
  }

  /** Opens the epoch after that of the request. */
  commit(epoch: number, request: Uint8Array): Promise<MadeEntry> {
    return this.#make({ kind: 'commit', epoch, prev: null, request }, 0);
  }

  veto({ epoch, generation }: Ground, request: Uint8Array): Promise<MadeEntry> {
    return this.#make({ kind: 'veto', epoch, prev: null, request }, generation);
  }

  #signer(generation: number): Signer {
    return crypto.ed25519Signer(crypto.sha256(utf8(`${this.#seed} authority ${generation}`)));
  }

  async #make(fields: EntryFields, generation: number): Promise<MadeEntry> {
    const { kind } = fields;
    const old = this.#signer(generation);
    const current = kind === 'rotate' ? this.#signer(generation + 1) : old;
    const hasPayload = !['release', 'request', 'veto'].includes(kind);
    const opened = hasPayload ? this.#payload(current.publicKey) : undefined;
    const commitment =
      opened === undefined ? null : commitPayload(opened.opening, opened.payload, crypto);
    const draft: EntryDraft = {
      v: 1,
      labelEpoch: 1,
      label: this.label,
      seq: 0,
      authority: current.publicKey,
      commitment,
      recovery: null,
      lock: false,
      email: null,
      ...fields,
    };
    const signers =
      kind === 'rotate' ? { authority: old, newAuthority: current } : { authority: current };
    const entry = await signEntry(draft, signers);
    const made = { kind, entry, entryId: entryId(entry, crypto) };
    return opened === undefined ? made : { ...made, opened };
  }

  #payload(publishedKey: Uint8Array): OpenedPayload {
    const uri = `sip:${this.name}-${++this.#made}@sip.example`;
    const payload = encodePayload({
      identifier: this.identifier,
      visibility: 'dns',
      routes: [{ service: 'sip', uri, preference: 10 }],
      keys: [{ use: 'identity', algorithm: 'ed25519', key: publishedKey }],
      vrfProof: this.#vrfProof,
    });
    return { opening: crypto.sha256(utf8(uri), this.label), payload };
  }
}

function groundOf({ epoch, prev }: Ground): Pick<Ground, 'epoch' | 'prev'> {
  return { epoch, prev };
}
