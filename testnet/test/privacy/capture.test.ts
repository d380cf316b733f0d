/**
 * What every member sees while somebody looks numbers up: all of it is written down inside the members,
 * and searched for the address of who asks and for every spelling of what is asked. A member may see
 * one or the other; the same look-ups, asked plainly, show that the search finds both.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectory } from '@callbook/client';
import type { Directory, Pause, Privacy } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventually } from '../lab.ts';
import { fetchFrom, onTheWire, openTappedLab, whatSee, whoSee } from './views.ts';
import type { TappedLab } from './views.ts';

/** No member has it, and it is not where members ask each other from. */
const address = '127.0.0.77';
/** Of thirteen digits, as all that are looked for: the five octets of a shorter one as BCD stand in some
 * capsule by chance too often. */
const held = '+4915123456789';
const book = Array.from({ length: 40 }, (_, n) => `+4915123${String(n).padStart(6, '0')}`);
const memberNames = ['alpha', 'beta', 'gamma'];

let tapped: TappedLab;
let directory: Directory;

beforeAll(async () => {
  tapped = await openTappedLab();
  const { layout } = tapped.lab.testnet;
  const { code, stderr } = await tapped.lab.callbook(
    `register ${held} --code-from ${tapped.lab.description.outbox} --sip sip:alice@sip.example`,
  );
  expect(code, stderr).toBe(0);
  directory = createDirectory({
    charterNote: await readFile(layout.charterFile, 'utf8'),
    fetch: fetchFrom(address, await readFile(layout.caFile, 'utf8')),
    pause: patient,
  });
  // The charter and the keys of gateways are fetched from members that see who fetches them.
  await eventually(
    async () => await directory.lookup(tel(held), { privacy: 'oblivious' }).catch(String),
    (found) => typeof found === 'object' && found.reason.proof.state === 'proven',
    60_000,
  );
}, 120_000);
afterAll(async () => await tapped[Symbol.asyncDispose]());
beforeEach(async () => await tapped.forget());

/** A loaded machine is slow, and nobody is asked in place of somebody who is only slow. */
const patient: Pause = async (ms, signal) => {
  await sleep(ms === 1500 ? 60_000 : ms, undefined, signal === undefined ? {} : { signal });
};

function tel(number: string): Identifier {
  return `tel:${number}` as Identifier;
}

/** Looks up alone, proves, and looks a book up; returns who has seen whom and what. */
async function lookUp(privacy: Privacy): Promise<{ who: string[]; what: string[] }> {
  const found = await directory.lookup(tel(held), { privacy });
  expect(found).toMatchObject({
    state: 'published',
    reason: {
      privacy: { state: privacy },
      proof: { state: 'proven' },
      dnssec: { state: 'secure' },
    },
  });
  expect((await directory.prove(tel(held), { privacy })).state).toBe('published');
  const many = await directory.lookupMany([held, ...book].map(tel), {
    privacy,
    proof: 'published',
  });
  expect(many.map(({ state }) => state)).toEqual(['published', ...book.map(() => 'absent')]);
  const views = await tapped.views();
  return { who: whoSee(address, views), what: whatSee([held, ...book], views) };
}

it('no member sees both who asks and for what, and none needs to', async () => {
  const { who, what } = await lookUp('oblivious');
  expect(who.length).toBeGreaterThan(0);
  expect(what.length).toBeGreaterThan(0);
  expect(new Set(who).intersection(new Set(what))).toEqual(new Set());
}, 120_000);

it('an address book of a thousand is synchronised obliviously, and who is found is proven', async () => {
  const crowd = Array.from({ length: 999 }, (_, n) => `+4915124${String(n).padStart(6, '0')}`);
  const cards = [...crowd, held].map((number) => `BEGIN:VCARD\nTEL:${number}\nEND:VCARD\n`);
  await writeFile(join(tapped.lab.folder, 'book.vcf'), cards.join(''));
  const { code, stdout, stderr } = await tapped.lab.callbook('contacts sync book.vcf --json');
  expect(code, stderr).toBe(0);
  const lines = stdout.trim().split('\n');
  const results = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(results.at(-1)).toEqual({
    summary: { contacts: 1000, skipped: 0, privacy: 'oblivious', unknown: 999, new: 1 },
  });
  expect(results.filter(({ state }) => state === 'published')).toMatchObject([
    { identifier: tel(held), privacy: { state: 'oblivious' }, proof: { state: 'proven' } },
  ]);
  // Client and members have one address here; in what goes over the wire is no number at all.
  const sample = [held, ...crowd.slice(0, 20)];
  const views = await tapped.views();
  expect(whatSee(sample, views.map(onTheWire))).toEqual([]);
  expect(whatSee(sample, views).length).toBeGreaterThan(0);
}, 120_000);

it('asked plainly, every member sees both, and the same search finds it', async () => {
  const { who, what } = await lookUp('plain');
  expect(who).toEqual(memberNames);
  expect(what).toEqual(memberNames);
}, 120_000);
