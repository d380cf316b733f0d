/**
 * `callbook-node vrf`: the secret by which members turn identifiers into labels. Made once, then
 * carried from member to member sealed; only the files named on the command line travel.
 */
import { rm } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import {
  DirectoryError,
  encodeBase64Url,
  noteSigner,
  parseCanonicalJson,
  parseVerifierKey,
} from '@callbook/protocol';
import type { CharterMember, Cryptography } from '@callbook/protocol';
import { readConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import type { NodeErrorCode } from '../errors.ts';
import { giveAway, ownerToGiveTo } from '../file-owner.ts';
import { readSecretKey, writeSecretFile } from '../key-file.ts';
import { systemRandom } from '../system-ports.ts';
import {
  createSealingKeyPair,
  encodeVrfRequest,
  openVrfSecret,
  parseVrfRequest,
  sealVrfSecret,
} from '../vrf-secret.ts';
import { accepted, readCharterFile } from './charter-notes.ts';
import { signedByQuorum } from './charter-signing.ts';
import type { WriteReport } from './charter.ts';
import type { Report } from './key-report.ts';
import { readInput, writeOutput } from './key-place.ts';
import type { Print } from './keys.ts';

/** Returns the command with its subcommands; `print` is given lines with their ends. */
export function vrfCommand(print: Print): Command {
  const vrf = new Command('vrf').description('the secret of the labels: make, ask for, seal, open');
  const report: WriteReport = ({ json }, { result, lines }) =>
    print(json === true ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`);

  vrf
    .command('new')
    .description('make the secret, once for a federation')
    .addArgument(new Argument('<file>', 'secret to write, with mode 0600'))
    .option('--json', 'one JSON object')
    .action(async (file: string, options: { readonly json?: boolean }) =>
      report(options, await createSecret(file, await pickCryptography())),
    );

  vrf
    .command('request')
    .description('ask for the secret, as a member that does not have it')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .requiredOption('--member <file>', 'description of this member (charter describe)')
    .requiredOption('--out <file>', 'request to write')
    .option('--json', 'one JSON object')
    .action(async (options: RequestOptions) =>
      report(options, await requestSecret(options, await pickCryptography())),
    );

  vrf
    .command('seal')
    .description('seal the secret to the member that asks')
    .addArgument(new Argument('<request>', 'made by vrf request'))
    .requiredOption('--secret <file>', 'the secret')
    .requiredOption('--charter <file>', 'signed note of a charter that lists the member')
    .requiredOption('--out <file>', 'sealed secret to write')
    .option('--json', 'one JSON object')
    .action(async (file: string, options: SealOptions) =>
      report(options, await seal(file, options, await pickCryptography())),
    );

  vrf
    .command('open')
    .description('open the sealed secret where it was asked for')
    .addArgument(new Argument('<file>', 'sealed secret'))
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--json', 'one JSON object')
    .action(async (file: string, options: OpenOptions) =>
      report(options, await open(file, options, await pickCryptography())),
    );
  return vrf;
}

export interface RequestOptions {
  readonly config: string;
  readonly member: string;
  readonly out: string;
  readonly json?: boolean;
}
interface SealOptions {
  readonly secret: string;
  readonly charter: string;
  readonly out: string;
  readonly json?: boolean;
}
interface OpenOptions {
  readonly config: string;
  readonly json?: boolean;
}

async function createSecret(file: string, crypto: Cryptography): Promise<Report> {
  const secret = systemRandom.bytes(32);
  await writeNewSecret(file, secret);
  const vrfKey = encodeBase64Url(crypto.vrfProver(secret).publicKey);
  const next = `Next: callbook-node charter found --vrf-key=${vrfKey} …`;
  return { result: { vrfKey }, lines: [vrfKey, next] };
}

/** Writes a request for the secret, and keeps the key that it is to be sealed to. */
export async function requestSecret(
  options: RequestOptions,
  crypto: Cryptography,
): Promise<Report> {
  const config = await readConfig(options.config);
  const described = parseCanonicalJson((await readInput(options.member)).trimEnd());
  const member = accepted(described) as Partial<CharterMember> | null;
  const logKey = accepted(parseVerifierKey(member?.logKey ?? ''));
  const signer = crypto.ed25519Signer(await readSecretKey(config.keys.log));
  if (member?.name !== config.member || signer.publicKey.toHex() !== logKey.publicKey.toHex()) {
    throw new DirectoryError<NodeErrorCode>(
      'member_key_mismatch',
      `${options.member} does not describe this member`,
    );
  }
  const { publicKey, secretKey } = await createSealingKeyPair();
  await writeNewSecret(sealingKeyPath(config.keys.vrf), secretKey);
  const signed = noteSigner({ name: logKey.name, signer }, crypto);
  await writeOutput(options.out, encodeVrfRequest(config.member, publicKey, signed));
  return {
    result: { member: config.member, out: options.out },
    lines: [
      `Next: give ${options.out} to a member that has the secret, and there:`,
      `callbook-node vrf seal ${options.out} --secret … --charter … --out …`,
    ],
  };
}

async function seal(
  file: string,
  { secret, charter: charterFile, out }: SealOptions,
  crypto: Cryptography,
): Promise<Report> {
  const at = await readCharterFile(charterFile, crypto);
  signedByQuorum(at, crypto);
  const asked = parseVrfRequest(await readInput(file), at.charter, crypto);
  const parts = { charter: at.charter, crypto };
  await writeOutput(out, await sealVrfSecret(await readSecretKey(secret), asked, parts));
  return {
    result: { member: asked.member, out },
    lines: [
      `Sealed to ${asked.member}, which asked under its log key.`,
      `Next: give ${out} to it, and there: callbook-node vrf open ${out} --config …`,
    ],
  };
}

async function open(file: string, options: OpenOptions, crypto: Cryptography): Promise<Report> {
  const config = await readConfig(options.config);
  const { charter } = await readCharterFile(config.charters.at(-1)!, crypto);
  const keyPath = sealingKeyPath(config.keys.vrf);
  const by = { member: config.member, secretKey: await readSecretKey(keyPath) };
  const secret = await openVrfSecret(await readInput(file), by, { charter, crypto });
  await writeNewSecret(config.keys.vrf, secret);
  await giveAway(config.keys.vrf, await ownerToGiveTo([keyPath]));
  // From here on the sealed file opens nowhere. If we crash before, it can be removed by hand.
  await rm(keyPath);
  return {
    result: { member: config.member, vrf: config.keys.vrf },
    lines: [
      `${config.keys.vrf} has the secret that belongs to the VRF key in the charter.`,
      'Next: callbook-node serve --config …',
    ],
  };
}

/** The key of a request waits beside the place of the secret until that comes. */
export function sealingKeyPath(vrfPath: string): string {
  return `${vrfPath}.sealing`;
}

async function writeNewSecret(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeSecretFile(path, bytes);
  } catch (cause) {
    const message = `${path} exists already, or cannot be written`;
    throw new DirectoryError<NodeErrorCode>('output_unwritable', message, { cause });
  }
}
