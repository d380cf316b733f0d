/**
 * Two of five members cut off from the others, and a thief who has the number meanwhile: whoever is on
 * whichever side, ownership changes on neither. The members' connections run through proxies that the
 * test cuts; people reach the members of one side only.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Identifier } from '@callbook/protocol';
import { setPeers } from '../../src/chaos/chaos-members.ts';
import { Links } from '../../src/chaos/links.ts';
import type { TestnetLayout } from '../../src/layout.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { openLabWith } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { Person, refusal, Town } from './people.ts';

const holds = { recoveryMs: 2000, emailMs: 3000, possessionMs: 5000, lockedMs: 9000 };
const [three, two] = [
  ['alpha', 'beta', 'gamma'],
  ['delta', 'epsilon'],
];

let lab: Lab;
let links: Links | undefined;
let town: Town;

beforeAll(async () => {
  const onFounded = async ({ members }: TestnetLayout): Promise<void> => {
    await links?.[Symbol.asyncDispose]();
    links = await Links.open(members, new SeededRandom('partition'));
    for (const member of members) await setPeers(member, links);
  };
  lab = await openLabWith({ memberCount: 5, holds, onFounded });
  town = await Town.open(lab);
}, 120_000);

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await links?.[Symbol.asyncDispose]();
});

describe('a partition of two members from three', () => {
  it('lets nobody take a number on either side, and holders publish on both', async () => {
    const [held, free]: Identifier[] = ['tel:+4915123456921', 'tel:+4915123456922'];
    const holder = new Person(town, held!, 'holder');
    const thief = new Person(town, held!, 'thief');
    const holding = await holder.register();
    const replacement = await thief.request();
    await town.untilPending(held!, 1);
    links!.shape(two, three, { cut: true });

    const [large, small] = [town.reaching(three), town.reaching(two)];
    await sleep(Math.max(0, replacement.commitFromMs! - Date.now()) + 100);
    // The holder finds two members, the thief the three others.
    const onSmall = small.directory.veto(holding, replacement.requestId);
    const onLarge = new Person(large, held!, 'thief').commitRecklessly(replacement);
    const claims = [large, small].map(
      async (side, n) => await refusal(new Person(side, free!, `claimant${n}`).register()),
    );
    const answers = await Promise.all([refusal(onSmall), refusal(onLarge), ...claims]);
    expect(answers).toEqual(Array.from({ length: 4 }, () => 'entry_incomplete'));
    const routes = [{ service: 'sip', uri: 'sip:moved@sip.example', preference: 1 }] as const;
    await small.directory.publish(holding, { routes });
    await small.untilRoute(held!, 'sip:moved@sip.example');
    expect(await large.routeOf(held!)).toBe(holder.sip);

    links!.heal();
    await town.untilRoute(held!, 'sip:moved@sip.example');
    expect(await town.routeOf(free!)).toBe(undefined);
    // Two have vetoed for good: four for the commit there never are.
    expect(await refusal(thief.commitRecklessly(replacement))).toMatch(
      /^(entry_incomplete|request_vetoed|slot_taken)$/,
    );
    expect(await town.routeOf(held!)).toBe('sip:moved@sip.example');
  }, 120_000);
});
