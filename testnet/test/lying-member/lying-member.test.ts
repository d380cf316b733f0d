/**
 * One lying member of five, alone and with an attacker who has the number for an hour. It has its real
 * keys and writes what it likes into its log; it never answers and never witnesses, so all that honest
 * people do here is done by the other four.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PendingEntry } from '@callbook/client';
import { deriveKeys, signEntry } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { Liar } from './liar.ts';
import { Person, refusal, Town } from '../attacks/people.ts';

// What must be refused during a hold has to be tried before its end, on a busy machine too.
const holds = { recoveryMs: 2000, emailMs: 3000, possessionMs: 20_000, lockedMs: 30_000 };
const honest = [0, 1, 2, 3];

let lab: Lab;
let town: Town;
let liar: Liar;

beforeAll(async () => {
  lab = await openLab(5, 0, holds);
  town = await Town.open(lab);
  liar = await Liar.replace(lab, 4);
}, 120_000);

afterAll(async () => {
  await liar?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

/** What an accomplice of the liar signs, who needs no challenge to know the label. */
async function signed(
  person: Person,
  more: { readonly kind: 'register' } | { readonly kind: 'commit'; readonly request: Uint8Array },
): Promise<Uint8Array> {
  const of = { labelEpoch: 1, identifier: person.identifier };
  const { authority } = deriveKeys(person.seed, of);
  return await signEntry(
    {
      v: 1,
      labelEpoch: 1,
      label: liar.label(person.identifier),
      epoch: more.kind === 'commit' ? 1 : 0,
      seq: 0,
      prev: null,
      authority: authority.publicKey,
      commitment: new Uint8Array(32).fill(5),
      recovery: null,
      lock: false,
      email: null,
      ...more,
    },
    { authority: crypto.ed25519Signer(authority.secretKey) },
  );
}

describe('a lying member', () => {
  it('registers no free number alone', async () => {
    const number: Identifier = 'tel:+4915123456901';
    const thief = new Person(town, number, 'thief');
    const entry = await signed(thief, { kind: 'register' });
    const receipt = await liar.log(entry, 'challenged', Date.now());
    for (const position of honest) {
      const asked = { entry, payload: null, opening: null };
      const answer = await town.postEntry(position, asked, { receipts: [receipt] });
      expect(answer).toMatchObject({ status: 409, json: { code: 'challenged_leaves_missing' } });
    }
    expect(await town.routeOf(number)).toBe(undefined);
    // Nor does its leaf keep the number from whoever has it.
    const holder = new Person(town, number, 'holder');
    await holder.register();
    await town.untilRoute(number, holder.sip);
  }, 60_000);

  it('takes no held number with one who passed the challenges before, and backdates nothing', async () => {
    const number: Identifier = 'tel:+4915123456902';
    const [holder, thief] = ['holder', 'thief'].map((name) => new Person(town, number, name));
    const theirs: PendingEntry = await thief!.signRegister();
    const beforeMs = Date.now();
    await sleep(10);
    await holder!.register();
    await town.untilRoute(number, holder!.sip);
    const receipt = await liar.log(theirs.entry, 'challenged', beforeMs);
    for (const position of honest) {
      const [passed] = theirs.challenges.filter(
        ({ member }) => member === lab.testnet.layout.members[position]!.name,
      );
      const more = { receipts: [receipt], ...(passed && { challenge: passed.challengeId }) };
      const answer = await town.postEntry(position, theirs, more);
      expect(answer.status).toBe(409);
      expect(answer.json['code']).toMatch(/^(ownership_held|slot_taken)$/);
    }
    expect(await town.routeOf(number)).toBe(holder!.sip);
  }, 60_000);

  it('that claims a challenge behind a veto does not hold it up', async () => {
    const number: Identifier = 'tel:+4915123456905';
    const [holder, thief] = ['holder', 'thief'].map((name) => new Person(town, number, name));
    const holding = await holder!.register();
    const replacement = await thief!.request();
    await town.untilPending(number, 1);
    const savePending = async ({ entry }: PendingEntry): Promise<void> =>
      void (await liar.log(entry, 'challenged', Date.now()));
    await town.directory.veto(holding, replacement.requestId, { savePending });
    await town.untilPending(number, 0);
    expect(await town.routeOf(number)).toBe(holder!.sip);
  }, 60_000);

  it('commits nothing early, is convicted of having tried, and stops no veto', async () => {
    const number: Identifier = 'tel:+4915123456903';
    const [holder, thief] = ['holder', 'thief'].map((name) => new Person(town, number, name));
    const holding = await holder!.register();
    const replacement = await thief!.request();
    const commit = await signed(thief!, { kind: 'commit', request: replacement.requestId });
    const overMs = replacement.commitFromMs! + 1;
    const early = await liar.log(commit, 'challenged', Date.now());
    for (const position of honest) {
      const asked = { entry: commit, payload: null, opening: null };
      const answer = await town.postEntry(position, asked, { receipts: [early] });
      expect(answer).toMatchObject({ status: 409, json: { code: 'hold_pending' } });
      // Its own leaf convicts it: nothing more of its log is taken in.
      await eventually(
        async () => await liar.evidenceAt(position),
        (found) =>
          found.some(
            ({ kind, origins }) => `${kind} ${origins.join()}` === `commit_early ${liar.origin}`,
          ),
      );
    }
    expect(await refusal(thief!.commitRecklessly(replacement))).toBe('hold_pending');
    expect(await town.routeOf(number)).toBe(holder!.sip);
    await town.directory.veto(holding, replacement.requestId);
    await town.untilPending(number, 0);
    await sleep(Math.max(0, overMs - Date.now()) + 100);
    expect(await refusal(thief!.commitRecklessly(replacement))).toBe('request_vetoed');
    expect(await town.routeOf(number)).toBe(holder!.sip);
  }, 120_000);

  it('and a member that cannot be reached stop a change of ownership, and turn none', async () => {
    const number: Identifier = 'tel:+4915123456904';
    const holder = new Person(town, number, 'holder');
    const holding = await holder.register();
    await town.untilRoute(number, holder.sip);
    await lab.testnet.members[3]!.stop('SIGKILL');
    let rotating: PendingEntry | undefined;
    const savePending = (pending: PendingEntry): void => void (rotating = pending);
    const seed = crypto.sha256(holder.seed);
    const rotated = town.directory.rotate(holding, seed, { savePending });
    expect(await refusal(rotated)).toBe('entry_incomplete');
    const { members } = await town.directory.survey(number);
    const ids = members.flatMap((answer) =>
      answer.state === 'published' ? [answer.binding.ownershipId.toHex()] : [],
    );
    expect(ids).toEqual(Array.from({ length: 3 }, () => holding.ownershipId.toHex()));
    await lab.testnet.restart('delta');
    expect(await town.directory.resume(rotating!)).toMatchObject({ epoch: 0, seed });
  }, 120_000);
});
