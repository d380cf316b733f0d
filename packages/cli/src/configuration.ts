/**
 * The configuration file: JSON, found by `--config`, `CALLBOOK_CONFIG` or the XDG directories
 * (freedesktop.org Base Directory Specification). Relative paths in it are relative to the file.
 * It pins the founding charter, from which all trust follows; it holds no secret.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  createDirectory,
  parseTrustAnchor,
  type Directory,
  type DnsTransport,
  type Privacy,
  type SignerSource,
  type TokenPurse,
  type TrustAnchor,
} from '@callbook/client';
import type { SignerCommand } from '@callbook/client/node';
import { cliError } from './errors.ts';
import { readResolverAddress } from './resolver.ts';
import type { Terminal } from './terminal.ts';
import { xdgDirectory } from './xdg.ts';

export interface Configuration {
  /** The founding charter, a signed note. */
  readonly charterNote: string;
  /** PEM of an authority to trust beside the system's; for federations with a private one. */
  readonly authorityPem: string | undefined;
  /** Names of the members to ask first. */
  readonly members: readonly string[];
  /** ISO 3166 country in which numbers without + are read. */
  readonly country: string | undefined;
  /** How look-ups are asked for; the directory's default when left out. */
  readonly privacy: Privacy | undefined;
  /** DNS resolver, as `addr` or `addr:port`. */
  readonly resolver: string | undefined;
  /** Suffixes of other ENUM providers, in the order in which they are asked. */
  readonly suffixes: readonly string[];
  /** Where trust in their zones begins; the root's keys of IANA when left out. */
  readonly anchor: TrustAnchor | undefined;
  /** Program that has the authority keys, with its arguments; undefined when key files have them. */
  readonly signer: SignerCommand['command'] | undefined;
  /** Directory of the key files. */
  readonly keys: string;
  /** File of the tokens. */
  readonly tokens: string;
  /** Directory of what was known of peers. */
  readonly peers: string;
}

/** Reads the configuration. Throws `config_missing` or `config_malformed`. */
export async function readConfiguration(
  terminal: Terminal,
  given: string | undefined,
): Promise<Configuration> {
  const path = configurationPath(terminal, given);
  const fields = parseFields(await readNamed(path, 'config_missing', 'configuration'));
  const at = (relative: string): string => resolve(dirname(path), relative);
  const { charter, ca, members, country, privacy, resolver, suffixes } = fields;
  const { anchor, signer, keys } = fields;
  return {
    charterNote: await readNamed(at(charter), 'config_malformed', 'charter'),
    authorityPem: ca === undefined ? undefined : await readNamed(at(ca), 'config_malformed', 'ca'),
    members: members ?? [],
    country,
    privacy,
    resolver,
    suffixes: suffixes ?? [],
    anchor:
      anchor === undefined
        ? undefined
        : readRootAnchor(await readNamed(at(anchor), 'config_malformed', 'anchor')),
    signer: signer === undefined ? undefined : [programAt(signer[0], path), ...signer.slice(1)],
    keys:
      keys === undefined
        ? join(xdgDirectory(terminal.env, 'XDG_DATA_HOME', '.local/share'), 'keys')
        : at(keys),
    tokens: join(xdgDirectory(terminal.env, 'XDG_DATA_HOME', '.local/share'), 'tokens'),
    peers: join(xdgDirectory(terminal.env, 'XDG_STATE_HOME', '.local/state'), 'peers'),
  };
}

/** Opens the directory that the configuration pins. */
export async function openDirectory(
  configuration: Configuration,
  of: {
    readonly first: readonly string[];
    readonly resolver: string | undefined;
    readonly signers: SignerSource;
    readonly wallet?: TokenPurse | undefined;
  },
): Promise<Directory> {
  const { charterNote, members, privacy, suffixes, anchor } = configuration;
  trustAuthority(configuration);
  const resolver = of.resolver ?? configuration.resolver;
  return createDirectory({
    charterNote,
    members: of.first.length > 0 ? of.first : members,
    suffixes,
    signers: of.signers,
    ...(of.wallet === undefined ? {} : { wallet: of.wallet }),
    ...(resolver === undefined ? {} : { dns: await openTransport(resolver) }),
    ...(anchor === undefined ? {} : { anchor }),
    ...(privacy === undefined ? {} : { privacy }),
  });
}

/** Trusts the federation's own authority, where it has one, beside the system's. */
export function trustAuthority({ authorityPem }: Configuration): void {
  if (authorityPem === undefined) return;
  // The global fetch takes its authorities from here; there is no setting for a single call.
  const trusted = getCACertificates('default');
  if (!trusted.includes(authorityPem)) setDefaultCACertificates([...trusted, authorityPem]);
}

