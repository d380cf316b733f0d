/**
 * Who holds a number, by the command alone, as people would go about it: a key is lost and replaced
 * after the hold; a holder refuses; a recovery code shortens the hold. Each person has a home of their
 * own. The holds are seconds by the charter, which is all that is different.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, eventually, openLab, runCommand, type Lab, type Ran } from '../lab.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab(3, 0, {
    possessionMs: 8000,
    recoveryMs: 1000,
    emailChangeMs: 0,
    emailMs: 1000,
  });
}, 120_000);

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

/** How many codes have been sent; notices to holders stand in the same file. */
async function sentCodes(): Promise<number> {
  const text = await readFile(lab.description.outbox, 'utf8');
  return text.split('\n').filter((line) => line.includes('"code":')).length;
}

async function keyOf(who: Person, number: string): Promise<string> {
  const { json } = await who(`lookup ${number}`);
  return (json as unknown as { keys: { key: string }[] }).keys[0]!.key;
}

describe('a lost key', () => {
  it('is replaced after the hold, step by step, each a run of its own', async () => {
    const number = '+4915123456701';
    const anna = await person('anna');
    const registered = await anna(`register ${number} --sip sip:anna@sip.example ${byOutbox()}`);
    expect(registered).toMatchObject({ code: 0 });
    const lost = await keyOf(anna, number);
    await rm(join(lab.folder, 'anna/keys'), { recursive: true });

    const before = await sentCodes();
    const requested = await anna(`replace ${number} --sip sip:anna@new.example ${byOutbox()}`);
    expect(requested).toMatchObject({ code: 6, json: { state: 'holding' } });
    // Two members have sent a code, and no third.
    expect(await sentCodes()).toBe(before + 2);
    // Until the commit everybody gets the old answer.
    expect(await keyOf(anna, number)).toBe(lost);
    const waiting = await anna('status');
    expect(waiting).toMatchObject({ code: 6, json: { state: 'requested' } });

    const taken = await anna(`replace ${number} --sip sip:anna@new.example --wait ${byOutbox()}`);
    expect(taken, taken.stderr).toMatchObject({ code: 0, json: { state: 'taken', epoch: 1 } });
    await eventually(
      async () => await keyOf(anna, number),
      (key) => key !== lost,
    );
    await eventually(
      async () => await anna('status'),
      ({ json }) => json['state'] === 'published',
    );
    expect(await anna('routes set sip:anna@other.example')).toMatchObject({ code: 0 });
  }, 90_000);
});

describe('a holder whose number somebody else has for an hour', () => {
  it('sees the request, refuses it, and keeps the number', async () => {
    const number = '+4915123456702';
    const [bert, thief] = [await person('bert'), await person('thief')];
    await bert(`register ${number} --sip sip:bert@sip.example ${byOutbox()}`);
    const key = await keyOf(bert, number);
    const requested = await thief(`replace ${number} ${byOutbox()}`);
    expect(requested).toMatchObject({ code: 6, json: { state: 'holding' } });

    const warned = await eventually(
      async () => await bert('status'),
      ({ json }) => (json as { pending?: unknown[] }).pending?.length === 1,
    );
    expect(warned).toMatchObject({ code: 6, json: { pending: [{ requestClass: 'possession' }] } });
    const vetoed = await bert(`veto ${number}`);
    expect(vetoed, vetoed.stderr).toMatchObject({ code: 0, json: { state: 'vetoed' } });

    const refused = await thief(`replace ${number} --wait ${byOutbox()}`);
    expect(refused).toMatchObject({ code: 6, json: { error: { code: 'replacement_vetoed' } } });
    expect(await keyOf(bert, number)).toBe(key);
    expect(await bert('status')).toMatchObject({
      code: 0,
      json: { state: 'published', pending: [] },
    });
  }, 90_000);
});

describe('a recovery code', () => {
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

    const before = await sentCodes();
    const malformed = await carla(`replace ${number} --recovery-code ${paper}.wrong ${byOutbox()}`);
    expect(malformed).toMatchObject({ code: 2 });
    expect(await sentCodes()).toBe(before);
    const startedMs = Date.now();
    const taken = await carla(`replace ${number} --recovery-code ${paper} --wait ${byOutbox()}`);
    expect(taken, taken.stderr).toMatchObject({ code: 0, json: { state: 'taken' } });
    expect(Date.now() - startedMs).toBeLessThan(8000);
  }, 90_000);
});

describe('an e-mail address', () => {
  it('shortens the hold for whoever reads codes there and at the number', async () => {
    const number = '+4915123456704';
    const dora = await person('dora');
    await dora(`register ${number} --sip sip:dora@sip.example ${byOutbox()}`);
    const set = await dora(`email dora@mail.example ${byOutbox()}`);
    expect(set, set.stderr).toMatchObject({ code: 0, json: { state: 'email_set' } });
    await rm(join(lab.folder, 'dora/keys'), { recursive: true });

    const wrong = await dora(`replace ${number} --email other@mail.example ${byOutbox()}`);
    expect(wrong).toMatchObject({ code: 6, json: { error: { code: 'class_not_allowed' } } });
    const before = await sentCodes();
    const taken = await dora(`replace ${number} --email dora@mail.example --wait ${byOutbox()}`);
    expect(taken, taken.stderr).toMatchObject({ code: 0, json: { state: 'taken' } });
    // Two at the number and two at the address; then one for the commit.
    expect(await sentCodes()).toBe(before + 5);
  }, 90_000);
});

describe('a watch', () => {
  it('refuses what is requested while nobody looks', async () => {
    const number = '+4915123456705';
    const [emil, thief] = [await person('emil'), await person('thief-of-emil')];
    await emil(`register ${number} --sip sip:emil@sip.example ${byOutbox()}`);
    const args = ['status', '--watch', '--veto', '--every', '1', '--json'];
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
        (text) => text.includes('"state":"vetoed"'),
        20_000,
      );
    } finally {
      watch.kill();
    }
    const refused = await thief(`replace ${number} --wait ${byOutbox()}`);
    expect(refused).toMatchObject({ json: { error: { code: 'replacement_vetoed' } } });
  }, 90_000);
});

describe('a move', () => {
  it('registers the new number and releases the old one', async () => {
    const [old, next] = ['+4915123456706', '+4915123456707'];
    const fritz = await person('fritz');
    await fritz(`register ${old} --sip sip:fritz@sip.example ${byOutbox()}`);
    const moved = await fritz(`move ${old} ${next} --yes ${byOutbox()}`);
    expect(moved, moved.stderr).toMatchObject({ code: 0, json: { state: 'released' } });
    expect(await fritz(`lookup ${next}`)).toMatchObject({
      json: { routes: [{ uri: 'sip:fritz@sip.example' }] },
    });
    expect(await fritz('lock')).toMatchObject({ code: 0, json: { identifier: `tel:${next}` } });
    const unlocked = await fritz('unlock');
    expect((unlocked.json as { effectiveAtMs?: number }).effectiveAtMs).toBeGreaterThan(Date.now());
  }, 90_000);
});
