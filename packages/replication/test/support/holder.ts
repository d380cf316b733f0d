/** A person with a telephone number, who makes entries as a client would. */
import type { EntryDraft, Identifier, Signer, Visibility } from '@callbook/protocol';
import {
  commitPayload,
  deriveKeys,
  encodePayload,
  entryId,
  labelOf,
  signEntry,
  utf8,
} from '@callbook/protocol';

import type { LogSubmission } from '../../src/log/own-log.ts';
import type { OpenedPayload } from '../../src/view/payload-check.ts';
import { crypto, seedOf, vrfSecretKey } from './federation.ts';

export interface MadeEntry {
  readonly entry: Uint8Array;
  readonly entryId: Uint8Array;
  readonly opened?: OpenedPayload;
}

const prover = crypto.vrfProver(vrfSecretKey);

export class Holder {
  readonly identifier: Identifier;
  readonly label: Uint8Array;
  /** Who is told of payloads made from now on. */
  visibility: Visibility = 'dns';
  readonly #vrfProof: Uint8Array;
  #signer: Signer;
  #epoch = 0;
  #seq = 0;
  #ownershipId: Uint8Array | null = null;

  constructor(identifier: Identifier, secret = 'first') {
    this.identifier = identifier;
    this.label = labelOf(identifier, prover);
    this.#vrfProof = prover.prove(utf8(identifier));
    this.#signer = this.#authority(secret);
  }

  get authorityKey(): Uint8Array {
    return this.#signer.publicKey;
  }

  #authority(secret: string): Signer {
    const keys = deriveKeys(seedOf(secret), { labelEpoch: 1, identifier: this.identifier });
    return crypto.ed25519Signer(keys.authority.secretKey);
  }

  /** Opened payload with one SIP route. */
  payload(sip: string): OpenedPayload {
    const payload = encodePayload({
      identifier: this.identifier,
      visibility: this.visibility,
      routes: [{ service: 'sip', uri: sip, preference: 10 }],
      keys: [{ use: 'identity', algorithm: 'ed25519', key: this.#signer.publicKey }],
      vrfProof: this.#vrfProof,
    });
    return { opening: crypto.sha256(utf8(sip), this.label), payload };
  }

  /** Claims the identifier; without a route nothing is published. */
  async register(sip: string | null = 'sip:first@sip.test', after?: MadeEntry): Promise<MadeEntry> {
    if (after !== undefined) this.#epoch++;
    const prev = after?.entryId ?? null;
    const opened = sip === null ? undefined : this.payload(sip);
    const made = await this.#make({ kind: 'register', prev, seq: 0 }, opened);
    this.#ownershipId = made.entryId;
    this.#seq = 0;
    return made;
  }

  async update(sip: string, seq: number = this.#seq + 1): Promise<MadeEntry> {
    this.#seq = seq;
    return this.#make({ kind: 'update', prev: this.#ownershipId, seq }, this.payload(sip));
  }

  async rotate(secret: string, sip = 'sip:rotated@sip.test'): Promise<MadeEntry> {
    const old = this.#signer;
    this.#signer = this.#authority(secret);
    const made = await this.#make(
      { kind: 'rotate', prev: this.#ownershipId, seq: 0 },
      this.payload(sip),
      old,
    );
    this.#ownershipId = made.entryId;
    this.#seq = 0;
    return made;
  }

  async release(): Promise<MadeEntry> {
    return this.#make({ kind: 'release', prev: this.#ownershipId, seq: 0 });
  }

  /** Asks to replace whoever holds the identifier in `epoch`. */
  async request(epoch: number): Promise<MadeEntry> {
    this.#epoch = epoch;
    return this.#make({ kind: 'request', class: 'possession', prev: null, seq: 0 });
  }

  async commit(request: MadeEntry, sip = 'sip:next@sip.test'): Promise<MadeEntry> {
    this.#epoch++;
    const { entryId: requestId } = request;
    const fields = { kind: 'commit', request: requestId, prev: null, seq: 0 } as const;
    const made = await this.#make(fields, this.payload(sip));
    this.#ownershipId = made.entryId;
    this.#seq = 0;
    return made;
  }

  async veto(request: MadeEntry): Promise<MadeEntry> {
    const { entryId: requestId } = request;
    return this.#make({ kind: 'veto', request: requestId, prev: null, seq: 0 });
  }

  async #make(
    fields: Pick<EntryDraft, 'kind' | 'prev' | 'seq' | 'class' | 'request'>,
    opened?: OpenedPayload,
    rotatedBy?: Signer,
  ): Promise<MadeEntry> {
    const commitment =
      opened === undefined ? null : commitPayload(opened.opening, opened.payload, crypto);
    const draft: EntryDraft = {
      v: 1,
      labelEpoch: 1,
      label: this.label,
      epoch: this.#epoch,
      authority: this.#signer.publicKey,
      commitment,
      recovery: null,
      lock: false,
      email: null,
      ...fields,
    };
    const entry = await signEntry(
      draft,
      rotatedBy === undefined
        ? { authority: this.#signer }
        : { authority: rotatedBy, newAuthority: this.#signer },
    );
    const made = { entry, entryId: entryId(entry, crypto) };
    return opened === undefined ? made : { ...made, opened };
  }
}

/** What a member is asked to log. */
export function submissionOf(made: MadeEntry, role: LogSubmission['role']): LogSubmission {
  const { entry, opened } = made;
  return opened === undefined ? { entry, role } : { entry, role, opened };
}
