/**
 * The founding of a testnet: every key, the certificates, the charter that all governance keys sign
 * and a configuration for each member, on disk as real members would have them. What a real
 * founding does in a ceremony (the VRF secret, which all members share) is copied here.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createZoneKeys, dsRecord } from '@callbook/dns';
import { writeSecretFile } from '@callbook/node';
import { encodeCharter, encodeVerifierKey, noteSigner, signNote } from '@callbook/protocol';
import type { Charter, CharterMember, Ed25519Signer, NoteSigner } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { createPeerKey } from '@callbook/replication';
import { stringify } from 'yaml';
import { createCertificateAuthority } from './certificates.ts';
import type { CertificateAuthority } from './certificates.ts';
import { loopback } from './layout.ts';
import type { MemberLayout, TestnetLayout } from './layout.ts';
import { bindTrustAnchors, unboundConfig } from './resolver-files.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const dayMs = 24 * 60 * minuteMs;

/** Tests let years pass. */
const validDays = 2000;

/** ECDSA P-256 with SHA-256 (RFC 6605), what every validating resolver knows. */
const zoneAlgorithm = 13;

/** Short, so that a tour sees each of them pass; the proportions are those of production. */
const testnetHolds: Charter['holds'] = {
  recoveryMs: 30 * secondMs,
  emailMs: minuteMs,
  possessionMs: 2 * minuteMs,
  lockedMs: 5 * minuteMs,
  releaseMs: 15 * secondMs,
  unlockMs: 5 * minuteMs,
  emailChangeMs: 2 * minuteMs,
  theftMs: 2 * minuteMs,
  noticeMs: 3 * secondMs,
};

/**
 * Makes everything that `layout` names; the folder is empty before. Holds not given are a tour's, and the
 * secret of the labels, if not given, is made like all others.
 */
export async function foundTestnet(
  layout: TestnetLayout,
  holds: Partial<Charter['holds']> = {},
  vrfSecretKey: Uint8Array = randomBytes(32),
): Promise<void> {
  await mkdir(layout.folder, { recursive: true, mode: 0o700 });
  const authority = await createCertificateAuthority();
  await writeFile(layout.caFile, authority.certificate);
  const founded: FoundedMember[] = [];
  for (const member of layout.members) {
    founded.push(await foundMember(member, { authority, vrfSecretKey }));
  }
  await writeFile(layout.charterFile, signedCharter(founded, { vrfSecretKey, holds }));
  for (const member of layout.members) {
    const config = memberConfig(member, layout, ['../charter-1.note']);
    // Nobody else may write it, whatever the umask.
    await writeFile(member.configFile, stringify(config), { mode: 0o600 });
  }
  for (const member of layout.prospects) await prepareProspect(member, layout, authority);
  await writeFile(layout.outboxFile, '', { mode: 0o600 });
  const clientConfig = { charter: layout.charterFile, ca: layout.caFile, keys: 'keys' };
  await writeFile(layout.clientConfigFile, `${JSON.stringify(clientConfig, null, 2)}\n`);
  await foundResolution(layout);
}

interface FoundedMember {
  readonly charterMember: CharterMember;
  readonly governance: NoteSigner;
}

async function foundMember(
  member: MemberLayout,
  shared: { authority: CertificateAuthority; vrfSecretKey: Uint8Array },
): Promise<FoundedMember> {
  await mkdir(member.folder, { recursive: true, mode: 0o700 });
  const at = (name: string): string => join(member.folder, name);
  const log = await createSigningKey(at('log.key'));
  const governance = await createSigningKey(at('governance.key'));
  await writeSecretFile(at('vrf.key'), shared.vrfSecretKey);
  const peer = await createPeerKey();
  await writeSecretFile(at('peer.key'), peer.keyBytes);
  await certify(member, shared.authority);
  const zoneKeys = await createZoneKeys(at('zone-keys'), zoneAlgorithm);
  const governanceName = `${member.name}.test/governance`;
  return {
    governance: noteSigner({ name: governanceName, signer: governance }, crypto),
    charterMember: {
      name: member.name,
      organisation: `Testnet member ${member.name}`,
      legalForm: 'association',
      auditor: 'none: a testnet',
      lastAudit: '2026-01-01',
      governanceKeys: [verifierKey(governanceName, governance)],
      logKey: verifierKey(member.origin, log),
      peerId: peer.peerId,
      addresses: [`/ip4/${loopback}/tcp/${member.meshPort}`],
      api: `https://localhost:${member.apiPort}`,
      zone: member.zone,
      zoneDs: [dsRdata(dsRecord(member.zone, zoneKeys))],
      state: 'active',
    },
  };
}

