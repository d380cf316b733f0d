/**
 * What a generated federation consists of, binding by binding, as records of one size in a file: all that is
 * expensive to make (label and proof, signature, and the hashes on the way there). Everything else follows
 * from a binding's position: its number, its keys, its route. So the first records of a file are those of a
 * smaller federation, a file that was cut short is continued, and one file serves all members and sizes.
 */
import {
  commitPayload,
  deriveKeys,
  encodePayload,
  entryId as idOf,
  signEntry,
} from '@callbook/protocol';
import type { DerivedKeys, Ed25519Signer, Payload } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { Template } from './large-template.ts';
import type { Values } from './large-template.ts';
import { openVrf } from './large-vrf.ts';
import type { OpenLabel } from './large-vrf.ts';

/** One binding: the identifier's label, and what its holder has signed. */
export interface SignedRecord extends OpenLabel {
  /** Of the register entry, 64 bytes. */
  readonly signature: Uint8Array;
  /** 32 bytes each. */
  readonly commitment: Uint8Array;
  readonly entryId: Uint8Array;
}

const fields = { label: 32, vrfProof: 80, signature: 64, commitment: 32, entryId: 32 } as const;

const fieldNames = Object.keys(fields) as (keyof typeof fields)[];

/** Size of a record in its file. */
export const recordBytes: number = Object.values(fields).reduce((sum, size) => sum + size, 0);

/** Records of one federation differ from another's by its VRF secret alone. */
export const labelEpoch = 1;

/**
 * Deriving keys is the phone's work, and takes two milliseconds. So there are fewer holders' keys than
 * bindings; those that stand together in a bundle or a block of a store all have others.
 */
export const keySetCount = 256;

/** Keys of holder 0, 1, …, for bindings in turn. */
export function holderKeySets(): DerivedKeys[] {
  return Array.from({ length: keySetCount }, (_nothing, holder) =>
    deriveKeys(crypto.sha256(Buffer.from(`holder ${holder}`)), {
      labelEpoch,
      identifier: identifierAt(holder),
    }),
  );
}

/** The number at a position. */
export function identifierAt(position: number): `tel:+${string}` {
  return `tel:+4915${100_000_000 + position}`;
}

/** What the holder at a position publishes. */
export function payloadAt(
  position: number,
  { identity, sip, box }: DerivedKeys,
  vrfProof: Uint8Array,
): Payload {
  const identifier = identifierAt(position);
  return {
    identifier,
    visibility: 'dns',
    routes: [
      {
        service: 'sip',
        uri: `sip:${identifier.slice('tel:+'.length)}@sip.example`,
        preference: 10,
      },
    ],
    keys: [
      { use: 'identity', algorithm: 'ed25519', key: identity.publicKey },
      { use: 'sip', algorithm: 'p256', key: sip.publicKey },
      { use: 'box', algorithm: 'x25519', key: box.publicKey },
    ],
    vrfProof,
  };
}

/** The opening of a payload's commitment: what a phone draws at random. */
export function openingOf(payload: Uint8Array): Uint8Array {
  return crypto.sha256(payload);
}

/** Signs for the holders of a federation whose VRF secret everybody may know. */
export class RecordSigner {
  readonly #open: (identifier: string) => OpenLabel;
  readonly #keys: readonly { readonly values: Values; readonly signer: Ed25519Signer }[];
  readonly #templates: Promise<RegisterTemplates>;

  constructor(vrfSecretKey: Uint8Array, keySets: readonly DerivedKeys[]) {
    this.#open = openVrf(vrfSecretKey);
    this.#keys = keySets.map((set) => {
      return { values: keyValues(set), signer: crypto.ed25519Signer(set.authority.secretKey) };
    });
    this.#templates = registerTemplates(keySets[0]!, this.#open(identifierAt(0)));
  }

  /** Signs the registers from a position on, and returns their records. */
  async records(first: number, count: number): Promise<Uint8Array> {
    const templates = await this.#templates;
    const all = new Uint8Array(count * recordBytes);
    for (let place = 0; place < count; place += 1) {
      const record = this.#record(first + place, templates);
      let at = place * recordBytes;
      for (const name of fieldNames) {
        all.set(record[name], at);
        at += fields[name];
      }
    }
    return all;
  }

  #record(position: number, templates: RegisterTemplates): SignedRecord {
    const { label, vrfProof } = this.#open(identifierAt(position));
    const { values: keys, signer } = this.#keys[position % keySetCount]!;
    const payload = templates.payload.with({ ...keys, vrfProof, digits: digitsAt(position) });
    const commitment = commitPayload(openingOf(payload), payload, crypto);
    const entry = { ...keys, label, commitment };
    const signature = signer.sign(templates.signed.with(entry));
    const entryId = idOf(templates.entry.with({ ...entry, signature }), crypto);
    return { label, vrfProof, signature, commitment, entryId };
  }
}

/** The bytes of a register entry and of what belongs to it, to be filled in. */
interface RegisterTemplates {
  readonly payload: Template;
  /** What the holder signs. */
  readonly signed: Template;
  readonly entry: Template;
}

async function registerTemplates(keys: DerivedKeys, opened: OpenLabel): Promise<RegisterTemplates> {
  const { payload, commitment, entry, signed, signature } = await registerAt(0, keys, opened);
  const values = { ...keyValues(keys), ...opened, commitment, signature, digits: digitsAt(0) };
  return {
    payload: new Template(payload, values),
    signed: new Template(signed, values),
    entry: new Template(entry, values),
  };
}

/** A register entry with its payload, as a phone makes it. */
export async function registerAt(
  position: number,
  keys: DerivedKeys,
  { label, vrfProof }: OpenLabel,
): Promise<{
  readonly payload: Uint8Array;
  readonly commitment: Uint8Array;
  readonly entry: Uint8Array;
  /** What the signature is over. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}> {
  const payload = encodePayload(payloadAt(position, keys, vrfProof));
  const commitment = commitPayload(openingOf(payload), payload, crypto);
  const { publicKey, sign } = crypto.ed25519Signer(keys.authority.secretKey);
  let signed: Uint8Array = new Uint8Array(0);
  let signature = signed;
  const authority = {
    publicKey,
    sign: (message: Uint8Array): Uint8Array => {
      signed = message;
      return (signature = sign(message));
    },
  };
  const entry = await signEntry(
    {
      v: 1,
      kind: 'register',
      labelEpoch,
      label,
      epoch: 0,
      seq: 0,
      prev: null,
      authority: publicKey,
      commitment,
      recovery: null,
      lock: false,
      email: null,
    },
    { authority },
  );
  return { payload, commitment, entry, signed, signature };
}

/** Public keys of a holder, as templates name them. */
export function keyValues({ authority, identity, sip, box }: DerivedKeys): Values {
  return {
    authority: authority.publicKey,
    identity: identity.publicKey,
    sip: sip.publicKey,
    box: box.publicKey,
  };
}

/** The digits of a number, as they stand in its identifier and its route. */
export function digitsAt(position: number): Uint8Array {
  return Buffer.from(identifierAt(position).slice('tel:+'.length), 'latin1');
}

/** Views of a record that stands in memory with others. */
export function recordIn(records: Uint8Array, place: number): SignedRecord {
  let at = place * recordBytes;
  const next = (size: number): Uint8Array => records.subarray(at, (at += size));
  return {
    label: next(fields.label),
    vrfProof: next(fields.vrfProof),
    signature: next(fields.signature),
    commitment: next(fields.commitment),
    entryId: next(fields.entryId),
  };
}
