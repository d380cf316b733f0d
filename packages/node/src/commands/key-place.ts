/**
 * Where a command about keys works: at a member, by its configuration and charter, or in a folder of
 * its own on a machine that knows neither, such as the one with an offline KSK.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { keyTimingsDefault, openKeyFolder } from '@callbook/dns';
import type { KeyStore, KeyTimings } from '@callbook/dns';
import { DirectoryError, parseCharter } from '@callbook/protocol';
import type { CharterMember } from '@callbook/protocol';
import { readConfig } from '../config.ts';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { zoneKeyTimings } from '../member-keys.ts';

export interface KeyPlace {
  readonly store: KeyStore;
  readonly timings: KeyTimings;
  /** What the newest charter has; undefined for a folder alone. */
  readonly member: CharterMember | undefined;
}

export interface PlaceOptions {
  readonly config?: string;
  readonly folder?: string;
}

/** Opens the place that one of both options names. Codes: those of the configuration and charter. */
export async function openKeyPlace({ config, folder }: PlaceOptions): Promise<KeyPlace> {
  if (folder !== undefined)
    return { store: openKeyFolder(folder), timings: keyTimingsDefault, member: undefined };
  return await openMemberPlace(config);
}

/** Opens the keys of a member. */
export async function openMemberPlace(
  configFile: string | undefined,
): Promise<KeyPlace & { readonly member: CharterMember }> {
  if (configFile === undefined)
    throw new DirectoryError<NodeErrorCode>('config_unreadable', 'give --config <file>');
  const config = await readConfig(configFile);
  return {
    store: openKeyFolder(config.keys.zone),
    timings: zoneKeyTimings(config.dns),
    member: await memberOf(config),
  };
}

/** The newest charter that is configured; whether it is signed is judged when the member starts. */
async function memberOf(config: NodeConfig): Promise<CharterMember> {
  const path = config.charters.at(-1)!;
  const note = await readInput(path);
  const charter = parseCharter(note);
  const member =
    charter.verdict === 'accept'
      ? charter.value.members.find(({ name }) => name === config.member)
      : undefined;
  if (member !== undefined) return member;
  throw new DirectoryError<NodeErrorCode>(
    'charter_unreadable',
    `${path} is no charter with a member of this name`,
  );
}

/** Reads a text file. Code: `input_unreadable`. */
export async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>('input_unreadable', `cannot read ${path}`, { cause });
  }
}

/** Writes a new text file; never over another. Code: `output_unwritable`. */
export async function writeOutput(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const what = isThere ? `${path} exists already` : `cannot write ${path}`;
    throw new DirectoryError<NodeErrorCode>('output_unwritable', what, { cause });
  }
}
