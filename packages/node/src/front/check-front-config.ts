/** What `checkConfig` is for a member, for a front end: the file, and every file that it names. */
import { openKeyFolder, readKeyState } from '@callbook/dns';
import { checker, checkListens } from '../configuration/check-config.ts';
import type { ConfiguredListen } from '../configuration/check-config.ts';
import type { ConfigFault } from '../configuration/config-document.ts';
import { assertOthersCannotWrite } from '../configuration/config-rights.ts';
import { readDnsGuard } from '../dns-guard.ts';
import { systemClock } from '../system-ports.ts';
import { readPair } from '../tls/certificate-pair.ts';
import { examineFrontConfig } from './front-config.ts';
import type { FrontConfig } from './front-config.ts';
import { readSharedDatabase } from './shared-database.ts';

/** Reads a `front.yaml` and all that it names. Code: `config_unreadable`. */
export async function checkFrontConfig(
  path: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly faults: readonly ConfigFault[] }> {
  const { config, document, faults } = await examineFrontConfig(path, env);
  if (config === undefined) return { faults };
  const { check, found } = checker(document);
  const { sharedDatabase, keys, dns, api } = config;
  await check('the file', async () => await assertOthersCannotWrite(path));
  await check('sharedDatabase.urlFile', async () => await readSharedDatabase(sharedDatabase, 1));
  await check('keys.zone', async () => {
    await readKeyState(openKeyFolder(keys.zone), systemClock.nowMs());
  });
  if (dns.cookies) await check('dns.cookies.secrets', async () => await readDnsGuard(dns));
  const { tls } = dns;
  if (tls) await check('dns.tls.certificate', async () => await readPair(tls));
  if (api) await check('api.certificate', async () => await readPair(api));
  await checkListens(listensOf(config), check);
  return { faults: found() };
}

function listensOf({ dns, api, metrics }: FrontConfig): ConfiguredListen[] {
  const tcp = { transport: 'tcp' as const };
  return [
    ...dns.listen.map((at, i) => {
      return { setting: `dns.listen.${i}`, ...at, transport: 'udp and tcp' as const };
    }),
    ...(dns.tls?.listen ?? []).map((at, i) => ({ setting: `dns.tls.listen.${i}`, ...at, ...tcp })),
    ...(api === undefined ? [] : [{ setting: 'api.listen', ...api.listen, ...tcp }]),
    ...(metrics === undefined ? [] : [{ setting: 'metrics.listen', ...metrics.listen, ...tcp }]),
  ];
}
