/**
 * The bridge's configuration: one YAML file. Paths in it are relative to the file. A bad setting is named by
 * its line and its place, with what was expected; values are never repeated, since some are secret.
 */
import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { dirname, resolve } from 'node:path';
import { parseName } from '@callbook/dns/wire';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { sipError } from './errors.ts';
import { KamailioSettings } from './kamailio/settings.ts';
import { suffixesMax } from './limits.ts';

const Port = Type.Integer({ minimum: 0, maximum: 65535, description: 'port, 0 to 65535' });
const Path = Type.String({ minLength: 1, maxLength: 4096, description: 'path of a file' });
const Address = Type.String({
  pattern: '^[0-9A-Fa-f.:]{2,45}$',
  description: 'IPv4 or IPv6 address',
});
const Listen = Type.Object({ address: Address, port: Port }, { additionalProperties: false });
const hostName =
  '^(?=.{1,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.?$';
const Host = Type.String({ pattern: hostName, description: 'host name in lower case' });
const Url = Type.String({
  pattern: '^https?://[a-z0-9.:\\[\\]-]{1,253}(/[A-Za-z0-9._~/-]{0,200})?$',
  description: 'URL without query',
});
const seconds = (minimum: number, maximum: number) =>
  Type.Integer({ minimum, maximum, description: `seconds, ${minimum} to ${maximum}` });
const closed = { additionalProperties: false };

const DirectorySettings = Type.Object(
  {
    suffixes: Type.Array(Host, {
      minItems: 1,
      maxItems: suffixesMax,
      description: `1 to ${suffixesMax} suffixes of members`,
    }),
    agree: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: suffixesMax,
        description: 'how many suffixes have to agree',
      }),
    ),
    providers: Type.Optional(
      Type.Array(Host, { maxItems: suffixesMax, description: `at most ${suffixesMax} suffixes` }),
    ),
    resolver: Type.Object({ address: Address, port: Type.Optional(Port) }, closed),
    anchor: Type.Optional(Path),
  },
  closed,
);

const AccountSettings = Type.Object(
  {
    required: Type.Optional(Type.Boolean({ description: 'true or false' })),
    url: Type.Optional(Url),
    listen: Type.Optional(Listen),
    certificate: Type.Optional(Path),
    privateKey: Type.Optional(Path),
    graceSeconds: Type.Optional(seconds(0, 2_592_000)),
    arrivalSeconds: Type.Optional(seconds(0, 2_592_000)),
    pollSeconds: Type.Optional(seconds(1, 86_400)),
  },
  closed,
);

const ConfigSchema = Type.Object(
  {
    provider: Type.String({
      pattern: hostName,
      description: 'the domain of your users, such as sip.example',
    }),
    domains: Type.Optional(
      Type.Array(Host, { maxItems: 16, description: 'at most 16 other domains of your users' }),
    ),
    dataDir: Path,
    listen: Listen,
    directory: DirectorySettings,
    accounts: Type.Optional(AccountSettings),
    credentials: Type.Optional(
      Type.Object({ secret: Path, seconds: Type.Optional(seconds(60, 86_400)) }, closed),
    ),
    signing: Type.Optional(Type.Object({ privateKey: Path, url: Url }, closed)),
    metrics: Type.Optional(Type.Object({ listen: Listen }, closed)),
    log: Type.Optional(
      Type.Object(
        {
          level: Type.Union(
            ['silent', 'error', 'warn', 'info', 'debug'].map((level) => Type.Literal(level)),
            { description: 'one of silent, error, warn, info, debug' },
          ),
        },
        closed,
      ),
    ),
    kamailio: Type.Optional(KamailioSettings),
  },
  closed,
);

export type BridgeConfig = Static<typeof ConfigSchema>;

const compiled = Compile(ConfigSchema);

/** Reads and checks a configuration file; paths in the result are absolute. */
export async function readConfig(path: string): Promise<BridgeConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw sipError('config_unreadable', `cannot read ${path}`, { cause });
  }
  return resolvePaths(parseConfig(text), dirname(resolve(path)));
}

/** Parses YAML text; throws `config_malformed` or `config_setting_invalid`. */
export function parseConfig(text: string): BridgeConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    prettyErrors: true,
    uniqueKeys: true,
    lineCounter: lines,
  });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const line = problem.linePos?.[0].line ?? 1;
    throw sipError('config_malformed', `line ${line}: ${problem.code}`, { details: { line } });
  }
  const value: unknown = document.toJS();
  const invalid = (names: readonly string[], expected: string): Error => {
    const line = lineOf(document, lines, names);
    const setting = names.length === 0 ? 'the file' : names.join('.');
    return sipError('config_setting_invalid', `line ${line}: ${setting} ${expected}`, {
      details: { line, setting },
    });
  };
  if (!compiled.Check(value)) throw invalid(...firstFault(value));
  const [names, expected] = faultBetweenSettings(value) ?? [];
  if (names !== undefined) throw invalid(names, expected!);
  return value;
}

