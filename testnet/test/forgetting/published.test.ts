/**
 * What is left of a look-up of a number that somebody has. It is in the store and in the logs, for all to
 * see, so what is looked for is that nobody can tell from what was written that it was asked for: from the
 * moment at which it is published nothing is written any more that has it, by whatever call, and no
 * output, metric or refusal has it at all.
 */
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loopback } from '../../src/layout.ts';
import { eventually } from '../lab.ts';
import { askForNonsense, interfaces, post } from './asking.ts';
import type { Traces } from './asking.ts';
import { claim } from './claimed-number.ts';
import { markedIsLogged } from './safeguards.ts';
import { foundIn, freshNumber, spellingsOf } from './spellings.ts';
import type { Spellings } from './spellings.ts';
import { writtenBy } from './trace.ts';
import { startWatchedMember } from './watched-member.ts';
import type { WatchedMember } from './watched-member.ts';

const held = freshNumber();
let member: WatchedMember;
/** What was written when the number was published and nobody had asked for it yet. */
let writtenBefore: number;

beforeAll(async () => {
  member = await startWatchedMember({ traced: true, edits: [markedIsLogged] });
  await claim(member, held);
  writtenBefore = await settled();
}, 180_000);
afterAll(async () => await member[Symbol.asyncDispose]());

/** Resolves with the number of writes once what is still written has nothing to do with the number. */
async function settled(): Promise<number> {
  const spellings = spellingsOf(held);
  const lastWithNumber = (): number =>
    writtenBy(member).findLastIndex(({ octets }) => foundIn(octets, spellings).length > 0);
  let last = -2;
  await eventually(
    async () => {
      const before = last;
      last = lastWithNumber();
      await sleep(3000);
      return last === before;
    },
    (isSettled) => isSettled,
    60_000,
  );
  return writtenBy(member).length;
}

/** Where anything was written since that has the number. */
function writtenSince(spellings: Spellings): readonly string[] {
  return writtenBy(member)
    .slice(writtenBefore)
    .flatMap(({ where, octets }) =>
      foundIn(octets, spellings).map((found) => `${where}: ${found}`),
    );
}

it('is nothing that is written, in output, metrics or refusals, after all interfaces', async () => {
  let traces: Traces = {};
  for (const { ask } of interfaces) traces = { ...traces, ...(await ask(member, held)) };
  const refusals = await askForNonsense(member, held);
  const metrics = await fetch(`http://${loopback}:${member.metricsPort}/metrics`);
  const spellings = spellingsOf(held, traces);
  expect(refusals.flatMap((refusal) => foundIn(refusal, spellings))).toEqual([]);
  expect(foundIn(Buffer.from(await metrics.text()), spellings)).toEqual([]);
  expect(foundIn(readFileSync(member.logFile), spellings)).toEqual([]);
  // Publishing it was written, and looked through by the same search.
  const publishing = writtenBy(member).slice(0, writtenBefore);
  const inPublishing = publishing.flatMap(({ octets }) => foundIn(octets, spellings));
  expect(inPublishing.join()).toContain('digits');
  expect(writtenSince(spellings)).toEqual([]);
}, 120_000);

it('would be found, were what is asked for written down', async () => {
  const sizeBefore = statSync(member.logFile).size;
  const body = Buffer.from(JSON.stringify({ identifiers: [`tel:${held}!`] }));
  await post(member, '/v1/lookups', { type: 'application/json', body });
  const spellings = spellingsOf(held);
  const found = await eventually(
    async () => writtenSince(spellings).join(),
    (where) => where !== '',
    30_000,
  );
  expect(found).toContain('output.log: digits');
  const output = readFileSync(member.logFile).subarray(sizeBefore);
  expect(foundIn(output, spellings).join()).toContain('digits');
}, 120_000);
