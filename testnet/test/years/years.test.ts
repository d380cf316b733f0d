/**
 * What takes weeks and years, on five real members with the times of production: a number that somebody
 * else got from its operator, and bindings that nobody confirms any more. Only the clocks of all are
 * moved, together.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Holding, LookedUpBinding, PendingEntry, Replacement } from '@callbook/client';
import { entryId } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { Person, refusal, Town } from '../attacks/people.ts';
import { enumName, environment, eventually, openLab, runCommand } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { dayMs, Timeline } from './timeline.ts';

const hourMs = 3_600_000;
/** Those of production. */
const holds = {
  recoveryMs: hourMs,
  emailMs: 24 * hourMs,
  possessionMs: 72 * hourMs,
  lockedMs: 7 * dayMs,
  unlockMs: 7 * dayMs,
  emailChangeMs: 72 * hourMs,
  theftMs: 72 * hourMs,
  releaseMs: 72 * hourMs,
};

let time: Timeline;
let lab: Lab;
let town: Town;

beforeAll(async () => {
  time = new Timeline();
  lab = await openLab(5, 0, holds);
  town = await Town.open(lab, time);
}, 170_000);

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  time?.[Symbol.dispose]();
});

/** A number, whoever held it once, and whoever has it from its operator now. */
class Recycled {
  readonly number: Identifier;
  readonly former: Person;
  readonly owner: Person;
  #held: Holding | undefined;
  #requests: Replacement[] = [];

  constructor(number: Identifier) {
    this.number = number;
    this.former = new Person(town, number, 'former');
    this.owner = new Person(town, number, 'owner');
  }

  get held(): Holding {
    return this.#held!;
  }

  get last(): Replacement {
    return this.#requests.at(-1)!;
  }

  async register(): Promise<void> {
    this.#held = await this.former.register();
    // All that are asked for codes next name it as what a request follows.
    await town.untilRoute(this.number, this.former.sip);
  }

