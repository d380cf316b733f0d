/** Paths in a configuration are relative to its file: here they are made absolute. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { resolveChallengePaths } from '../challenge-settings.ts';
import type { NodeConfig } from '../config.ts';
import { resolveAcmePaths, resolveCertificatePaths } from '../tls/tls-settings.ts';

/** Returns the configuration with absolute paths; a folder of charters becomes the notes in it. */
export function resolvePaths(config: NodeConfig, folder: string): NodeConfig {
  const at = (path: string): string => resolve(folder, path);
  const { keys, api, challenges, oblivious, page, sharedDatabase } = config;
  return {
    ...config,
    dataDir: at(config.dataDir),
    charters: config.charters.flatMap((path) => notesAt(at(path))),
    keys: { log: at(keys.log), peer: at(keys.peer), vrf: at(keys.vrf), zone: at(keys.zone) },
    dns: resolveDnsPaths(config.dns, at),
    api: resolveApiPaths(api, at),
    ...(oblivious?.authorities !== undefined && {
      oblivious: { ...oblivious, authorities: at(oblivious.authorities) },
    }),
    ...(page !== undefined && { page: { ...page, folder: at(page.folder) } }),
    ...(sharedDatabase && {
      sharedDatabase: { ...sharedDatabase, urlFile: at(sharedDatabase.urlFile) },
    }),
    challenges: resolveChallengePaths(challenges, at),
  };
}

function resolveApiPaths(api: NodeConfig['api'], at: (path: string) => string): NodeConfig['api'] {
  const { acme } = api;
  return {
    ...resolveCertificatePaths(api, at),
    ...(acme && { acme: resolveAcmePaths(acme, at) }),
  };
}

/** Makes the paths of the settings of DNS absolute, a member's and a front end's. */
export function resolveDnsPaths<Dns extends Pick<NodeConfig['dns'], 'cookies' | 'tls'>>(
  dns: Dns,
  at: (path: string) => string,
): Dns {
  const { cookies, tls } = dns;
  return {
    ...dns,
    ...(cookies && { cookies: { secrets: at(cookies.secrets) } }),
    ...(tls && { tls: resolveCertificatePaths(tls, at) }),
  };
}

const noteName = /^charter-([1-9]\d{0,8})\.note$/;

/**
 * The notes `charter-<version>.note` of a folder, version 1 first. A folder without any stands for its
 * first, which whoever reads it will miss by name.
 */
function notesAt(path: string): readonly string[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) return [path];
  const versions = readdirSync(path).flatMap((name) => noteName.exec(name)?.[1] ?? []);
  const inOrder = versions.map(Number).sort((one, other) => one - other);
  const notes = inOrder.map((version) => join(path, `charter-${version}.note`));
  return notes.length === 0 ? [join(path, 'charter-1.note')] : notes;
}
