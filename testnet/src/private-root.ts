/**
 * The private root and `test.` of a testnet, served by the same DNS package as the members' zones,
 * so that a resolver validates from one anchor down to a number.
 */
import {
  createResponder,
  createStaticZone,
  dsRecord,
  loadZoneKeys,
  startDnsServer,
} from '@callbook/dns';
import { parseCharter } from '@callbook/protocol';
import { readFile } from 'node:fs/promises';
import { loopback } from './layout.ts';
import type { TestnetLayout } from './layout.ts';

/** Serves both zones until disposed of. */
export async function startPrivateRoot(layout: TestnetLayout): Promise<AsyncDisposable> {
  const clock = { nowMs: () => Date.now() };
  const rootKeys = await loadZoneKeys(layout.rootKeysFolder);
  const tldKeys = await loadZoneKeys(layout.tldKeysFolder);
  const nameservers = [{ name: 'ns.test.', addresses: [loopback] }];
  const root = createStaticZone({
    apex: '.',
    nameservers,
    contact: 'hostmaster@test',
    delegations: [{ name: 'test.', nameservers, ds: [dsRecord('test.', tldKeys)] }],
    keys: rootKeys,
    clock,
  });
  const tld = createStaticZone({
    apex: 'test.',
    nameservers,
    contact: 'hostmaster@test',
    delegations: await memberDelegations(layout),
    keys: tldKeys,
    clock,
  });
  return await startDnsServer({
    listen: [{ address: loopback, port: layout.rootPort }],
    respond: createResponder([root, tld]),
  });
}

/** Delegates to each member by the DS that the charter names for its zone. */
async function memberDelegations(
  layout: TestnetLayout,
): Promise<Parameters<typeof createStaticZone>[0]['delegations']> {
  const charter = parseCharter(await readFile(layout.charterFile, 'utf8'));
  if (charter.verdict !== 'accept') throw new Error(`${layout.charterFile}: ${charter.message}`);
  return charter.value.members.map(({ zone, zoneDs }) => ({
    name: `${zone}.`,
    nameservers: [{ name: `ns.${zone}.`, addresses: [loopback] }],
    ds: zoneDs,
  }));
}
