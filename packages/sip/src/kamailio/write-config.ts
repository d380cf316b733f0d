/** `callbook-sip kamailio-config`: the two files of Kamailio, from the bridge's own configuration. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { readConfig } from '../config.ts';
import { sipError } from '../errors.ts';
import { readDigestSecret } from '../secret-files.ts';
import { generateKamailioConfig } from './kamailio-config.ts';

/** Writes `kamailio.cfg` and `tls.cfg` to a folder; returns their paths. */
export async function writeKamailioConfig(
  configPath: string,
  outFolder: string,
): Promise<readonly string[]> {
  const config = await readConfig(configPath);
  const { provider, listen, credentials, signing, kamailio } = config;
  if (kamailio === undefined) {
    throw sipError('config_setting_invalid', 'kamailio is missing: the settings of the server');
  }
  const folder = resolve(outFolder);
  const texts = await generateKamailioConfig({
    provider,
    bridge: listen,
    // Where no credentials are given out, nobody knows the secret, and a digest is never right.
    digestSecret:
      credentials === undefined
        ? randomBytes(32).toString('hex')
        : await readDigestSecret(credentials.secret),
    signs: signing !== undefined,
    settingsFolder: dirname(resolve(configPath)),
    folder,
    kamailio,
  });
  await mkdir(folder, { recursive: true });
  const files = [join(folder, 'kamailio.cfg'), join(folder, 'tls.cfg')];
  await replaceSecretFile(files[0]!, texts.kamailio);
  await replaceSecretFile(files[1]!, texts.tls);
  return files;
}

/** Whole or not at all: Kamailio may be started at any moment. If we crash before, the old one counts. */
async function replaceSecretFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await chmod(draft, 0o600);
  await rename(draft, path);
}