type Fault = [names: readonly string[], expected: string];

/** Which setting does not fit the schema, and what it should be. */
function firstFault(value: unknown): Fault {
  const [first] = compiled.Errors(value);
  const names = (first?.instancePath ?? '').split('/').slice(1);
  if (first?.keyword === 'boolean') return [names, 'is no setting; see the list in the README'];
  if (first?.keyword === 'additionalProperties') {
    const [unknown = ''] = (first.params as { additionalProperties?: string[] })
      .additionalProperties ?? [''];
    return [[...names, unknown], 'is no setting; see the list in the README'];
  }
  if (first?.keyword === 'required') {
    const [missing = ''] = (first.params as { requiredProperties?: string[] })
      .requiredProperties ?? [''];
    return [[...names, missing], `is missing: ${expectation([...names, missing])}`];
  }
  return [names, `must be ${expectation(names)}`];
}

interface SchemaNode {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly items?: unknown;
}

/** The words of the schema for the setting at a place. */
function expectation(names: readonly string[]): string {
  let node: SchemaNode | undefined = ConfigSchema;
  for (const name of names)
    node = (node?.properties?.[name] ?? node?.items) as SchemaNode | undefined;
  const fields = Object.keys(node?.properties ?? {});
  return node?.description ?? (fields.length > 0 ? `settings: ${fields.join(', ')}` : 'a value');
}

/** What is wrong between settings that are right by themselves. */
function faultBetweenSettings({
  listen,
  directory,
  accounts,
  credentials,
}: BridgeConfig): Fault | undefined {
  // Whoever reaches this listener can have calls signed.
  if (!isLoopback(listen.address)) {
    return [['listen', 'address'], 'must be a loopback address, such as 127.0.0.1'];
  }
  const { suffixes, agree } = directory;
  const badPlace = suffixes.findIndex((suffix) => parseName(suffix).verdict !== 'accept');
  if (badPlace !== -1) return [['directory', 'suffixes', String(badPlace)], 'is no domain name'];
  if (agree !== undefined && agree > suffixes.length) {
    return [
      ['directory', 'agree'],
      `must be at most ${suffixes.length}, as many as there are suffixes`,
    ];
  }
  if (new Set(suffixes).size < suffixes.length) {
    return [['directory', 'suffixes'], 'must be different from each other'];
  }
  const { listen: accountsListen, url, certificate, privateKey } = accounts ?? {};
  if ((accountsListen === undefined) !== (url === undefined)) {
    return [['accounts'], 'must have url and listen, or neither'];
  }
  if ((certificate === undefined) !== (privateKey === undefined)) {
    return [['accounts'], 'must have certificate and privateKey, or neither'];
  }
  if (credentials !== undefined && url === undefined) {
    return [['credentials'], 'are given out by the accounts: set accounts.url and accounts.listen'];
  }
  return undefined;
}

function isLoopback(address: string): boolean {
  return isIPv4(address) ? address.startsWith('127.') : address === '::1';
}

/** The line of the setting, or of the closest one above it that is there. */
function lineOf(document: Document, lines: LineCounter, names: readonly string[]): number {
  for (let depth = names.length; depth > 0; depth -= 1) {
    const found = document.getIn(names.slice(0, depth), true);
    if (isNode(found) && found.range) return lines.linePos(found.range[0]).line;
  }
  return 1;
}

/** How many suffixes have to agree unless configured: a liar among the members is outvoted. */
export function neededOf({ suffixes, agree }: BridgeConfig['directory']): number {
  return agree ?? Math.floor(suffixes.length / 2) + 1;
}

function resolvePaths(config: BridgeConfig, folder: string): BridgeConfig {
  const at = (path: string): string => resolve(folder, path);
  const { directory, accounts, credentials, signing } = config;
  return {
    ...config,
    dataDir: at(config.dataDir),
    directory: { ...directory, ...(directory.anchor && { anchor: at(directory.anchor) }) },
    ...(accounts && {
      accounts: {
        ...accounts,
        ...(accounts.certificate && { certificate: at(accounts.certificate) }),
        ...(accounts.privateKey && { privateKey: at(accounts.privateKey) }),
      },
    }),
    ...(credentials && { credentials: { ...credentials, secret: at(credentials.secret) } }),
    ...(signing && { signing: { ...signing, privateKey: at(signing.privateKey) } }),
  };
}
