/**
 * A lying member of five that makes an entry complete and tells nobody for days, together with a thief
 * who had the number for an hour. One honest member is down meanwhile, so that the liar's leaf is the
 * one that the quorum lacks. The times are those of the protocol: all clocks are moved together.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PendingEntry } from '@callbook/client';
import { entryId } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { Liar } from '../lying-member/liar.ts';
import { Person, refusal, Town } from '../attacks/people.ts';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { dayMs, Timeline } from './timeline.ts';

const minuteMs = 60_000;
const number: Identifier = 'tel:+4915123456931';

let time: Timeline;
let lab: Lab;
let town: Town;
let liar: Liar;

beforeAll(async () => {
  time = new Timeline();
  lab = await openLab(5);
  town = await Town.open(lab, time);
  liar = await Liar.replace(lab, 4);
}, 170_000);

afterAll(async () => {
  await liar?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
  time?.[Symbol.dispose]();
});

describe('a lying member that withholds a completed entry for days', () => {
  it('takes the number from nobody who has registered it meanwhile', async () => {
    const [thief, owner] = ['thief', 'owner'].map((name) => new Person(town, number, name));
    await lab.testnet.members[3]!.stop();
    const theirs: PendingEntry = await thief!.signRegister();
    expect(await refusal(town.directory.resume(theirs))).toBe('entry_incomplete');
    // Two have challenged the thief and a third has witnessed it: this is the fourth of five.
    const index = liar.withhold(theirs.entry, 'witnessed', time.nowMs());

    time.passUntil(time.nowMs() + 11 * minuteMs);
    await lab.testnet.restart('delta');
    expect(await refusal(owner!.register())).toBe('slot_taken');
    time.passUntil(time.nowMs() + 20 * minuteMs);
    const holding = await owner!.register();
    await town.untilRoute(number, owner!.sip);

    time.passUntil(time.nowMs() + 5 * dayMs);
    await liar.reveal(index);
    const id = entryId(theirs.entry, crypto);
    const states = await eventually(
      async () => await town.directory.entryState(id),
      (all) => all.filter(({ state }) => state === 'complete').length === 4,
    );
    // It was complete before the owner's, as now everybody sees; of two in one slot the later wins.
    expect(states.filter((state) => 'inForce' in state && state.inForce)).toEqual([]);
    expect(await town.routeOf(number)).toBe(owner!.sip);
    const routes = [{ service: 'sip', uri: 'sip:still@sip.example', preference: 1 }] as const;
    await town.directory.publish(holding, { routes });
    await town.untilRoute(number, 'sip:still@sip.example');
    // As the liar does not answer, the thief's client cannot be sure that nobody has logged it.
    expect(await refusal(thief!.publish(theirs.holding))).toMatch(
      /^(ownership_moved|entry_incomplete)$/,
    );
    expect(await town.routeOf(number)).toBe('sip:still@sip.example');
  }, 120_000);
});