/** What a new operator has before joining: a machine with a configuration and a certificate. */
async function prepareProspect(
  member: MemberLayout,
  layout: TestnetLayout,
  authority: CertificateAuthority,
): Promise<void> {
  await mkdir(member.folder, { recursive: true, mode: 0o700 });
  await certify(member, authority);
  const charters = ['../charter-1.note', '../charter-2.note'];
  const config = memberConfig(member, layout, charters);
  await writeFile(member.configFile, stringify(config), { mode: 0o600 });
}

async function certify(member: MemberLayout, authority: CertificateAuthority): Promise<void> {
  const tls = await authority.issue(['localhost', loopback, `api.${member.zone}`]);
  await writeFile(join(member.folder, 'api.pem'), tls.certificate);
  await writeFile(join(member.folder, 'api.key'), tls.privateKey, { mode: 0o600 });
}

async function createSigningKey(path: string): Promise<Ed25519Signer> {
  const secretKey = randomBytes(32);
  await writeSecretFile(path, secretKey);
  return crypto.ed25519Signer(secretKey);
}

function verifierKey(name: string, { publicKey }: Ed25519Signer): string {
  return encodeVerifierKey({ name, publicKey, algorithm: 0x01 }, crypto);
}

/** `e164.alpha.test. 3600 IN DS 1 13 2 …` → `1 13 2 …`. */
function dsRdata(record: string): string {
  return record.split(/\sDS\s/)[1]!.trim();
}

/** Version 1, signed by every member's governance key. f is as large as n ≥ 3f + 1 lets it be. */
function signedCharter(
  members: readonly FoundedMember[],
  terms: { readonly vrfSecretKey: Uint8Array; readonly holds: Partial<Charter['holds']> },
): string {
  const effectiveAtMs = Date.now();
  const charter: Charter = {
    version: 1,
    previous: null,
    effectiveAtMs,
    expiresAtMs: effectiveAtMs + validDays * dayMs,
    labelEpoch: 1,
    vrfPublicKey: crypto
      .vrfProver(terms.vrfSecretKey)
      .publicKey.toBase64({ alphabet: 'base64url', omitPadding: true }),
    faults: Math.floor((members.length - 1) / 3),
    holds: { ...testnetHolds, ...terms.holds },
    ruleset: { number: 1, activatesAtMs: effectiveAtMs },
    members: members.map(({ charterMember }) => charterMember),
    logs: [],
  };
  return signNote(
    encodeCharter(charter),
    members.map(({ governance }) => governance),
  );
}

/** The configuration file of one member; paths are relative to it. */
function memberConfig(
  member: MemberLayout,
  layout: TestnetLayout,
  charters: readonly string[],
): Record<string, unknown> {
  return {
    member: member.name,
    dataDir: 'data',
    charters,
    keys: { log: 'log.key', peer: 'peer.key', vrf: 'vrf.key', zone: 'zone-keys' },
    dns: {
      listen: [{ address: loopback, port: member.dnsPort }],
      nameservers: [{ name: `ns.${member.zone}`, addresses: [loopback] }],
      contact: `hostmaster@${member.zone}`,
    },
    api: {
      listen: { address: loopback, port: member.apiPort },
      certificate: 'api.pem',
      privateKey: 'api.key',
    },
    web: { listen: { address: loopback, port: member.webPort } },
    metrics: { listen: { address: loopback, port: member.metricsPort } },
    operator: { listen: { address: loopback, port: member.operatorPort } },
    ...(layout.pageLink !== undefined && { page: pageSettings(layout) }),
    mesh: { listen: [`/ip4/${loopback}/tcp/${member.meshPort}`] },
    oblivious: { authorities: '../ca.pem' },
    // A tour repeats itself more often than people do.
    challenges: { outbox: '../outbox.jsonl', sendsPerHour: 1000, sendsPerDay: 10_000 },
  };
}

/** Browsers do not know the testnet's authority: their page finds the members without TLS. */
function pageSettings({ members, prospects }: TestnetLayout): Record<string, unknown> {
  const loopbackMembers = [...members, ...prospects].map(({ apiPort, webPort }) => ({
    api: `https://localhost:${apiPort}`,
    address: `http://localhost:${webPort}`,
  }));
  return { folder: '../page', loopbackMembers };
}

/** Keys of the private root and of `test.`, and the files for resolvers. */
async function foundResolution(layout: TestnetLayout): Promise<void> {
  const rootKeys = await createZoneKeys(layout.rootKeysFolder, zoneAlgorithm);
  await createZoneKeys(layout.tldKeysFolder, zoneAlgorithm);
  const rootDs = dsRecord('.', rootKeys);
  await writeFile(layout.trustAnchorFile, `${rootDs}\n`);
  await writeFile(layout.bindAnchorsFile, bindTrustAnchors(rootDs));
  await writeFile(layout.unboundConfigFile, unboundConfig(layout));
}

function randomBytes(size: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(size));
}
