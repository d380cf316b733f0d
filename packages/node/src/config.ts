/**
 * The daemon's configuration: one YAML file. Paths in it are relative to the file. A bad setting is
 * named by its place in the file, with what was expected; values are never repeated, since some
 * (a gateway's password) are secret.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { nsidBytesMax, responsesPerSecondMax, slipMax } from '@callbook/dns';
import { DirectoryError, membersMax } from '@callbook/protocol';
import { Type } from 'typebox';
import type { Static, TString } from 'typebox';
import { Compile } from 'typebox/compile';
import { ChallengeSettings, channelProblems } from './challenge-settings.ts';
import { parseConfigDocument } from './configuration/config-document.ts';
import type { ConfigDocument, ConfigFault } from './configuration/config-document.ts';
import { resolvePaths } from './configuration/config-paths.ts';
import { SharedDatabaseSettings } from './configuration/shared-database-settings.ts';
import { schemaFaults } from './configuration/schema-faults.ts';
import { secretSources, withSecrets } from './configuration/secret-sources.ts';
import type { SecretSources } from './configuration/secret-sources.ts';
import type { NodeErrorCode } from './errors.ts';
import { AcmeSettings, tlsProblems } from './tls/tls-settings.ts';

const Port = Type.Integer({ minimum: 0, maximum: 65535, description: 'port, 0 to 65535' });
const Path = Type.String({ minLength: 1, maxLength: 4096, description: 'path of a file' });
const Address = Type.String({
  pattern: '^[0-9A-Fa-f.:]{2,45}$',
  description: 'IPv4 or IPv6 address',
});
const memberName = (description: string): TString =>
  Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$', description });
const Multiaddr = Type.String({
  pattern: '^/(ip4|ip6|dns4|dns6)/',
  description: 'multiaddr',
});
const Listen = Type.Object({ address: Address, port: Port }, { additionalProperties: false });
/** For what knows no password. */
const LoopbackListen = Type.Object(
  {
    address: Type.String({
      pattern: '^(127(\\.[0-9]{1,3}){3}|::1)$',
      description: 'an address of this machine alone, 127.0.0.1 or ::1',
    }),
    port: Port,
  },
  { additionalProperties: false },
);

/** When zone keys roll over; the times of RFC 7583 that are not TTLs of our own. */
const ZoneKeyRolls = Type.Object(
  {
    zskLifetimeDays: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3650, description: 'days, 1 to 3650' }),
    ),
    // Without it, only when `keys roll ksk` asks.
    kskLifetimeDays: Type.Optional(
      Type.Integer({ minimum: 7, maximum: 3650, description: 'days, 7 to 3650' }),
    ),
    parentDsTtlSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 604_800, description: 'seconds, 1 to 604800' }),
    ),
    propagationSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 21_600, description: 'seconds, 1 to 21600' }),
    ),
    parentServers: Type.Optional(
      Type.Array(Listen, {
        minItems: 1,
        maxItems: 16,
        description: '1 to 16 addresses and ports',
      }),
    ),
  },
  { additionalProperties: false },
);

/** The web page, and where it finds members on this machine whose certificates browsers do not know. */
const PageSettings = Type.Object(
  {
    folder: Type.String({
      minLength: 1,
      maxLength: 4096,
      description: 'folder of a built web page',
    }),
    loopbackMembers: Type.Optional(
      Type.Array(
        Type.Object(
          {
            api: Type.String({
              pattern: '^https://localhost:[0-9]{1,5}$',
              description: "a member's API on this machine",
            }),
            address: Type.String({
              pattern: '^http://localhost:[0-9]{1,5}$',
              description: 'an address on this machine, http://localhost and a port',
            }),
          },
          { additionalProperties: false },
        ),
        { maxItems: membersMax, description: `at most ${membersMax} members with addresses` },
      ),
    ),
  },
  { additionalProperties: false },
);

/** The API's own limit; to load the API for it would delay DNS. */
const relayHoldMillisecondsMax = 250;

