/**
 * Who holds a number, by the command alone, as people would go about it: a key is lost and replaced
 * after the hold; a holder refuses; a recovery code shortens the hold. Each person has a home of their
 * own. Of the four members one may be dishonest, so that every claim needs the codes of two. The holds
 * are seconds by the charter, which is all that is different.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, eventually, openLab, runCommand, wholeLines } from '../lab.ts';
import type { Lab, Ran } from '../lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab(4, 0, {
    possessionMs: 15_000,
    // Long enough for it to be seen, short beside the others.
    recoveryMs: 5000,
    emailChangeMs: 0,
    emailMs: 1000,
    releaseMs: 20_000,
  });
}, 170_000);

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

type Person = (line: string) => Promise<Ran & { readonly json: Record<string, never> }>;

/** Somebody with key files of their own; every command answers with JSON. */
async function person(name: string): Promise<Person> {
  const home = join(lab.folder, name);
  await mkdir(home, { recursive: true });
  const client = JSON.parse(await readFile(join(lab.folder, '.testnet/client.json'), 'utf8'));
  const config = join(home, 'client.json');
  await writeFile(config, JSON.stringify({ ...client, keys: 'keys' }));
  const env = { ...environment(lab.folder), CALLBOOK_CONFIG: config };
  return async (line) => {
    const ran = await runCommand('callbook', [...line.split(' '), '--json'], { cwd: home, env });
    const text = (ran.stdout || ran.stderr).trim().split('\n').at(-1)!;
    return { ...ran, json: text === '' ? {} : JSON.parse(text) };
  };
}

const byOutbox = (): string => `--code-from ${lab.description.outbox}`;

/** Codes that were sent to a number or address; notices to holders stand in the same file. */
async function codesTo(...addresses: readonly string[]): Promise<string[]> {
  const text = await readFile(lab.description.outbox, 'utf8');
  const lines = wholeLines(text).filter((line) => line.includes('"code":'));
  const sent = lines.map((line) => JSON.parse(line) as { to: string; code: string });
  const meant = new Set(addresses);
  return sent.flatMap(({ to, code }) => (meant.has(to.split(':')[1]!) ? [code] : []));
}

/** Waits until every member publishes a number: those that are asked for codes next agree on its holder. */
async function untilHeld(number: string): Promise<void> {
  await eventually(
    async () =>
      await Promise.all(
        lab.description.members.map(async ({ web }) => (await answerAt(web, number)).state),
      ),
    (states) => states.every((state) => state === 'published'),
  );
}

interface Answer {
  readonly state: string;
  readonly pending?: readonly Pending[];
}

async function answerAt(web: string, number: string): Promise<Answer> {
  const response = await fetch(`${web}/v1/lookups`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifiers: [`tel:${number}`] }),
  });
  const { results } = (await response.json()) as { results: [Answer] };
  return results[0];
}

interface Pending {
  readonly class: string;
  readonly timeMs: number;
  readonly commitFromMs: number;
}

/** The request against a number, as soon as the first member tells of one. */
async function untilRequested(number: string): Promise<Pending> {
  const { web } = lab.description.members[0]!;
  const ask = async (): Promise<readonly Pending[]> => (await answerAt(web, number)).pending ?? [];
  const [pending] = await eventually(ask, (found) => found.length > 0, 30_000);
  return pending!;
}

/** Of a number that was just registered members may disagree for a while: then a look-up fails. */
async function keyOf(who: Person, number: string): Promise<string> {
  const { json } = await eventually(
    async () => await who(`lookup ${number}`),
    ({ code }) => code === 0,
    40_000,
  );
  return (json as unknown as { keys: { key: string }[] }).keys[0]!.key;
}

describe.concurrent('a person at a terminal', () => {
  it('gets two codes at once, and types both on one screen', async () => {
    const number = '+4915123456700';
    await person('greta');
    const env = {
      ...environment(lab.folder),
      CALLBOOK_CONFIG: join(lab.folder, 'greta/client.json'),
    };
    const command = `callbook register ${number} --sip sip:greta@sip.example`;
    const screen = spawn('script', ['-qec', command, '/dev/null'], { env });
    const ended = new Promise((resolve) => screen.once('close', resolve));
    let shown = '';
    screen.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    // Both are there before anything is typed. All members here have one domain, so whose code is whose
    // is tried: at most one is typed twice.
    const codes = await eventually(
      async () => await codesTo(number),
      (sent) => sent.length === 2,
      30_000,
    );
    expect(codes.every((code) => /^\d{8}$/.test(code))).toBe(true);
    const questions = (): number =>
      shown.split(/Code that \w+ \(@localhost\) sent by SMS: /).length - 1;
    for (const [at, code] of [...codes, codes[0]].entries()) {
      await eventually(
        () => Promise.resolve(questions() > at || screen.exitCode !== null),
        (goesOn) => goesOn,
        30_000,
      );
      if (screen.exitCode === null) screen.stdin.write(`${code}\n`);
    }
    expect(await ended, shown).toBe(0);
    expect(shown).toContain(number);
    expect(await codesTo(number)).toHaveLength(2);
  }, 150_000);
});

