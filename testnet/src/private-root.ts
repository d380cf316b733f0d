/**
 * The private root and `test.` of a testnet, served by the same DNS package as the members' zones,
 * so that a resolver validates from one anchor down to a number. Whoever joins later is delegated to
 * as soon as there are keys of its zone: what a registry does when it is given the DS.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createResponder,
  createStaticZone,
  dsRecord,
  loadZoneKeys,
  startDnsServer,
} from '@callbook/dns';
import type { Delegation, ZoneKeys } from '@callbook/dns';
import { parseCharter } from '@callbook/protocol';
import { loopback } from './layout.ts';
import type { MemberLayout, TestnetLayout } from './layout.ts';

const registryEveryMs = 1000;
const clock = { nowMs: (): number => Date.now() };
const nameservers = [{ name: 'ns.test.', addresses: [loopback] }];

/** Serves both zones until disposed of. */
export async function startPrivateRoot(layout: TestnetLayout): Promise<AsyncDisposable> {
  const rootKeys = await loadZoneKeys(layout.rootKeysFolder);
  const tldKeys = await loadZoneKeys(layout.tldKeysFolder);
  const root = createStaticZone({
    apex: '.',
    nameservers,
    contact: 'hostmaster@test',
    delegations: [{ name: 'test.', nameservers, ds: [dsRecord('test.', tldKeys)] }],
    keys: rootKeys,
    clock,
  });
  const delegations = await memberDelegations(layout);
  const respondWith = (): Responder => createResponder([root, topLevelZone(tldKeys, delegations)]);
  let respond = respondWith();
  const server = await startDnsServer({
    listen: [{ address: loopback, port: layout.rootPort }],
    respond: (...query) => respond(...query),
  });
  const missing = new Set(layout.prospects);
  const registry = setInterval(() => {
    for (const member of missing) {
      if (!hasZoneKeys(member)) continue;
      missing.delete(member);
      delegationTo(member).then(
        (delegation) => {
          delegations.push(delegation);
          respond = respondWith();
        },
        // Half written: it is looked at again.
        () => missing.add(member),
      );
    }
  }, registryEveryMs);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(registry);
      await server[Symbol.asyncDispose]();
    },
  };
}

type Responder = ReturnType<typeof createResponder>;

function topLevelZone(
  keys: ZoneKeys,
  delegations: readonly Delegation[],
): ReturnType<typeof createStaticZone> {
  const contact = 'hostmaster@test';
  return createStaticZone({ apex: 'test.', nameservers, contact, delegations, keys, clock });
}

function hasZoneKeys({ folder }: MemberLayout): boolean {
  return ['ksk.pem', 'zsk.pem'].every((name) => existsSync(join(folder, 'zone-keys', name)));
}

async function delegationTo({ folder, zone }: MemberLayout): Promise<Delegation> {
  const keys = await loadZoneKeys(join(folder, 'zone-keys'));
  return {
    name: `${zone}.`,
    nameservers: [{ name: `ns.${zone}.`, addresses: [loopback] }],
    ds: [dsRecord(`${zone}.`, keys)],
  };
}

/** Delegates to each member by the DS that the charter names for its zone. */
async function memberDelegations(layout: TestnetLayout): Promise<Delegation[]> {
  const charter = parseCharter(await readFile(layout.charterFile, 'utf8'));
  if (charter.verdict !== 'accept') throw new Error(`${layout.charterFile}: ${charter.message}`);
  return charter.value.members.map(({ zone, zoneDs }) => ({
    name: `${zone}.`,
    nameservers: [{ name: `ns.${zone}.`, addresses: [loopback] }],
    ds: zoneDs,
  }));
}
