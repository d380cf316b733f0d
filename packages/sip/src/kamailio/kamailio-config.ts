/**
 * Kamailio's configuration: the parts in `kamailio/`, which are written to be read, with the provider's
 * values in them. Odd: the parts say `@NAME@` and not Kamailio's own `#!define`, because those are not
 * replaced inside of strings.
 */
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { retryAfterSeconds } from '../limits.ts';
import { assertMatches } from './settings.ts';
import type { KamailioSettings, SocketAddress } from './settings.ts';

export interface KamailioParts {
  /** The domain of the provider's addresses. */
  readonly provider: string;
  /** Where the bridge listens for Kamailio's questions. */
  readonly bridge: SocketAddress;
  /** Text that both share; its HMACs are the digest credentials. */
  readonly digestSecret: string;
  /** Whether the bridge has a key to sign calls with. */
  readonly signs: boolean;
  /** What relative paths of the settings are relative to. */
  readonly settingsFolder: string;
  /** Absolute path of the folder that both files will be in. */
  readonly folder: string;
  readonly kamailio: KamailioSettings;
}

/** The texts of `kamailio.cfg`, which has secrets in it, and of `tls.cfg`. */
export interface KamailioConfig {
  readonly kamailio: string;
  readonly tls: string;
}

const debianAuthorities = '/etc/ssl/certs/ca-certificates.crt';
const processesDefault = 8;
const connectionsMax = 8192;
/** The bridge itself gives up after four. */
const bridgeSecondsMax = 5;
const partsFolder = new URL('../../kamailio/', import.meta.url);

/** Puts the configuration together; throws `config_setting_invalid` for what cannot be in it. */
export async function generateKamailioConfig(parts: KamailioParts): Promise<KamailioConfig> {
  const { kamailio: settings } = parts;
  const withBrowsers = settings.listen.wss !== undefined;
  const defined = [
    ...(parts.signs ? ['WITH_SIGNING'] : []),
    ...(settings.identity === 'checked' ? [] : ['IDENTITY_REQUIRED']),
    ...(withBrowsers ? ['WITH_BROWSERS'] : []),
  ];
  const names = ['server', 'requests', 'registration', 'calls', 'bridge'];
  const texts = await Promise.all([...names, ...(withBrowsers ? ['browsers'] : [])].map(readPart));
  const values = valuesOf(parts);
  const lines = ['#!KAMAILIO', ...defined.map((name) => `#!define ${name}`), ...texts];
  return {
    kamailio: fill(lines.join('\n'), values),
    tls: fill(await readPart('tls'), values),
  };
}

async function readPart(name: string): Promise<string> {
  return await readFile(new URL(`${name}.cfg`, partsFolder), 'utf8');
}

function valuesOf(parts: KamailioParts): Readonly<Record<string, string>> {
  const { kamailio: settings } = parts;
  const { tls, wss } = settings.listen;
  const digestSecret = assertMatches(parts.digestSecret, 'secret', 'credentials.secret');
  const derived = (use: string): string =>
    createHmac('sha256', digestSecret).update(`callbook kamailio ${use}`).digest('hex');
  const files = filesOf(parts);
  return {
    DOMAIN: assertMatches(parts.provider, 'host', 'provider'),
    BRIDGE: `http://${socketText(parts.bridge)}`,
    BRIDGE_SECONDS_MAX: `${bridgeSecondsMax}`,
    RETRY_SECONDS: `${retryAfterSeconds}`,
    PROCESSES: `${settings.processes ?? processesDefault}`,
    CONNECTIONS_MAX: `${connectionsMax}`,
    FOLDER: assertMatches(parts.folder, 'path', 'folder'),
    LISTEN_TLS: socketText(tls),
    LISTEN_WSS: wss === undefined ? '' : socketText(wss),
    WSS_PORT: `${wss?.port ?? 0}`,
    WEB_ORIGIN: settings.webOrigin ?? '',
    DIGEST_SECRET: digestSecret,
    NONCE_SECRET: derived('nonce'),
    MARK_SECRET: derived('mark'),
    ...files,
    SERVER_WSS: wss === undefined ? '' : serverForBrowsers(wss, files),
  };
}

interface ServerFiles extends Readonly<Record<string, string>> {
  readonly CERTIFICATE: string;
  readonly PRIVATE_KEY: string;
  readonly AUTHORITIES: string;
}

function filesOf({ kamailio: settings, settingsFolder }: KamailioParts): ServerFiles {
  const file = (path: string, name: string): string =>
    assertMatches(resolve(settingsFolder, path), 'path', `kamailio.${name}`);
  return {
    CERTIFICATE: file(settings.certificate, 'certificate'),
    PRIVATE_KEY: file(settings.privateKey, 'privateKey'),
    AUTHORITIES: file(settings.authorities ?? debianAuthorities, 'authorities'),
  };
}

/** A browser is asked for no certificate: it would show its user a list of those it has. */
function serverForBrowsers(wss: SocketAddress, files: ServerFiles): string {
  return `[server:${socketText(wss)}]
method = TLSv1.2+
certificate = ${files.CERTIFICATE}
private_key = ${files.PRIVATE_KEY}
verify_certificate = no
require_certificate = no
verify_client = off
`;
}

function socketText({ address, port }: SocketAddress): string {
  const text = address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
  return `${assertMatches(text, 'address', 'address')}:${port}`;
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/@([A-Z][A-Z_]*)@/g, (found, name: string) => values[name] ?? found);
}
