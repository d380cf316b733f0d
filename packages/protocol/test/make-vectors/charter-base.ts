/** A charter of any number of members to vary, its canonical text, and its governance signatures. */
import { nodeCryptography } from '../../src/crypto/node.ts';
import type { Charter, CharterMember } from '../../src/charter/charter.ts';
import type { Ed25519Signer } from '../../src/crypto/cryptography.ts';
import type { SignatureAlgorithm } from '../../src/notes/key-hash.ts';
import { noteSigner, signNote } from '../../src/notes/signed-note.ts';
import type { NoteSigner } from '../../src/notes/signed-note.ts';
import { encodeVerifierKey } from '../../src/notes/verifier-key.ts';
import { fixed32 } from './vector-case.ts';

/** 2026-01-01T00:00:00Z. */
export const startMs = 1_767_225_600_000;
export const dayMs = 24 * 60 * 60 * 1000;
export const emptyRootText = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

export const memberNames: readonly string[] =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho'.split(
    ' ',
  );

/** A founding charter of the first `count` members. */
export function foundingCharter(count: number, faults: number): Charter {
  const hourMs = 60 * 60 * 1000;
  return {
    version: 1,
    previous: null,
    effectiveAtMs: startMs,
    expiresAtMs: startMs + 365 * dayMs,
    labelEpoch: 0,
    vrfPublicKey: urlText(fixedSigner('vrf').publicKey),
    faults,
    holds: {
      recoveryMs: hourMs,
      emailMs: 24 * hourMs,
      possessionMs: 72 * hourMs,
      lockedMs: 7 * dayMs,
      releaseMs: 72 * hourMs,
      unlockMs: 7 * dayMs,
      emailChangeMs: 72 * hourMs,
      theftMs: 72 * hourMs,
      noticeMs: 7 * dayMs,
    },
    ruleset: { number: 1, activatesAtMs: startMs },
    members: memberNames.slice(0, count).map(memberCalled),
    logs: [],
  };
}

/** The member of that name, active. */
export function memberCalled(name: string): CharterMember {
  const organisation = `${name[0]!.toUpperCase()}${name.slice(1)} Foundation`;
  return {
    name,
    organisation,
    legalForm: 'foundation (non-profit)',
    auditor: 'Example Audit Cooperative',
    lastAudit: '2025-11-30',
    governanceKeys: [verifierKeyText(governanceName(name))],
    logKey: verifierKeyText(originOf(name)),
    peerId: peerId(fixedSigner(`${name} peer`).publicKey),
    addresses: [`/dns/node.${name}.example/tcp/4001`],
    api: `https://api.${name}.example`,
    zone: `e164.${name}.example`,
    zoneDs: [`20326 13 2 ${fixed32(`${name} ds`).toHex().toUpperCase()}`],
    state: 'active',
  };
}

export function governanceName(name: string): string {
  return `${name}.example/governance`;
}

export function originOf(name: string): string {
  return `api.${name}.example/log`;
}

/** The Ed25519 signer whose secret key is `fixed32(name)`. */
export function fixedSigner(name: string): Ed25519Signer {
  return nodeCryptography.ed25519Signer(fixed32(name));
}

/** The note signer of the fixed key of that name. */
export function fixedNoteSigner(keyName: string): NoteSigner {
  return noteSigner({ name: keyName, signer: fixedSigner(keyName) }, nodeCryptography);
}

/** The verifier key of the fixed key with that key name. */
export function verifierKeyText(keyName: string, algorithm: SignatureAlgorithm = 0x01): string {
  const { publicKey } = fixedSigner(keyName);
  return encodeVerifierKey({ name: keyName, algorithm, publicKey }, nodeCryptography);
}

/** A verifier key under a name that is not the one its fixed key is derived from. */
export function renamedKeyText(keyName: string, derivedFrom: string): string {
  const { publicKey } = fixedSigner(derivedFrom);
  return encodeVerifierKey({ name: keyName, algorithm: 0x01, publicKey }, nodeCryptography);
}

/** Canonical JSON and a newline, written without the code under test. */
export function charterText(charter: unknown): string {
  return `${JSON.stringify(charter, sortNames)}\n`;
}

/** Signs with the governance keys of the members named. */
export function signedBy(text: string, names: readonly string[]): string {
  return signNote(
    text,
    names.map((name) => fixedNoteSigner(governanceName(name))),
  );
}

/** Lower-case hexadecimal SHA-256 of a charter's text. */
export function hashText(text: string): string {
  return nodeCryptography.sha256(new TextEncoder().encode(text)).toHex();
}

function sortNames(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function urlText(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}

/** A libp2p peer id: base58btc of the identity multihash of the protobuf of an Ed25519 key. */
function peerId(publicKey: Uint8Array): string {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let digits = '';
  const number = BigInt(`0x002408011220${publicKey.toHex()}`);
  for (let rest = number; rest > 0n; rest /= 58n)
    digits = `${alphabet[Number(rest % 58n)]}${digits}`;
  return `1${digits}`;
}