describe.concurrent('a lost key', () => {
  it('is replaced after the hold, step by step, each a run of its own', async () => {
    const number = '+4915123456701';
    const anna = await person('anna');
    const registered = await anna(`register ${number} --sip sip:anna@sip.example ${byOutbox()}`);
    expect(registered).toMatchObject({ code: 0 });
    await untilHeld(number);
    const lost = await keyOf(anna, number);
    await rm(join(lab.folder, 'anna/keys'), { recursive: true });

    const before = await codesTo(number);
    const requested = await anna(`replace ${number} --sip sip:anna@new.example ${byOutbox()}`);
    expect(requested).toMatchObject({ code: 6, json: { state: 'holding' } });
    // Two members have sent a code, and no third.
    expect(await codesTo(number)).toHaveLength(before.length + 2);
    // Until the commit everybody gets the old answer.
    expect(await keyOf(anna, number)).toBe(lost);
    const waiting = await anna('status');
    expect(waiting).toMatchObject({ code: 6, json: { state: 'requested' } });

    const taken = await anna(`replace ${number} --sip sip:anna@new.example --wait ${byOutbox()}`);
    expect(taken, taken.stderr).toMatchObject({ code: 0, json: { state: 'taken', epoch: 1 } });
    await eventually(
      async () => await keyOf(anna, number),
      (key) => key !== lost,
      40_000,
    );
    await eventually(
      async () => await anna('status'),
      ({ json }) => json['state'] === 'published',
      40_000,
    );
    expect(await anna('routes set sip:anna@other.example')).toMatchObject({ code: 0 });
  }, 150_000);
});

describe.concurrent('a holder whose number somebody else has for an hour', () => {
  it('sees the request, refuses it, and keeps the number', async () => {
    const number = '+4915123456702';
    const [bert, thief] = [await person('bert'), await person('thief')];
    await bert(`register ${number} --sip sip:bert@sip.example ${byOutbox()}`);
    await untilHeld(number);
    const key = await keyOf(bert, number);
    const requested = await thief(`replace ${number} ${byOutbox()}`);
    expect(requested).toMatchObject({ code: 6, json: { state: 'holding' } });

    const warned = await eventually(
      async () => await bert('status'),
      ({ json }) => (json as { pending?: unknown[] }).pending?.length === 1,
      40_000,
    );
    expect(warned).toMatchObject({ code: 6, json: { pending: [{ requestClass: 'possession' }] } });
    const before = await codesTo(number);
    const vetoed = await bert(`veto ${number} ${byOutbox()}`);
    expect(vetoed, vetoed.stderr).toMatchObject({ code: 0, json: { state: 'vetoed' } });
    // With the number as well as the key, at two members: so it defeats every request.
    expect(await codesTo(number)).toHaveLength(before.length + 2);

    const refused = await thief(`replace ${number} --wait ${byOutbox()}`);
    expect(refused).toMatchObject({ code: 6, json: { error: { code: 'replacement_vetoed' } } });
    expect(await keyOf(bert, number)).toBe(key);
    const after = await eventually(
      async () => await bert('status'),
      ({ code, json }) => code === 0 && json['state'] === 'published',
      40_000,
    );
    expect(after).toMatchObject({ json: { pending: [] } });
  }, 150_000);
});

describe.concurrent('a recovery code', () => {
  it('shortens the hold, and a wrong one is told before a code is sent', async () => {
    const number = '+4915123456703';
    const carla = await person('carla');
    await carla(`register ${number} --sip sip:carla@sip.example ${byOutbox()}`);
    const made = await carla('recovery new --print');
    expect(made, made.stderr).toMatchObject({ code: 0, json: { state: 'recovery_set' } });
    const paper = join(lab.folder, 'carla/paper');
    await writeFile(paper, made.json['recoveryCode']!);
    expect(await carla(`recovery check ${paper}`)).toMatchObject({ code: 0 });
    await writeFile(`${paper}.wrong`, 'AAAA'.repeat(8));
    const wrong = await carla(`recovery check ${paper}.wrong`);
    expect(wrong).toMatchObject({ code: 2, json: { error: { code: 'recovery_code_malformed' } } });
    await rm(join(lab.folder, 'carla/keys'), { recursive: true });

    const before = await codesTo(number);
    const malformed = await carla(`replace ${number} --recovery-code ${paper}.wrong ${byOutbox()}`);
    expect(malformed).toMatchObject({ code: 2 });
    expect(await codesTo(number)).toEqual(before);
    const [taken, requested] = await Promise.all([
      carla(`replace ${number} --recovery-code ${paper} --wait ${byOutbox()}`),
      untilRequested(number),
    ]);
    expect(taken, taken.stderr).toMatchObject({ code: 0, json: { state: 'taken' } });
    expect(requested.class).toBe('recovery');
    expect(requested.commitFromMs - requested.timeMs).toBe(5000);
  }, 150_000);
});

