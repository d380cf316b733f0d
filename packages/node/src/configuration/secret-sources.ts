/**
 * Where secrets come from: the file that a setting names, or in its place, in this order, a variable
 * with the secret itself, a variable with the path of a file, or a credential that systemd hands over
 * (`LoadCredential=`, systemd.exec(5)). A secret in a variable is never copied into the configuration:
 * that has `env:<variable>` for its path, which `readSecretFile` understands.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ConfigFault } from './config-document.ts';

export interface SecretSetting {
  /** Setting with the path of its file. */
  readonly place: string;
  /** Variable with the secret; with `_FILE` behind it, the one with its path. */
  readonly variable: string;
  /** Name of the credential. */
  readonly credential: string;
  /** Octets are base64url in a variable; a key in PEM is read where it lies, and has no variable. */
  readonly form: 'octets' | 'text' | 'pem';
}

export const secretSettings: readonly SecretSetting[] = [
  secret('keys.log', 'LOG_KEY', 'octets'),
  secret('keys.peer', 'PEER_KEY', 'octets'),
  secret('keys.vrf', 'VRF_KEY', 'octets'),
  secret('dns.cookies.secrets', 'COOKIE_SECRETS', 'text'),
  secret('dns.tls.privateKey', 'DNS_TLS_KEY', 'pem'),
  secret('api.privateKey', 'API_TLS_KEY', 'pem'),
  secret('api.acme.externalAccount.keyFile', 'ACME_MAC_KEY', 'text'),
  secret('sharedDatabase.urlFile', 'DATABASE_URL', 'text'),
  secret('challenges.channels.smpp.passwordFile', 'SMPP_PASSWORD', 'text'),
  secret('challenges.channels.webhook.secretFile', 'WEBHOOK_SECRET', 'text'),
  secret('challenges.channels.smtp.login.passwordFile', 'SMTP_PASSWORD', 'text'),
  secret('challenges.channels.sip.login.passwordFile', 'SIP_PASSWORD', 'text'),
];

function secret(place: string, name: string, form: SecretSetting['form']): SecretSetting {
  const credential = name.toLowerCase().replaceAll('_', '-');
  return { place, variable: `CALLBOOK_${name}`, credential: `callbook.${credential}`, form };
}

const variablePrefix = 'env:';

export interface SecretSources {
  /** Path for each setting whose secret comes from the environment. */
  readonly paths: ReadonlyMap<string, string>;
  readonly faults: readonly ConfigFault[];
}

/** Looks through an environment; the faults are variables that contradict each other. */
export function secretSources(env: NodeJS.ProcessEnv): SecretSources {
  const paths = new Map<string, string>();
  const faults: ConfigFault[] = [];
  for (const setting of secretSettings) {
    const { place, variable, form } = setting;
    const value = form === 'pem' ? undefined : env[variable];
    const file = env[`${variable}_FILE`];
    if (value !== undefined && file !== undefined) {
      const problem = `comes from ${variable} and from ${variable}_FILE`;
      const fix = 'unset one of both variables';
      faults.push({
        code: 'config_setting_invalid',
        setting: place,
        line: undefined,
        problem,
        fix,
      });
    }
    const found =
      value !== undefined
        ? `${variablePrefix}${variable}`
        : file !== undefined
          ? resolve(file)
          : credentialPath(setting, env);
    if (found !== undefined) paths.set(place, found);
  }
  return { paths, faults };
}

function credentialPath({ credential }: SecretSetting, env: NodeJS.ProcessEnv): string | undefined {
  const folder = env['CREDENTIALS_DIRECTORY'];
  if (folder === undefined) return undefined;
  const path = join(folder, credential);
  return existsSync(path) ? path : undefined;
}

/** Returns the value with these paths in the groups that it has; a group that is not there is not used. */
export function withSecrets<Value>(value: Value, paths: SecretSources['paths']): Value {
  if (paths.size === 0) return value;
  const copy = structuredClone(value);
  for (const [place, path] of paths) {
    const names = place.split('.');
    let group: unknown = copy;
    for (const name of names.slice(0, -1))
      group = (group as Record<string, unknown> | null)?.[name];
    if (typeof group === 'object' && group !== null) {
      (group as Record<string, unknown>)[names.at(-1)!] = path;
    }
  }
  return copy;
}

/**
 * The octets of a secret that stands in a variable; undefined for a path of a file. Text comes back as
 * UTF-8; octets that are not base64url come back as text too, which no key is.
 */
export function secretInVariable(
  path: string,
  env: NodeJS.ProcessEnv = process.env,
): Uint8Array | undefined {
  if (!path.startsWith(variablePrefix)) return undefined;
  const variable = path.slice(variablePrefix.length);
  const value = env[variable] ?? '';
  const form = secretSettings.find((setting) => setting.variable === variable)?.form;
  if (form === 'octets') {
    const octets = Buffer.from(value.trim(), 'base64url');
    if (octets.toString('base64url') === value.trim()) return new Uint8Array(octets);
  }
  return new TextEncoder().encode(value);
}

/**
 * Whether a path is one that systemd made for this service alone. It may be readable for the group:
 * systemd gives the user an access-control entry, whose mask shows as the bits of the group.
 */
export function isCredential(path: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const folder = env['CREDENTIALS_DIRECTORY'];
  return folder !== undefined && path.startsWith(`${resolve(folder)}/`);
}
