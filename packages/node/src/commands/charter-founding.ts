/**
 * What a member brings to a charter, its governance key and its description of itself, and the
 * first charter, which is made of such descriptions when there is no member to draft with yet.
 */
import { Argument } from 'commander';
import type { Command } from 'commander';
import {
  delegatedKeys,
  dnskeyOfEntry,
  dsOf,
  formatDs,
  openKeyFolder,
  readKeyState,
} from '@callbook/dns';
import {
  DirectoryError,
  encodeCanonicalJson,
  encodeVerifierKey,
  parseCanonicalJson,
  verifyProposal,
} from '@callbook/protocol';
import type { Charter, CharterMember, Cryptography } from '@callbook/protocol';
import { readConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import type { NodeErrorCode } from '../errors.ts';
import { readSecretFile, readSecretKey, writeSecretFile } from '../key-file.ts';
import { nameOfZone } from '../member-keys.ts';
import { systemClock, systemRandom } from '../system-ports.ts';
import { accepted, charterIn } from './charter-notes.ts';
import { reportCharter } from './charter-report.ts';
import type { WriteReport } from './charter.ts';
import { parseDuration } from './duration.ts';
import type { Report } from './key-report.ts';
import { readInput, writeOutput } from './key-place.ts';

const dayMs = 86_400_000;
const secretKeyBytes = 32;

/** What docs/spec/charter.md has as its example. */
const holdsDefault: Charter['holds'] = {
  recoveryMs: 3_600_000,
  emailMs: dayMs,
  possessionMs: 3 * dayMs,
  lockedMs: 7 * dayMs,
  releaseMs: 3 * dayMs,
  unlockMs: 7 * dayMs,
  emailChangeMs: 3 * dayMs,
  theftMs: 3 * dayMs,
  noticeMs: 7 * dayMs,
};

/** Adds `key`, `describe` and `found`. */
export function addFoundingCommands(charter: Command, report: WriteReport): void {
  charter
    .command('key')
    .description('make a governance key; keep it on a machine without network')
    .addArgument(new Argument('<file>', 'secret key to write, with mode 0600'))
    .requiredOption('--name <name>', 'name of the key, for example alpha.example/governance')
    .option('--show', 'print the verifier key of a key that is there already')
    .option('--json', 'one JSON object')
    .action(async (file: string, options: KeyOptions) =>
      report(options, await governanceKey(file, options, await pickCryptography())),
    );

  charter
    .command('describe')
    .description('describe this member for a charter; makes the log and peer keys that are missing')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .requiredOption('--governance-key <key...>', 'verifier keys, as charter key prints them')
    .requiredOption('--organisation <words>', 'who runs the member')
    .requiredOption('--legal-form <words>', 'for example: association')
    .requiredOption('--auditor <words>', 'who audits it')
    .requiredOption('--last-audit <date>', 'YYYY-MM-DD')
    .requiredOption('--api <url>', 'https://host[:port]')
    .requiredOption('--zone <name>', 'DNS zone')
    .option('--address <multiaddr...>', 'where the other members reach it', [])
    .option('--origin <origin>', 'name of its log; else <API host>/log')
    .requiredOption('--out <file>', 'description to write')
    .option('--json', 'one JSON object')
    .action(async (options: DescribeOptions) =>
      report(options, await describeMember(options, await pickCryptography())),
    );

  charter
    .command('found')
    .description('make version 1 of the charter from the descriptions of its members')
    .addArgument(new Argument('<descriptions...>', 'made by charter describe, one a member'))
    .requiredOption('--vrf-key <key>', 'public key, as vrf new prints it')
    .option('--faults <number>', 'members that may be dishonest; else as many as n ≥ 3f + 1 allows')
    .option('--lifetime <span>', 'how long the charter is good for', '365d')
    .requiredOption('--out <file>', 'proposal to write')
    .option('--json', 'one JSON object')
    .action(async (files: readonly string[], options: FoundOptions) =>
      report(options, await foundCharter(files, options, await pickCryptography())),
    );
}

interface KeyOptions {
  readonly name: string;
  readonly show?: boolean;
  readonly json?: boolean;
}

/** Makes a governance key, or shows one. Codes: `output_unwritable`, those of key files. */
export async function governanceKey(
  file: string,
  { name, show = false }: KeyOptions,
  crypto: Cryptography,
): Promise<Report> {
  const { publicKey } = show
    ? crypto.ed25519Signer(await readSecretKey(file))
    : await createSecretKey(file, crypto);
  const verifierKey = encodeVerifierKey({ name, publicKey, algorithm: 0x01 }, crypto);
  const next = `Next: callbook-node charter describe --governance-key '${verifierKey}' …`;
  return { result: { verifierKey }, lines: show ? [verifierKey] : [verifierKey, next] };
}

async function createSecretKey(
  file: string,
  crypto: Cryptography,
): Promise<{ readonly publicKey: Uint8Array }> {
  const secretKey = systemRandom.bytes(secretKeyBytes);
  try {
    await writeSecretFile(file, secretKey);
  } catch (cause) {
    const message = `${file} exists already, or cannot be written`;
    throw new DirectoryError<NodeErrorCode>('output_unwritable', message, { cause });
  }
  return crypto.ed25519Signer(secretKey);
}

export interface DescribeOptions {
  readonly config: string;
  readonly governanceKey: readonly string[];
  readonly organisation: string;
  readonly legalForm: string;
  readonly auditor: string;
  readonly lastAudit: string;
  readonly api: string;
  readonly zone: string;
  readonly address: readonly string[];
  readonly origin?: string;
  readonly out: string;
  readonly json?: boolean;
}

/** Writes what a charter says of a member; makes its log and peer keys where they are missing. */
export async function describeMember(
  options: DescribeOptions,
  crypto: Cryptography,
): Promise<Report> {
  const {
    config: configFile,
    governanceKey,
    origin,
    address,
    out,
    json: _json,
    ...words
  } = options;
  const config = await readConfig(configFile);
  const log = await unlessMissing(
    async () => crypto.ed25519Signer(await readSecretKey(config.keys.log)),
    async () => await createSecretKey(config.keys.log, crypto),
  );
  // Loads libp2p, which no other command here needs.
  const { createPeerKey, peerIdOf } = await import('@callbook/replication');
  const peerId = await unlessMissing(
    async () => peerIdOf(await readSecretFile(config.keys.peer)),
    async () => {
      const peer = await createPeerKey();
      await writeSecretFile(config.keys.peer, peer.keyBytes);
      return peer.peerId;
    },
  );
  const name = origin ?? `${new URL(words.api).hostname}/log`;
  const member: Omit<CharterMember, 'state'> = {
    ...words,
    name: config.member,
    governanceKeys: governanceKey,
    logKey: encodeVerifierKey({ name, publicKey: log.publicKey, algorithm: 0x01 }, crypto),
    peerId,
    addresses: address,
    zoneDs: await zoneDsOf(config.keys.zone, words.zone),
  };
  await writeOutput(out, `${encodeCanonicalJson(member)}\n`);
  return {
    result: { member, out },
    lines: [
      `${out} describes ${config.member}: no secret is in it.`,
      'Next: give it to a member, which adds it: callbook-node charter draft add-member …',
    ],
  };
}

async function unlessMissing<T>(read: () => Promise<T>, create: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const missing: NodeErrorCode = 'key_file_unreadable';
    if (error instanceof DirectoryError && error.code === missing) return await create();
    throw error;
  }
}

