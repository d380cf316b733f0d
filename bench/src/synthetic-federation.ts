/**
 * A federation of three, or of five where a bench says so: what the benches of single parts run on.
 * Everything is signed as in production; only the keys are made from fixed seeds.
 */
import {
  commitPayload,
  deriveKeys,
  encodeCharter,
  encodePayload,
  encodeVerifierKey,
  entryId,
  labelOf,
  noteSigner,
  signEntry,
  signNote,
  utf8,
} from '@callbook/protocol';
import type {
  Charter,
  DerivedKeys,
  Ed25519Signer,
  EntryDraft,
  Identifier,
  Payload,
} from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { createReplica, memoryStore } from '@callbook/replication';
import type { OpenedPayload, Replica, ReplicaOptions, Store } from '@callbook/replication';

export const memberNames = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'] as const;
export type MemberName = (typeof memberNames)[number];
const memberCountDefault = 3;

const yearMs = 365 * 24 * 3_600_000;
const vrfSecretKey = seedOf('vrf');
const prover = crypto.vrfProver(vrfSecretKey);
/** Any well-formed peer id, for benches in which nobody dials. */
const peerIdsDefault: Partial<Record<MemberName, string>> = {
  alpha: '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp',
  beta: '12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust',
  gamma: '12D3KooWHHVPRYiXuWe8fuZ2j4kS9yPGsPAQyAS2gbTEzUkY7Lwu',
};

function seedOf(text: string): Uint8Array {
  return crypto.sha256(utf8(text));
}

/** How a replica is opened, where not as most benches want it. */
interface SyntheticOptions extends Pick<ReplicaOptions, 'indexed' | 'verifier'> {
  readonly memberCount?: number;
  /** Peer ids by member name, where members dial each other. */
  readonly peerIds?: Partial<Record<MemberName, string>>;
}

/** Opens the replica of one member over `store`. */
export async function openSyntheticReplica(
  name: MemberName,
  store: Store,
  { memberCount = memberCountDefault, peerIds = peerIdsDefault, ...options }: SyntheticOptions = {},
): Promise<Replica> {
  return await createReplica({
    indexed: true,
    ...options,
    store,
    crypto,
    clock: { nowMs: () => Date.now() },
    charterNotes: [charterNote(memberNames.slice(0, memberCount), peerIds)],
    memberName: name,
    logSigner: crypto.ed25519Signer(seedOf(`log ${name}`)),
    vrfSecretKey,
    ownLogConfirmed: true,
  });
}

/** What writes the log of a member without its replica. */
export interface SyntheticLog {
  readonly origin: string;
  readonly logSigner: Ed25519Signer;
  /** Hash of the charter. */
  readonly charter: Uint8Array;
  readonly charterNote: string;
}

/** The log of a member, for what writes it without a replica. */
export async function syntheticLog(name: MemberName): Promise<SyntheticLog> {
  const logSigner = crypto.ed25519Signer(seedOf(`log ${name}`));
  await using replica = await openSyntheticReplica(name, memoryStore());
  const { hash: charter, note } = replica.membership.charters.current;
  return { origin: replica.origin, logSigner, charter, charterNote: note };
}

function charterNote(
  members: readonly MemberName[],
  peerIds: Partial<Record<MemberName, string>>,
): string {
  const effectiveAtMs = 1_760_000_000_000;
  const hold = 3_600_000;
  const charter: Charter = {
    version: 1,
    previous: null,
    effectiveAtMs,
    expiresAtMs: effectiveAtMs + 10 * yearMs,
    labelEpoch: 1,
    vrfPublicKey: prover.publicKey.toBase64({ alphabet: 'base64url', omitPadding: true }),
    // As many as the number of members bears: none of three, one of five.
    faults: Math.floor((members.length - 1) / 4),
    holds: {
      recoveryMs: hold,
      emailMs: hold,
      possessionMs: hold,
      lockedMs: hold,
      releaseMs: hold,
      unlockMs: hold,
      emailChangeMs: hold,
      theftMs: hold,
      noticeMs: hold,
    },
    ruleset: { number: 1, activatesAtMs: effectiveAtMs },
    members: members.map((name) => ({
      name,
      organisation: name,
      legalForm: 'association',
      auditor: 'none',
      lastAudit: '2026-01-01',
      governanceKeys: [verifierKey(`${name}.test/governance`, `governance ${name}`)],
      logKey: verifierKey(`api.${name}.test/log`, `log ${name}`),
      peerId: peerIds[name]!,
      addresses: [],
      api: `https://api.${name}.test`,
      zone: `e164.${name}.test`,
      zoneDs: [],
      state: 'active',
    })),
    logs: [],
  };
  const signers = members.map((name) => {
    const signer = crypto.ed25519Signer(seedOf(`governance ${name}`));
    return noteSigner({ name: `${name}.test/governance`, signer }, crypto);
  });
  return signNote(encodeCharter(charter), signers);
}