  async request(): Promise<Replacement> {
    const replacement = await this.owner.request({ attempt: this.#requests.length });
    await town.untilPending(this.number, 1);
    this.#requests.push(replacement);
    return replacement;
  }

  /** By the key alone; with the number as well when it still had it. Returns the veto's id. */
  async veto(withCodes = false): Promise<Uint8Array> {
    let signed: PendingEntry | undefined;
    const savePending = (pending: PendingEntry): void => void (signed = pending);
    const challenge = { form: 'app', code: town.newestCode } as const;
    const options = withCodes ? { challenge, attempt: 1, savePending } : { savePending };
    await town.directory.veto(this.#held!, this.last.requestId, options);
    await town.untilPending(this.number, 0);
    return entryId(signed!.entry, crypto);
  }
}

/** How many members have logged an entry after a challenge of their own, as all see it. */
async function challengedLeaves(id: Uint8Array): Promise<number[]> {
  const states = await town.directory.entryState(id);
  return states.map((state) =>
    'leaves' in state ? state.leaves.filter(({ role }) => role === 'challenged').length : -1,
  );
}

describe('a number that its operator has given to somebody else', () => {
  it('is not kept by vetoes of the old key for ever: 21 days, and not 20', async () => {
    const numbers = ['01', '02', '03', '04'].map(
      (digits) => new Recycled(`tel:+49151234567${digits}`),
    );
    const [on20, on21, answered, withNumber] = numbers as [Recycled, Recycled, Recycled, Recycled];
    await Promise.all(numbers.map(async (one) => await one.register()));
    await Promise.all(numbers.map(async (one) => await one.request()));
    const firstMs = time.nowMs();
    // Whoever vetoes `answered` has the number: two members say so, and all others after them.
    const [, , withCodes] = await Promise.all(
      numbers.map(async (one) => await one.veto(one === answered)),
    );
    await expect.poll(() => challengedLeaves(withCodes!)).toEqual([2, 2, 2, 2, 2]);

    expect(await refusal(on20.request())).toBe('request_paused');
    time.passUntil(firstMs + dayMs + hourMs);
    await Promise.all(numbers.map(async (one) => await one.request()));
    await Promise.all(numbers.map(async (one) => await one.veto()));
    time.passUntil(firstMs + 20 * dayMs);
    await on20.request();
    await on20.veto();
    // The first requests were made one after the other: a minute makes up for it.
    time.passUntil(firstMs + 21 * dayMs + 60_000);
    const others = [on21, answered, withNumber];
    await Promise.all(others.map(async (one) => await one.request()));
    await Promise.all(others.map(async (one) => await one.veto()));

    time.passUntil(firstMs + 52 * dayMs);
    await Promise.all(numbers.map(async (one) => await one.request()));
    // Too early by a day, and answered once: the key alone still stops these.
    await on20.veto();
    await answered.veto();
    // These it does not, and the members do not even log it. With the number as well it does.
    expect(await refusal(on21.veto())).toBe('challenged_leaves_missing');
    expect(await refusal(withNumber.veto())).toBe('challenged_leaves_missing');
    const answer = await withNumber.veto(true);
    await expect.poll(() => challengedLeaves(answer)).toEqual([2, 2, 2, 2, 2]);

    time.passUntil(on21.last.commitFromMs! - 2 * 60_000);
    expect(await refusal(on21.owner.commit(on21.last))).toBe('holding');
    time.passUntil(on21.last.commitFromMs!);
    expect(await on21.owner.commit(on21.last)).toMatchObject({ epoch: 1 });
    await town.untilRoute(on21.number, on21.owner.sip);
    for (const { number, owner, former, last } of [on20, answered, withNumber]) {
      expect(await refusal(owner.commit(last))).toBe('replacement_vetoed');
      expect(await town.routeOf(number)).toBe(former.sip);
    }
    await keysOfFormerHolder(on21);
  }, 170_000);
});

/** Two years later somebody finds the former holder's key. */
async function keysOfFormerHolder({ number, owner, held }: Recycled): Promise<void> {
  time.passUntil(time.nowMs() + 730 * dayMs);
  const routes = [{ service: 'sip', uri: 'sip:old@sip.example', preference: 1 }] as const;
  const thief = new Person(town, number, 'thief');
  const { requestId } = await thief.request();
  for (const attempt of [
    async () => await town.directory.publish(held, { routes }),
    async () => await town.directory.rotate(held, thief.seed),
    async () => await town.directory.release(held),
    async () => await town.directory.veto(held, requestId),
  ]) {
    expect(await refusal(attempt())).toBe('ownership_moved');
  }
  expect(await town.routeOf(number)).toBe(owner.sip);
}

/** Runs `callbook` as somebody with key files of their own; the answer as JSON. */
async function callbook(home: string, line: string) {
  const folder = join(lab.folder, home);
  await mkdir(folder, { recursive: true });
  const client = JSON.parse(await readFile(join(lab.folder, '.testnet/client.json'), 'utf8'));
  const config = join(folder, 'client.json');
  await writeFile(config, JSON.stringify({ ...client, keys: 'keys' }));
  const env = { ...environment(lab.folder), CALLBOOK_CONFIG: config };
  const args = [...line.split(' '), '--json'];
  const { code, stdout, stderr } = await runCommand('callbook', args, { cwd: folder, env });
  return { code, stderr, json: JSON.parse(stdout || stderr) as Record<string, unknown> };
}

/** What each member's own DNS server says of a number. */
async function inDns(number: string): Promise<string[]> {
  const answers = lab.description.members.map(async ({ dns, zone }) => {
    const name = enumName(number, zone);
    const asked = `dig +norec +short @${dns.address} -p ${dns.port} NAPTR ${name}`;
    return /sip:\w+@/.exec((await lab.run(asked)).stdout)?.[0] ?? 'nothing';
  });
  return await Promise.all(answers);
}

/** A field of what each member publishes; undefined of one that publishes nothing yet. */
async function ofBindings<T>(
  number: Identifier,
  field: (binding: LookedUpBinding) => T,
): Promise<(T | undefined)[]> {
  const { members } = await town.directory.survey(number);
  return members.map((said) => (said.state === 'published' ? field(said.binding) : undefined));
}

async function dormantAt(number: Identifier): Promise<unknown[]> {
  const { members } = await town.directory.survey(number);
  return members.map((said) => (said.state === 'published' ? said.binding.dormant : said.state));
}

const five = <T>(value: T): T[] => Array.from({ length: 5 }, () => value);

describe('a number that nobody confirms', () => {
  it('is to be confirmed after 180 days, dormant after 400, out of DNS after 460, and back at once', async () => {
    const [dora, emil] = ['+4915123456711', '+4915123456712'] as const;
    const outbox = `--code-from ${lab.description.outbox}`;
    await callbook('dora', `register ${dora} --sip sip:dora@sip.example ${outbox}`);
    await callbook('emil', `register ${emil} --sip sip:emil@sip.example ${outbox}`);
    await town.untilRoute(`tel:${emil}`, 'sip:emil@sip.example');
    // All have the earliest leaf.
    const [changedAtMs] = await eventually(
      async () => await ofBindings(`tel:${dora}`, ({ changedAtMs }) => changedAtMs),
      (all) => new Set(all).size === 1 && typeof all[0] === 'number',
    );
    if (changedAtMs === undefined) throw new Error('dora is not published');
    /** A minute before so many days have passed, or when they have. */
    const passDays = (days: number, early = 0): void =>
      time.passUntil(changedAtMs + days * dayMs - early);

    passDays(180, 60_000);
    expect(await callbook('dora', 'status')).toMatchObject({
      code: 0,
      json: { state: 'published' },
    });
    expect((await callbook('dora', 'confirm')).json['dueAtMs']).toBe(changedAtMs + 180 * dayMs);
    passDays(181);
    expect(await callbook('emil', 'confirm')).toMatchObject({ code: 0, json: { seq: 1 } });
    await expect.poll(() => ofBindings(`tel:${emil}`, ({ seq }) => seq)).toEqual(five(1));

    passDays(400, 60_000);
    expect(await dormantAt(`tel:${dora}`)).toEqual(five(false));
    passDays(400);
    expect(await dormantAt(`tel:${dora}`)).toEqual(five(true));
    expect(await dormantAt(`tel:${emil}`)).toEqual(five(false));
    expect(await callbook('dora', 'status')).toMatchObject({
      code: 6,
      json: { state: 'published', dormant: true },
    });
    expect(await callbook('emil', 'status')).toMatchObject({ json: { dormant: false } });

    passDays(460, 60_000);
    expect(await inDns(dora)).toEqual(five('sip:dora@'));
    passDays(460);
    expect(await inDns(dora)).toEqual(five('nothing'));
    expect(await inDns(emil)).toEqual(five('sip:emil@'));
    // It is held all the same: look-ups still tell of it, and nobody else may register it.
    expect(await dormantAt(`tel:${dora}`)).toEqual(five(true));
    const thief = new Person(town, `tel:${dora}`, 'thief');
    expect(await refusal(thief.register())).toBe('identifier_held');

    expect(await callbook('dora', 'confirm')).toMatchObject({ code: 0, json: { seq: 1 } });
    await eventually(
      async () => await inDns(dora),
      (said) => said.every((route) => route === 'sip:dora@'),
    );
    expect(await dormantAt(`tel:${dora}`)).toEqual(five(false));
    expect(await callbook('dora', 'status')).toMatchObject({ code: 0, json: { dormant: false } });
  }, 170_000);
});