/** For the test that compares it with docs/operators/configuration.md. */
export const ConfigSchema = Type.Object(
  {
    member: memberName("this member's name in the charter"),
    dataDir: Path,
    charters: Type.Array(Path, {
      minItems: 1,
      maxItems: 1000,
      description: 'charter notes, version 1 first',
    }),
    keys: Type.Object(
      {
        log: Path,
        peer: Path,
        vrf: Path,
        zone: Type.String({ minLength: 1, maxLength: 4096, description: 'folder of zone keys' }),
      },
      { additionalProperties: false },
    ),
    dns: Type.Object(
      {
        listen: Type.Array(Listen, { minItems: 1, maxItems: 16 }),
        nameservers: Type.Array(
          Type.Object(
            {
              name: Type.String({ minLength: 1, maxLength: 253, description: 'host name' }),
              addresses: Type.Array(Address, { maxItems: 16 }),
            },
            { additionalProperties: false },
          ),
          { minItems: 1, maxItems: 16 },
        ),
        contact: Type.String({
          minLength: 1,
          maxLength: 253,
          description: 'e-mail address of who runs the zone',
        }),
        keys: Type.Optional(ZoneKeyRolls),
        workers: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 64, description: 'number of threads, 1 to 64' }),
        ),
        answerTableMebibytes: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 16_384, description: 'mebibytes, 1 to 16384' }),
        ),
        // Without it the secrets are made at the start, and known to this process only.
        cookies: Type.Optional(Type.Object({ secrets: Path }, { additionalProperties: false })),
        rateLimit: Type.Optional(
          Type.Object(
            {
              responsesPerSecond: Type.Integer({
                minimum: 0,
                maximum: responsesPerSecondMax,
                description: `answers a second to each network, 1 to ${responsesPerSecondMax}, or 0 for no limit`,
              }),
              slip: Type.Optional(
                Type.Integer({
                  minimum: 0,
                  maximum: slipMax,
                  description: `one short answer for so many queries, 1 to ${slipMax}, or 0 for none`,
                }),
              ),
            },
            { additionalProperties: false },
          ),
        ),
        nsid: Type.Optional(
          Type.String({
            pattern: `^[!-~]{1,${nsidBytesMax}}$`,
            description: `1 to ${nsidBytesMax} printable ASCII characters without spaces`,
          }),
        ),
        tls: Type.Optional(
          Type.Object(
            {
              listen: Type.Array(Listen, {
                minItems: 1,
                maxItems: 16,
                description: '1 to 16 addresses and ports',
              }),
              // Without them those of the API.
              certificate: Type.Optional(Path),
              privateKey: Type.Optional(Path),
            },
            { additionalProperties: false },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    api: Type.Object(
      {
        listen: Listen,
        certificate: Type.Optional(Path),
        privateKey: Type.Optional(Path),
        acme: Type.Optional(AcmeSettings),
      },
      { additionalProperties: false },
    ),
    web: Type.Optional(Type.Object({ listen: Listen }, { additionalProperties: false })),
    page: Type.Optional(PageSettings),
    metrics: Type.Optional(Type.Object({ listen: Listen }, { additionalProperties: false })),
    operator: Type.Optional(
      Type.Object({ listen: LoopbackListen }, { additionalProperties: false }),
    ),
    mesh: Type.Object(
      {
        listen: Type.Array(Multiaddr, { minItems: 1, maxItems: 16 }),
        gossip: Type.Optional(Type.Boolean({ description: 'true or false' })),
        // Where another member is reached under other addresses than those of the charter.
        peers: Type.Optional(
          Type.Array(
            Type.Object(
              {
                member: memberName("another member's name in the charter"),
                addresses: Type.Array(Multiaddr, { minItems: 1, maxItems: 8 }),
              },
              { additionalProperties: false },
            ),
            { maxItems: membersMax, description: `at most ${membersMax} members with addresses` },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    // Outside witnesses of the own log (C2SP tlog-witness): submission prefix and cosigner key.
    witnesses: Type.Optional(
      Type.Array(
        Type.Object(
          {
            url: Type.String({
              pattern: '^https?://[^\\s?#]{1,250}$',
              description: "URL of a witness's submission prefix",
            }),
            key: Type.String({
              minLength: 1,
              maxLength: 256,
              description: 'verifier key of a cosigner (type 4)',
            }),
          },
          { additionalProperties: false },
        ),
        { maxItems: 8, description: 'at most 8 witnesses' },
      ),
    ),
    oblivious: Type.Optional(
      Type.Object(
        {
          enabled: Type.Optional(Type.Boolean({ description: 'true or false' })),
          relayHoldMilliseconds: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: relayHoldMillisecondsMax,
              description: `milliseconds, 0 to ${relayHoldMillisecondsMax}`,
            }),
          ),
          authorities: Type.Optional(Path),
        },
        { additionalProperties: false },
      ),
    ),
    challenges: ChallengeSettings,
    bootstrap: Type.Optional(
      Type.Union(
        ['auto', 'snapshot', 'logs'].map((how) => Type.Literal(how)),
        { description: 'one of auto, snapshot, logs' },
      ),
    ),
    store: Type.Optional(
      Type.Object(
        {
          cacheBytes: Type.Optional(
            Type.Integer({
              minimum: 2 ** 20,
              maximum: 2 ** 40,
              description: `bytes, ${2 ** 20} to ${2 ** 40}`,
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    sharedDatabase: Type.Optional(SharedDatabaseSettings),
    log: Type.Optional(
      Type.Object(
        {
          level: Type.Union(
            ['silent', 'error', 'warn', 'info', 'debug'].map((level) => Type.Literal(level)),
            { description: 'one of silent, error, warn, info, debug' },
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export type NodeConfig = Static<typeof ConfigSchema>;

const compiled = Compile(ConfigSchema);

/**
 * Reads and checks a configuration file; paths in the result are absolute, and secrets come from where
 * the environment says. Throws `config_unreadable | config_malformed | config_setting_invalid`.
 */
export async function readConfig(
  path: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<NodeConfig> {
  const { config, faults } = await examineConfig(path, env);
  if (config === undefined) throw errorOf(faults);
  return config;
}

/** What a file says, as far as it can be told from the file alone. */
export interface ExaminedConfig {
  /** Undefined where there are faults. */
  readonly config: NodeConfig | undefined;
  readonly document: ConfigDocument;
  /** In the order of the file. */
  readonly faults: readonly ConfigFault[];
}

/** Reads a file and returns what is wrong with it instead of throwing it. Code: `config_unreadable`. */
export async function examineConfig(path: string, env: NodeJS.ProcessEnv): Promise<ExaminedConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>('config_unreadable', unreadable(path, cause), {
      cause,
    });
  }
  const sources = secretSources(env);
  const examined = examineText(text, sources);
  if (examined.config === undefined) return examined;
  const resolved = resolvePaths(examined.config, dirname(resolve(path)));
  return { ...examined, config: withSecrets(resolved, sources.paths) };
}

/** Parses YAML text; throws `config_malformed` or `config_setting_invalid`. */
export function parseConfig(text: string): NodeConfig {
  const { config, faults } = examineText(text, secretSources({}));
  if (config === undefined) throw errorOf(faults);
  return config;
}

function examineText(text: string, sources: SecretSources): ExaminedConfig {
  const document = parseConfigDocument(text);
  if (document.faults.length > 0) return { config: undefined, document, faults: document.faults };
  const value = withSecrets(document.value, sources.paths);
  if (!compiled.Check(value)) {
    const faults = schemaFaults(value, { schema: ConfigSchema, compiled, document });
    return { config: undefined, document, faults: [...sources.faults, ...faults] };
  }
  const problems = channelProblems(value.challenges).map(({ setting, problem }) =>
    document.fault(setting, { problem, fix: 'add what is named, or take the channel out of "by"' }),
  );
  const tls = tlsProblems(value).map(({ setting, ...what }) => document.fault(setting, what));
  const faults = [...sources.faults, ...problems, ...tls];
  return { config: faults.length === 0 ? value : undefined, document, faults };
}

/** The first fault is the message; `config check` tells all of them. */
export function errorOf(faults: readonly ConfigFault[]): DirectoryError<NodeErrorCode> {
  const [first] = faults;
  const { code, setting, line, problem } = first!;
  const more = faults.length === 1 ? '' : ` (and ${faults.length - 1} more: config check)`;
  const message = `${line === undefined ? '' : `line ${line}: `}${setting}: ${problem}${more}`;
  const details = { setting, ...(line !== undefined && { line }) };
  return new DirectoryError<NodeErrorCode>(code, message, { details });
}

function unreadable(path: string, cause: unknown): string {
  return isMissing(cause)
    ? `there is no ${path}: callbook-node init makes one`
    : `cannot read ${path}: run this as the user of the member, or as root`;
}

export function isMissing(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Folder of the replica's database. */
export function storeFolder({ dataDir }: NodeConfig): string {
  return join(dataDir, 'store');
}
