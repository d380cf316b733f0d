/**
 * The configuration of a front end, `front.yaml`: where its database is, what it listens on, and how old
 * its answers may be. The zone itself, with its name servers and keys in use, comes from the member through
 * the database; private keys of the zone do not, and are in a folder here.
 */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { ConfigSchema, errorOf, isMissing } from '../config.ts';
import type { ExaminedConfig } from '../config.ts';
import { parseConfigDocument } from '../configuration/config-document.ts';
import { resolveDnsPaths } from '../configuration/config-paths.ts';
import { schemaFaults } from '../configuration/schema-faults.ts';
import { sharedDatabaseProperties } from '../configuration/shared-database-settings.ts';
import { secretSources, withSecrets } from '../configuration/secret-sources.ts';
import type { NodeErrorCode } from '../errors.ts';

const { dns, metrics, log } = ConfigSchema.properties;
const { listen, workers, answerTableMebibytes, cookies, rateLimit, nsid } = dns.properties;
const strict = { additionalProperties: false };
const path = Type.String({ minLength: 1, maxLength: 4096, description: 'path of a file' });
const address = listen.items;

const FrontConfigSchema = Type.Object(
  {
    sharedDatabase: Type.Object(
      {
        ...sharedDatabaseProperties,
        connections: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 16,
            description: 'connections of each thread that looks up, 1 to 16',
          }),
        ),
        pollMilliseconds: Type.Optional(
          Type.Integer({ minimum: 20, maximum: 5_000, description: 'milliseconds, 20 to 5000' }),
        ),
        stalenessSecondsMax: Type.Optional(
          Type.Integer({ minimum: 3, maximum: 3_600, description: 'seconds, 3 to 3600' }),
        ),
      },
      strict,
    ),
    keys: Type.Object(
      {
        zone: Type.String({ minLength: 1, maxLength: 4096, description: 'folder of zone keys' }),
      },
      strict,
    ),
    dns: Type.Object(
      {
        listen,
        workers,
        answerTableMebibytes,
        cookies,
        rateLimit,
        nsid,
        tls: Type.Optional(
          Type.Object(
            {
              listen: Type.Array(address, {
                minItems: 1,
                maxItems: 16,
                description: '1 to 16 addresses and ports',
              }),
              certificate: path,
              privateKey: path,
            },
            strict,
          ),
        ),
      },
      strict,
    ),
    api: Type.Optional(
      Type.Object({ listen: address, certificate: path, privateKey: path }, strict),
    ),
    metrics,
    log,
  },
  strict,
);

export type FrontConfig = Static<typeof FrontConfigSchema>;

const compiled = Compile(FrontConfigSchema);

/** Reads and checks it; paths are absolute. Codes: `config_unreadable | _malformed | _setting_invalid`. */
export async function readFrontConfig(
  path: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<FrontConfig> {
  const { config, faults } = await examineFrontConfig(path, env);
  if (config === undefined) throw errorOf(faults);
  return config;
}

/** Reads a file and returns what is wrong with it instead of throwing it. Code: `config_unreadable`. */
export async function examineFrontConfig(
  path: string,
  env: NodeJS.ProcessEnv,
): Promise<Omit<ExaminedConfig, 'config'> & { readonly config: FrontConfig | undefined }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const problem = isMissing(cause) ? `there is no ${path}` : `cannot read ${path}`;
    throw new DirectoryError<NodeErrorCode>('config_unreadable', problem, { cause });
  }
  const sources = secretSources(env);
  const document = parseConfigDocument(text);
  if (document.faults.length > 0) return { config: undefined, document, faults: document.faults };
  const value = withSecrets(document.value, sources.paths);
  const wrong = compiled.Check(value)
    ? []
    : schemaFaults(value, { schema: FrontConfigSchema, compiled, document });
  const faults = [...sources.faults, ...wrong];
  if (faults.length > 0) return { config: undefined, document, faults };
  const resolved = resolveFront(value as FrontConfig, dirname(resolve(path)));
  return { config: withSecrets(resolved, sources.paths), document, faults };
}

function resolveFront(config: FrontConfig, folder: string): FrontConfig {
  const at = (path: string): string => resolve(folder, path);
  const { sharedDatabase, keys, api: served } = config;
  return {
    ...config,
    sharedDatabase: { ...sharedDatabase, urlFile: at(sharedDatabase.urlFile) },
    keys: { zone: at(keys.zone) },
    dns: resolveDnsPaths(config.dns, at),
    ...(served && {
      api: { ...served, certificate: at(served.certificate), privateKey: at(served.privateKey) },
    }),
  };
}
