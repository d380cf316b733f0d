/**
 * What a backup has beside the store: charters, the state of the zone keys, certificates and the
 * configuration, which names the files of secrets; those only where they are asked for. What is left out on purpose: spent tokens and
 * counters of messages sent, which begin anew after a restore, and everything that others can give again.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';

export interface BackupContent {
  /** In the backup. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface ContentOptions {
  readonly config: NodeConfig;
  readonly configFile: string;
  /** Of every charter that is known, version 1 first. */
  readonly charterNotes: readonly string[];
  readonly withKeys: boolean;
}

/** Reads it all. Error: `input_unreadable`. */
export async function backupContents(options: ContentOptions): Promise<BackupContent[]> {
  const { config, configFile, charterNotes, withKeys } = options;
  const charters = charterNotes.map((note, index) => ({
    path: `charters/charter-${index + 1}.note`,
    bytes: Buffer.from(note),
  }));
  return [
    { path: 'configuration/node.yaml', bytes: await read(configFile) },
    ...charters,
    ...(await zoneKeyFiles(config.keys.zone, withKeys)),
    ...(withKeys ? await keyFiles(config) : []),
  ];
}

/**
 * The files by which a member is known, where its configuration names them: what stands in a variable of the
 * environment is kept by whoever sets that.
 */
export function keyPaths({ keys, api, dns }: NodeConfig): ReadonlyMap<string, string> {
  const named: [string, string | undefined][] = [
    ['keys/log.key', keys.log],
    ['keys/peer.key', keys.peer],
    ['keys/vrf.key', keys.vrf],
    ['keys/api.pem', api.certificate],
    ['keys/api.key', api.privateKey],
    ['keys/dns.pem', dns.tls?.certificate],
    ['keys/dns.key', dns.tls?.privateKey],
  ];
  return new Map(
    named.filter((one): one is [string, string] => one[1]?.startsWith('env:') === false),
  );
}

async function keyFiles(config: NodeConfig): Promise<BackupContent[]> {
  const files = [...keyPaths(config)].map(async ([path, from]) => ({
    path,
    bytes: await read(from),
  }));
  return await Promise.all(files);
}

/** A state that another process writes is linked whole to a new name, and the one before is kept. */
async function zoneKeyFiles(folder: string, withKeys: boolean): Promise<BackupContent[]> {
  const names = (await readdir(folder).catch((): string[] => [])).filter(
    (name) => /^[\w.-]+$/.test(name) && !name.startsWith('.'),
  );
  const wanted = names.filter((name) => withKeys || !name.endsWith('.pem'));
  const files = wanted.map(async (name) => {
    const path = `zone-keys/${basename(name)}`;
    const bytes = await readFile(join(folder, name)).catch((): undefined => undefined);
    return bytes === undefined ? [] : [{ path, bytes }];
  });
  return (await Promise.all(files)).flat();
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>('input_unreadable', `cannot read ${path}`, { cause });
  }
}