function verifierKey(name: string, seed: string): string {
  const { publicKey } = crypto.ed25519Signer(seedOf(seed));
  return encodeVerifierKey({ name, publicKey, algorithm: 0x01 }, crypto);
}

export interface MadeEntry {
  readonly entry: Uint8Array;
  readonly opened: OpenedPayload;
}

/** All holders share their keys: deriving them is the phone's work, not what is measured. */
const holderKeys: DerivedKeys = deriveKeys(seedOf('holder'), {
  labelEpoch: 1,
  identifier: 'tel:+4915100000000',
});
const holderSigner = crypto.ed25519Signer(holderKeys.authority.secretKey);

/** A holder of one number who registers once and then changes routes. */
export class SyntheticHolder {
  readonly digits: string;
  readonly #identifier: Identifier;
  readonly #label: Uint8Array;
  readonly #vrfProof: Uint8Array;
  #ownershipId: Uint8Array | null = null;
  #seq = 0;

  /** `position` picks the number: +4915 and nine digits. */
  constructor(position: number) {
    this.digits = `4915${String(100_000_000 + position)}`;
    this.#identifier = `tel:+${this.digits}`;
    this.#label = labelOf(this.#identifier, prover);
    this.#vrfProof = prover.prove(utf8(this.#identifier));
  }

  async register(): Promise<MadeEntry> {
    const made = await this.#make({ kind: 'register', prev: null, seq: 0 });
    this.#ownershipId = entryId(made.entry, crypto);
    return made;
  }

  async update(): Promise<MadeEntry> {
    return await this.#make({ kind: 'update', prev: this.#ownershipId, seq: ++this.#seq });
  }

  async #make(part: Pick<EntryDraft, 'kind' | 'prev' | 'seq'>): Promise<MadeEntry> {
    const payload = encodePayload(this.#payload(part.seq));
    const opening = crypto.sha256(payload);
    const entry = await signEntry(
      {
        ...part,
        v: 1,
        labelEpoch: 1,
        label: this.#label,
        epoch: 0,
        authority: holderSigner.publicKey,
        commitment: commitPayload(opening, payload, crypto),
        recovery: null,
        lock: false,
        email: null,
      },
      { authority: holderSigner },
    );
    return { entry, opened: { payload, opening } };
  }

  #payload(seq: number): Payload {
    const { identity, sip, box } = holderKeys;
    return {
      identifier: this.#identifier,
      visibility: 'dns',
      routes: [{ service: 'sip', uri: `sip:${this.digits}.${seq}@sip.example`, preference: 10 }],
      keys: [
        { use: 'identity', algorithm: 'ed25519', key: identity.publicKey },
        { use: 'sip', algorithm: 'p256', key: sip.publicKey },
        { use: 'box', algorithm: 'x25519', key: box.publicKey },
      ],
      vrfProof: this.#vrfProof,
    };
  }
}

/** Logs entries in batches as a busy member would; throws when one is refused. */
export async function logAll(
  replica: Replica,
  entries: readonly MadeEntry[],
  role: 'challenged' | 'received',
): Promise<void> {
  for (let first = 0; first < entries.length; first += 256) {
    const batch = entries.slice(first, first + 256);
    const verdicts = await Promise.all(batch.map((made) => replica.log({ ...made, role })));
    const refused = verdicts.find(({ verdict }) => verdict !== 'accept');
    if (refused !== undefined && refused.verdict !== 'accept') throw new Error(refused.code);
  }
}

/** Pages of a log from `first` on, as another member would fetch them. */
export async function pagesFrom(
  source: Replica,
  origin: string,
  first: number,
): Promise<NonNullable<Awaited<ReturnType<Replica['page']>>>[]> {
  const pages = [];
  for (let at = first; ;) {
    const page = await source.page(origin, at);
    if (page === undefined || page.leaves.length === 0) return pages;
    pages.push(page);
    at += page.leaves.length;
  }
}

/** Takes pages in; throws when one is refused. */
export async function ingestAll(
  replica: Replica,
  pages: readonly Parameters<Replica['ingest']>[0][],
): Promise<void> {
  for (const page of pages) {
    const verdict = await replica.ingest(page);
    if (verdict.verdict !== 'accept') throw new Error(verdict.code);
  }
}