/** Most commands ask no resolver, and start without the sockets for one. */
export async function openTransport(resolver: string): Promise<DnsTransport> {
  const address = readResolverAddress(resolver);
  const { socketTransport } = await import('@callbook/client/node');
  return socketTransport(address);
}

/** Where the configuration is looked for. */
export function configurationPath(terminal: Terminal, given: string | undefined): string {
  const xdg = xdgDirectory(terminal.env, 'XDG_CONFIG_HOME', '.config');
  return given ?? terminal.env['CALLBOOK_CONFIG'] ?? join(xdg, 'config.json');
}

async function readNamed(
  path: string,
  code: 'config_missing' | 'config_malformed',
  what: string,
): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw cliError(code, `cannot read the ${what} at ${path}`, { cause });
  }
}

interface Fields {
  readonly charter: string;
  readonly ca?: string;
  readonly members?: readonly string[];
  readonly country?: string;
  readonly privacy?: Privacy;
  readonly resolver?: string;
  readonly suffixes?: readonly string[];
  readonly anchor?: string;
  readonly signer?: readonly [string, ...string[]];
  readonly keys?: string;
}

const knownFields: ReadonlySet<string> = new Set([
  'charter',
  'ca',
  'members',
  'country',
  'privacy',
  'resolver',
  'suffixes',
  'anchor',
  'signer',
  'keys',
]);

function parseFields(text: string): Fields {
  const json = parseJson(text);
  const unknown = Object.keys(json).find((name) => !knownFields.has(name));
  if (unknown !== undefined) {
    const known = [...knownFields].join(', ');
    throw cliError('config_malformed', `configuration has "${unknown}"; known are ${known}`);
  }
  const { charter, ca, members, country, privacy, resolver, suffixes } = json;
  const { anchor, signer, keys } = json;
  if (typeof charter !== 'string') throw wrongField('charter', 'a path');
  if (ca !== undefined && typeof ca !== 'string') throw wrongField('ca', 'a path');
  if (keys !== undefined && typeof keys !== 'string') throw wrongField('keys', 'a path');
  if (country !== undefined && typeof country !== 'string') throw wrongField('country', 'text');
  if (privacy !== undefined && privacy !== 'plain' && privacy !== 'oblivious') {
    throw wrongField('privacy', '"plain" or "oblivious"');
  }
  if (members !== undefined && !isTexts(members)) throw wrongField('members', 'a list of names');
  if (resolver !== undefined && typeof resolver !== 'string') throw wrongField('resolver', 'text');
  if (suffixes !== undefined && !isTexts(suffixes)) throw wrongField('suffixes', 'a list of names');
  if (anchor !== undefined && typeof anchor !== 'string') throw wrongField('anchor', 'a path');
  if (signer !== undefined && !isCommand(signer)) throw wrongField('signer', 'a list of texts');
  return {
    charter,
    ...(ca === undefined ? {} : { ca }),
    ...(members === undefined ? {} : { members }),
    ...(country === undefined ? {} : { country }),
    ...(privacy === undefined ? {} : { privacy }),
    ...(resolver === undefined ? {} : { resolver }),
    ...(suffixes === undefined ? {} : { suffixes }),
    ...(anchor === undefined ? {} : { anchor }),
    ...(signer === undefined ? {} : { signer }),
    ...(keys === undefined ? {} : { keys }),
  };
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  } catch (cause) {
    throw cliError('config_malformed', 'configuration is not JSON', { cause });
  }
  throw cliError('config_malformed', 'configuration is not a JSON object');
}

/** Reads DS records of the root, each on a line of its own, as zone files and resolvers have them. */
function readRootAnchor(text: string): TrustAnchor {
  const ds = text.split('\n').flatMap((line) => /\bDS\s+(.+)$/.exec(line)?.[1] ?? []);
  const anchor = parseTrustAnchor('.', ds);
  if (anchor === undefined) throw wrongField('anchor', 'a file with DS records of the root');
  return anchor;
}

function wrongField(field: string, expected: string): Error {
  return cliError('config_malformed', `"${field}" in the configuration is not ${expected}`);
}

/** A program of the search path by its name, any other by its path from the configuration. */
function programAt(program: string, path: string): string {
  return program.includes('/') ? resolve(dirname(path), program) : program;
}

function isCommand(value: unknown): value is readonly [string, ...string[]] {
  return isTexts(value) && value.length > 0;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
