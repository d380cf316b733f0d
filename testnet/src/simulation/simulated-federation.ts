/** The founding of a simulated federation: every key from the seed, the charter signed by all. */
import { encodeCharter, encodeVerifierKey, noteSigner, signNote, utf8 } from '@callbook/protocol';
import type { Charter, CharterMember, NoteSigner } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { startsAtMs } from './simulated-clock.ts';

export interface FoundingOptions {
  readonly seed: string;
  readonly count: number;
  readonly faults: number;
  readonly holds: Charter['holds'];
}

export interface SimulatedSecrets {
  readonly name: string;
  /** Name of its log. */
  readonly origin: string;
  readonly logSecretKey: Uint8Array;
  /** Its people, who sign charters. */
  readonly governor: NoteSigner;
}

export interface SimulatedFederation {
  readonly charter: Charter;
  readonly note: string;
  readonly vrfSecretKey: Uint8Array;
  readonly members: readonly SimulatedSecrets[];
  /** Somebody whom a later charter may take in. */
  readonly newcomer: { readonly secrets: SimulatedSecrets; readonly member: CharterMember };
}

const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];
const dayMs = 24 * 3600 * 1000;

/** Founds a federation; the same seed gives the same. */
export function foundFederation(options: FoundingOptions): SimulatedFederation {
  const secret = (what: string): Uint8Array => crypto.sha256(utf8(`${options.seed} ${what}`));
  const vrfSecretKey = secret('vrf');
  const [newcomer, ...founders] = names
    .slice(0, options.count + 1)
    .map((name) => secretsOf(name, secret))
    .reverse() as [SimulatedSecrets, ...SimulatedSecrets[]];
  const members = founders.toReversed();
  const charter: Charter = {
    version: 1,
    previous: null,
    effectiveAtMs: startsAtMs - dayMs,
    expiresAtMs: startsAtMs + 365 * dayMs,
    labelEpoch: 1,
    vrfPublicKey: crypto
      .vrfProver(vrfSecretKey)
      .publicKey.toBase64({ alphabet: 'base64url', omitPadding: true }),
    faults: options.faults,
    holds: options.holds,
    ruleset: { number: 1, activatesAtMs: startsAtMs - dayMs },
    members: members.map((member) => charterMember(member, secret)),
    logs: [],
  };
  const signers = members.map(({ governor }) => governor);
  return {
    charter,
    members,
    vrfSecretKey,
    note: signNote(encodeCharter(charter), signers),
    newcomer: { secrets: newcomer, member: charterMember(newcomer, secret) },
  };
}

function secretsOf(name: string, secret: (what: string) => Uint8Array): SimulatedSecrets {
  const signer = crypto.ed25519Signer(secret(`governance ${name}`));
  return {
    name,
    origin: `api.${name}.example/log`,
    logSecretKey: secret(`log ${name}`),
    governor: noteSigner({ name: `${name}.example/governance`, signer }, crypto),
  };
}

function charterMember(
  { name, origin, logSecretKey }: SimulatedSecrets,
  secret: (what: string) => Uint8Array,
): CharterMember {
  return {
    name,
    organisation: `${name} e.V.`,
    legalForm: 'registered association',
    auditor: 'Audit Ltd',
    lastAudit: '2025-01-31',
    governanceKeys: [verifierKey(`${name}.example/governance`, secret(`governance ${name}`))],
    logKey: verifierKey(origin, logSecretKey),
    // Nobody dials it: the simulated network knows members by their names.
    peerId: `simulated${name}`.replaceAll('l', 'L'),
    addresses: [],
    api: `https://api.${name}.example`,
    zone: `e164.${name}.example`,
    zoneDs: [],
    state: 'active',
  };
}

function verifierKey(name: string, secretKey: Uint8Array): string {
  const { publicKey } = crypto.ed25519Signer(secretKey);
  return encodeVerifierKey({ name, algorithm: 0x01, publicKey }, crypto);
}
