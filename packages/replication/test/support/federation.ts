/** A founding charter with all its secrets, made from the same seeds each time. */
import type { Charter, CharterMember, Cryptography } from '@callbook/protocol';
import { encodeCharter, encodeVerifierKey, noteSigner, signNote } from '@callbook/protocol';
import { sodiumCryptography } from '@callbook/protocol/crypto/sodium';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { PrivateKey } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';

import { createReplica } from '../../src/replica.ts';
import type { Replica } from '../../src/replica.ts';
import type { ReplicaOptions } from '../../src/replica-parts.ts';
import { memoryStore } from '../../src/store/memory-store.ts';

export const crypto: Cryptography = sodiumCryptography;

export const seedOf = (text: string): Uint8Array => crypto.sha256(new TextEncoder().encode(text));

export const vrfSecretKey = seedOf('vrf');

export interface MemberSecrets {
  readonly name: string;
  readonly origin: string;
  readonly logSecretKey: Uint8Array;
  readonly peerKey: PrivateKey;
}

export interface TestFederation {
  readonly charter: Charter;
  readonly note: string;
  readonly members: readonly MemberSecrets[];
}

const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta'];

export interface FederationOptions {
  readonly count?: number;
  readonly faults?: number;
  readonly releaseMs?: number;
}

export async function foundFederation(options: FederationOptions = {}): Promise<TestFederation> {
  const members = await Promise.all(names.slice(0, options.count ?? 3).map(memberSecrets));
  const hour = 3600_000;
  const charter: Charter = {
    version: 1,
    previous: null,
    effectiveAtMs: 1_700_000_000_000,
    expiresAtMs: 1_700_000_000_000 + 5 * 365 * 24 * hour,
    labelEpoch: 1,
    vrfPublicKey: text(crypto.vrfProver(vrfSecretKey).publicKey),
    faults: options.faults ?? 0,
    holds: {
      recoveryMs: hour,
      emailMs: 24 * hour,
      possessionMs: 72 * hour,
      lockedMs: 168 * hour,
      releaseMs: options.releaseMs ?? 72 * hour,
      unlockMs: 168 * hour,
      emailChangeMs: 72 * hour,
      theftMs: 72 * hour,
      noticeMs: 168 * hour,
    },
    ruleset: { number: 1, activatesAtMs: 1_700_000_000_000 },
    members: members.map(charterMember),
    logs: [],
  };
  return { charter, members, note: signCharter(charter, members) };
}

/** What the charter says of a member that is active. */
export function charterMember(secrets: MemberSecrets): CharterMember {
  const { name, origin, logSecretKey, peerKey } = secrets;
  return {
    name,
    organisation: `${name} e.V.`,
    legalForm: 'registered association',
    auditor: 'Audit Ltd',
    lastAudit: '2026-01-31',
    governanceKeys: [verifierKey(`${name}.test/governance`, governanceKey(name))],
    logKey: verifierKey(origin, logSecretKey),
    peerId: peerIdFromPrivateKey(peerKey).toString(),
    addresses: [],
    api: `https://api.${name}.test`,
    zone: `e164.${name}.test`,
    zoneDs: [],
    state: 'active',
  };
}

/** The note of a charter, signed by the governance keys of these members. */
export function signCharter(charter: Charter, by: readonly { readonly name: string }[]): string {
  const signers = by.map(({ name }) =>
    noteSigner(
      { name: `${name}.test/governance`, signer: crypto.ed25519Signer(governanceKey(name)) },
      crypto,
    ),
  );
  return signNote(encodeCharter(charter), signers);
}

export async function memberSecrets(name: string): Promise<MemberSecrets> {
  return {
    name,
    origin: `api.${name}.test/log`,
    logSecretKey: seedOf(`log ${name}`),
    peerKey: await generateKeyPairFromSeed('Ed25519', seedOf(`peer ${name}`)),
  };
}

const governanceKey = (name: string): Uint8Array => seedOf(`governance ${name}`);

function verifierKey(name: string, secretKey: Uint8Array): string {
  const { publicKey } = crypto.ed25519Signer(secretKey);
  return encodeVerifierKey({ name, algorithm: 0x01, publicKey }, crypto);
}

function text(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}

/** A clock that a test moves. */
export class TestClock {
  #nowMs = 1_750_000_000_000;
  nowMs(): number {
    return this.#nowMs;
  }
  advance(byMs: number): void {
    this.#nowMs += byMs;
  }
}

/** Opens the replica of one member, on a memory store unless told otherwise. */
export function openReplica(
  federation: TestFederation,
  name: string,
  overrides: Partial<ReplicaOptions> = {},
): Promise<Replica> {
  const member = federation.members.find((candidate) => candidate.name === name)!;
  return createReplica({
    store: memoryStore(),
    crypto,
    clock: { nowMs: () => Date.now() },
    charterNotes: [federation.note],
    memberName: name,
    logSigner: crypto.ed25519Signer(member.logSecretKey),
    vrfSecretKey,
    ownLogConfirmed: true,
    ...overrides,
  });
}