describe.concurrent('an e-mail address', () => {
  it('shortens the hold for whoever reads codes there and at the number', async () => {
    const number = '+4915123456704';
    const dora = await person('dora');
    await dora(`register ${number} --sip sip:dora@sip.example ${byOutbox()}`);
    await untilHeld(number);
    const set = await dora(`email dora@mail.example ${byOutbox()}`);
    expect(set, set.stderr).toMatchObject({ code: 0, json: { state: 'email_set' } });
    await rm(join(lab.folder, 'dora/keys'), { recursive: true });

    const wrong = await dora(`replace ${number} --email other@mail.example ${byOutbox()}`);
    expect(wrong).toMatchObject({ code: 6, json: { error: { code: 'class_not_allowed' } } });
    const before = await codesTo(number, 'dora@mail.example');
    const taken = await dora(`replace ${number} --email dora@mail.example --wait ${byOutbox()}`);
    expect(taken, taken.stderr).toMatchObject({ code: 0, json: { state: 'taken' } });
    // Two at the number and two at the address; then two for the commit.
    expect(await codesTo(number, 'dora@mail.example')).toHaveLength(before.length + 6);
  }, 150_000);
});

describe.concurrent('a watch', () => {
  it('refuses what is requested while nobody looks', async () => {
    const number = '+4915123456705';
    const [emil, thief] = [await person('emil'), await person('thief-of-emil')];
    await emil(`register ${number} --sip sip:emil@sip.example ${byOutbox()}`);
    await untilHeld(number);
    const args = ['watch', '--veto', '--every', '1', '--json'];
    const env = {
      ...environment(lab.folder),
      CALLBOOK_CONFIG: join(lab.folder, 'emil/client.json'),
    };
    const watch = spawn('callbook', args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let said = '';
      watch.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await thief(`replace ${number} ${byOutbox()}`);
      await eventually(
        () => Promise.resolve(said),
        (text) => text.includes('"event":"vetoed"'),
        60_000,
      );
    } finally {
      watch.kill();
    }
    const refused = await thief(`replace ${number} --wait ${byOutbox()}`);
    expect(refused).toMatchObject({ json: { error: { code: 'replacement_vetoed' } } });
  }, 150_000);
});

describe.concurrent('a move', () => {
  it('registers the new number and releases the old one', async () => {
    const [old, next] = ['+4915123456706', '+4915123456707'];
    const fritz = await person('fritz');
    await fritz(`register ${old} --sip sip:fritz@sip.example ${byOutbox()}`);
    const moved = await fritz(`move ${old} ${next} --yes ${byOutbox()}`);
    expect(moved, moved.stderr).toMatchObject({ code: 0, json: { state: 'released' } });
    const found = await eventually(
      async () => await fritz(`lookup ${next}`),
      ({ code }) => code === 0,
      40_000,
    );
    expect(found).toMatchObject({ json: { routes: [{ uri: 'sip:fritz@sip.example' }] } });
    expect(await fritz('lock')).toMatchObject({ code: 0, json: { identifier: `tel:${next}` } });
    const unlocked = await fritz('unlock');
    expect((unlocked.json as { effectiveAtMs?: number }).effectiveAtMs).toBeGreaterThan(Date.now());
  }, 150_000);
});

describe.concurrent('a release', () => {
  it('ends the binding after its pause, and the number is free for the next', async () => {
    const number = '+4915123456708';
    const [ida, next] = [await person('ida'), await person('next')];
    await ida(`register ${number} --sip sip:ida@sip.example ${byOutbox()}`);
    await untilHeld(number);
    const released = await ida(`release --number ${number} --yes`);
    expect(released, released.stderr).toMatchObject({ code: 0, json: { state: 'released' } });
    const entry = String(released.json['entryId']);
    const early = await next(`register ${number} --sip sip:next@sip.example ${byOutbox()}`);
    expect(early).toMatchObject({ code: 6, json: { error: { code: 'identifier_held' } } });
    await eventually(
      async () => await ida(`status --entry ${entry}`),
      ({ json }) =>
        (json as unknown as { entry: { erasedAtMs?: number | null }[] }).entry.every(
          ({ erasedAtMs }) => typeof erasedAtMs === 'number',
        ),
      60_000,
    );
    const registered = await next(`register ${number} --sip sip:next@sip.example ${byOutbox()}`);
    expect(registered, registered.stderr).toMatchObject({ code: 0, json: { epoch: 1 } });
  }, 150_000);
});