async function zoneDsOf(folder: string, zone: string): Promise<string[]> {
  const { state } = await readKeyState(openKeyFolder(folder), systemClock.nowMs());
  const apex = nameOfZone(zone);
  return delegatedKeys(state).map((entry) => formatDs(dsOf(apex, dnskeyOfEntry(entry))));
}

interface FoundOptions {
  readonly vrfKey: string;
  readonly faults?: string;
  readonly lifetime: string;
  readonly out: string;
  readonly json?: boolean;
}

async function foundCharter(
  files: readonly string[],
  { vrfKey, faults, lifetime, out }: FoundOptions,
  crypto: Cryptography,
): Promise<Report> {
  const texts = await Promise.all(files.map(readInput));
  const members = texts.map((text) => accepted(parseCanonicalJson(text.trimEnd())) as object);
  const effectiveAtMs = systemClock.nowMs();
  const lifetimeMs = parseDuration(lifetime);
  if (lifetimeMs === undefined) {
    throw new DirectoryError<NodeErrorCode>('draft_field_invalid', '--lifetime: a span like 365d');
  }
  const json = encodeCanonicalJson({
    version: 1,
    previous: null,
    effectiveAtMs,
    expiresAtMs: effectiveAtMs + lifetimeMs,
    labelEpoch: 1,
    vrfPublicKey: vrfKey,
    faults: Number(faults ?? Math.floor((members.length - 1) / 3)),
    holds: holdsDefault,
    ruleset: { number: 1, activatesAtMs: effectiveAtMs },
    members: members.map((member) => ({ ...member, state: 'active' })),
    logs: [],
  });
  const text = `${json ?? ''}\n`;
  accepted(verifyProposal(text, undefined, crypto));
  await writeOutput(out, text);
  const at = { ...charterIn(text, crypto), previous: undefined, standing: 'proposed' };
  const { result, lines } = reportCharter(at, crypto);
  const next = [
    'Next: each member looks at it, compares the hash with the others, and signs:',
    `callbook-node charter sign ${out} --key … --out …`,
  ];
  return { result: { ...result, out }, lines: [...lines, ...next] };
}
