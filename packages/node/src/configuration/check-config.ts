/**
 * Everything about a configuration that can be told without starting or asking anybody: the file, and
 * every file that it names, held against each other and against the charter. Nothing is written but a
 * probe in the data folder, and nothing is bound. What runs is for `doctor`.
 */
import { readFile } from 'node:fs/promises';
import { charterSet, DirectoryError, parseVerifierKey } from '@callbook/protocol';
import type { Charter, CharterMember, Cryptography } from '@callbook/protocol';
import { dnskeyOfEntry, keysIn, openKeyFolder, readKeyState, servedPhases } from '@callbook/dns';
import { examineConfig } from '../config.ts';
import type { NodeConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import { assertDataFolder } from '../data-folder.ts';
import { readDnsGuard } from '../dns-guard.ts';
import type { NodeErrorCode } from '../errors.ts';
import { readSharedDatabase } from '../front/shared-database.ts';
import { readSecretFile, readSecretKey } from '../key-file.ts';
import { isInCharter } from '../member-keys.ts';
import { nextStepFor } from '../next-steps.ts';
import { systemClock } from '../system-ports.ts';
import { readPair } from '../tls/certificate-pair.ts';
import { pathsIn } from '../tls/tls-settings.ts';
import type { ConfigDocument, ConfigFault } from './config-document.ts';
import { assertOthersCannotWrite } from './config-rights.ts';

export interface CheckedConfig {
  /** Undefined where the file alone is at fault; then nothing else was looked at. */
  readonly config: NodeConfig | undefined;
  readonly faults: readonly ConfigFault[];
  /** Undefined where the charters are at fault. */
  readonly charter: Charter | undefined;
}

/** Reads a configuration and all that it names. Code: `config_unreadable`. */
export async function checkConfig(path: string, env: NodeJS.ProcessEnv): Promise<CheckedConfig> {
  const { config, document, faults } = await examineConfig(path, env);
  if (config === undefined) return { config, faults, charter: undefined };
  const { check, found } = checker(document);
  await check('the file', async () => await assertOthersCannotWrite(path));
  await check('dataDir', async () => await assertDataFolder(config.dataDir));
  const crypto = await pickCryptography();
  let charter: Charter | undefined;
  await check('charters', async () => (charter = await readCharters(config, crypto)));
  const member = charter?.members.find(({ name }) => name === config.member);
  if (charter !== undefined) {
    await check('member', () => assertListed(member));
  }
  await checkKeys(config, { check, crypto, charter, member });
  await checkFiles(config, check);
  await checkListens(configuredListens(config), check);
  return { config, faults: found(), charter };
}

/** Looks at what a setting names; an operating error becomes a fault of it. */
export type Check = (setting: string, look: () => Promise<unknown> | void) => Promise<void>;

/** Gathers faults, for the order of the file. */
export function checker(document: ConfigDocument): {
  readonly check: Check;
  readonly found: () => readonly ConfigFault[];
} {
  const faults: ConfigFault[] = [];
  return {
    check: async (setting, look) => {
      try {
        await look();
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error;
        const code = error.code as NodeErrorCode;
        const fix = stepHere(setting, code) ?? nextStepFor(code) ?? 'see docs/errors.md';
        faults.push(document.fault(setting, { code, problem: error.message, fix }));
      }
    },
    found: () => faults.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  };
}

/** A member that has not joined yet lacks the secret of the federation. */
function stepHere(setting: string, code: NodeErrorCode): string | undefined {
  const isMissing = setting === 'keys.vrf' && code === 'key_file_unreadable';
  return isMissing
    ? 'open the secret that a member has sealed for this one: callbook-node vrf open, or restore it'
    : undefined;
}

async function readCharters(config: NodeConfig, crypto: Cryptography): Promise<Charter> {
  const notes = await Promise.all(
    config.charters.map(async (path) => {
      try {
        return await readFile(path, 'utf8');
      } catch (cause) {
        throw fault('charter_unreadable', `cannot read ${path}`, cause);
      }
    }),
  );
  const charters = charterSet(notes, crypto);
  if (charters.verdict === 'accept') return charters.value.current.charter;
  const { code, message } = charters;
  throw new DirectoryError('charter_refused', `do not follow from version 1: ${message} (${code})`);
}

function assertListed(member: CharterMember | undefined): void {
  if (member !== undefined && member.state !== 'expelled') return;
  const what = member === undefined ? 'has no member of this name' : 'has expelled this member';
  throw new DirectoryError('member_unknown', `the newest charter here ${what}`);
}

interface KeyParts {
  readonly check: Check;
  readonly crypto: Cryptography;
  readonly charter: Charter | undefined;
  readonly member: CharterMember | undefined;
}

/** What the charter does not name yet is read, and compared with nothing. */
async function checkKeys({ keys }: NodeConfig, parts: KeyParts): Promise<void> {
  const { check, crypto, charter, member } = parts;
  await check('keys.log', async () => {
    const { publicKey } = crypto.ed25519Signer(await readSecretKey(keys.log));
    const named = parseVerifierKey(member?.logKey ?? '');
    if (named.verdict !== 'accept') return;
    if (named.value.publicKey.toHex() === publicKey.toHex()) return;
    throw new DirectoryError('log_key_mismatch', 'the charter names another log key');
  });
  await check('keys.peer', async () => {
    const bytes = await readSecretFile(keys.peer);
    // Loads libp2p, which takes a second.
    const { peerIdOf } = await import('@callbook/replication');
    if (member === undefined || peerIdOf(bytes) === member.peerId) return;
    throw fault('peer_key_mismatch', 'the charter names another peer key');
  });
  await check('keys.vrf', async () => {
    const { publicKey } = crypto.vrfProver(await readSecretKey(keys.vrf));
    const named = charter?.vrfPublicKey;
    const own = publicKey.toBase64({ alphabet: 'base64url', omitPadding: true });
    if (named === undefined || named === own) return;
    throw new DirectoryError('vrf_key_mismatch', 'the charter has another VRF public key');
  });
  await check('keys.zone', async () => {
    const { state } = await readKeyState(openKeyFolder(keys.zone), systemClock.nowMs());
    const ksks = keysIn(state, 'ksk', servedPhases);
    if (member === undefined || ksks.some((ksk) => isInCharter(member, dnskeyOfEntry(ksk)))) return;
    throw fault('member_key_mismatch', 'the charter names no DS of these zone keys');
  });
}

async function checkFiles(config: NodeConfig, check: Check): Promise<void> {
  const { api, dns, oblivious, page, challenges, sharedDatabase } = config;
  // Loaded here alone, as the API and the channels are: other commands do without.
  const { channelFiles, readCa } = await import('../member-senders.ts');
  const pairs = { 'api.certificate': pathsIn(api), 'dns.tls.certificate': pathsIn(dns.tls ?? {}) };
  for (const [setting, paths] of Object.entries(pairs)) {
    if (paths !== undefined) await check(setting, async () => await readPair(paths));
  }
  const { ca, externalAccount } = api.acme ?? {};
  if (ca !== undefined) await check('api.acme.ca', async () => await readCa({ ca }));
  if (externalAccount !== undefined) {
    const { keyFile } = externalAccount;
    await check('api.acme.externalAccount.keyFile', async () => await readSecretFile(keyFile));
  }
  if (dns.cookies !== undefined) {
    await check('dns.cookies.secrets', async () => await readDnsGuard(dns));
  }
  if (oblivious?.authorities !== undefined) {
    const ca = oblivious.authorities;
    await check('oblivious.authorities', async () => await readCa({ ca }));
  }
  if (sharedDatabase !== undefined) {
    await check('sharedDatabase.urlFile', async () => await readSharedDatabase(sharedDatabase, 1));
  }
  if (page !== undefined) {
    await check('page.folder', async () => await assertPage(page.folder));
  }
  for (const { setting, read } of channelFiles(challenges)) await check(setting, read);
}

async function assertPage(folder: string): Promise<void> {
  const { readPageFiles } = await import('@callbook/api');
  try {
    await readPageFiles(folder);
  } catch (cause) {
    throw fault('page_unreadable', `${folder} has no page`, cause);
  }
}

/** Two servers of one member on one port: the second would find it taken. */
export async function checkListens(
  listens: readonly ConfiguredListen[],
  check: Check,
): Promise<void> {
  const seen = new Map<string, string>();
  for (const { setting, address, port } of listens) {
    const at = `${address} port ${port}`;
    const before = seen.get(at);
    seen.set(at, setting);
    if (before === undefined || port === 0) continue;
    await check(setting, () => {
      throw fault('listen_failed', `is the address and port of ${before} too`);
    });
  }
}

export interface ConfiguredListen {
  readonly setting: string;
  readonly address: string;
  readonly port: number;
  /** DNS is asked by both. */
  readonly transport: 'tcp' | 'udp and tcp';
}

/** Every address that the configuration has this member listen on, the mesh's where they are IP over TCP. */
export function configuredListens(config: NodeConfig): ConfiguredListen[] {
  const { dns, api, web, metrics, operator, mesh } = config;
  const tcp = { transport: 'tcp' as const };
  return [
    ...dns.listen.map((at, i) => {
      return { setting: `dns.listen.${i}`, ...at, transport: 'udp and tcp' as const };
    }),
    ...(dns.tls?.listen ?? []).map((at, i) => ({ setting: `dns.tls.listen.${i}`, ...at, ...tcp })),
    { setting: 'api.listen', ...api.listen, ...tcp },
    ...(web === undefined ? [] : [{ setting: 'web.listen', ...web.listen, ...tcp }]),
    ...(metrics === undefined ? [] : [{ setting: 'metrics.listen', ...metrics.listen, ...tcp }]),
    ...(operator === undefined ? [] : [{ setting: 'operator.listen', ...operator.listen, ...tcp }]),
    ...mesh.listen.flatMap((multiaddr, i) => {
      const [, address, port] = /^\/ip[46]\/([^/]+)\/tcp\/(\d{1,5})$/.exec(multiaddr) ?? [];
      if (address === undefined) return [];
      return [{ setting: `mesh.listen.${i}`, address, port: Number(port), ...tcp }];
    }),
  ];
}

function fault(
  code: NodeErrorCode,
  message: string,
  cause?: unknown,
): DirectoryError<NodeErrorCode> {
  return new DirectoryError(code, message, { cause });
}
