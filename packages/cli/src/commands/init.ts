/**
 * `callbook init`: makes a configuration from a founding charter. All trust follows from that file, so
 * it is verified here, its hash is shown to be compared with what somebody else has, and a copy is kept
 * beside the configuration. Nobody is asked for anything, and nothing that is there is overwritten.
 */
import { access, mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createDirectory } from '@callbook/client';
import { charterHash } from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import { configurationPath } from '../configuration.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { createReport } from '../report.ts';
import type { GlobalOptions } from '../session.ts';
import type { Terminal } from '../terminal.ts';

export interface InitOptions extends GlobalOptions {
  /** What the hash of the charter has to be, in hexadecimal. */
  readonly hash?: string;
  /** PEM of an authority to trust beside the system's. */
  readonly ca?: string;
}

/** Larger ones no member makes. */
const charterBytesMax = 1024 * 1024;

/** Writes the configuration for the charter at `from`; `-` is standard input. */
export async function init(
  terminal: Terminal,
  from: string,
  options: InitOptions,
): Promise<ExitCode> {
  const config = resolve(configurationPath(terminal, options.config));
  const charterFile = join(dirname(config), 'charter.txt');
  for (const path of [config, charterFile]) {
    if (await exists(path)) throw cliError('config_exists', `${path} is there already`);
  }
  const charterNote = await readCharter(terminal, from);
  // Throws `charter_invalid`; opening a directory asks nobody.
  const { charter } = createDirectory({ charterNote });
  const hash = charterHash(charterNote, nobleCryptography).toHex();
  if (options.hash !== undefined && options.hash.toLowerCase() !== hash) {
    throw cliError('charter_foreign', 'the charter has another hash than the one that was given');
  }
  const { ca, country, signer } = options;
  const fields = {
    charter: relative(dirname(config), charterFile),
    ...(ca === undefined ? {} : { ca: resolve(ca) }),
    ...(country === undefined ? {} : { country: country.toUpperCase() }),
    ...(signer === undefined ? {} : { signer: [signer.includes('/') ? resolve(signer) : signer] }),
  };
  await mkdir(dirname(config), { recursive: true, mode: 0o700 });
  // If we crash in between, there is a charter without a configuration: it names its file.
  await writeNew(charterFile, charterNote);
  await writeNew(config, `${JSON.stringify(fields, undefined, 2)}\n`);
  const members = charter.members.map(({ name }) => name);
  const report = createReport(terminal, { json: options.json === true });
  report.result({ config, charterFile, charterHash: hash, members }, [
    `Configuration: ${config}`,
    `Members: ${members.join(', ')}`,
    `Hash of the charter: ${hash}`,
    ...(options.hash === undefined ? ['Compare it with what somebody you trust has.'] : []),
    'Next: callbook members, then callbook register',
  ]);
  return exitCodes.ok;
}

async function readCharter(terminal: Terminal, from: string): Promise<string> {
  const bytes = await (from === '-' ? buffer(terminal.stdin) : readFile(from)).catch(
    (cause: unknown) => {
      throw cliError('input_unreadable', `cannot read ${from}`, { cause });
    },
  );
  if (bytes.length <= charterBytesMax) return bytes.toString('utf8');
  throw cliError(
    'input_unreadable',
    `${from} is ${bytes.length} bytes, at most ${charterBytesMax}`,
  );
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync();
  } catch (cause) {
    throw cliError('output_unwritable', `cannot write ${path}, or it is there already`, { cause });
  }
}
