/**
 * The command as people and scripts use it, against honest members over HTTPS: every exit status, the
 * ends of a holding and a crash are tested with real processes, the rest in this one.
 */
import { once } from 'node:events';
import { chmod, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFederation, type TestFederation } from '../../client/test/test-federation.ts';
import { processTerminal, runCallbook } from '../src/index.ts';
import { makeHome, type Home } from './callbook-process.ts';

const typed = '+34 912 345 678';
const identifier = 'tel:+34912345678';
const sip = 'sip:alice@sip.example';

let home: Home;
let federation: TestFederation;

beforeEach(async () => {
  home = await makeHome();
  federation = await startFederation({ outboxPath: home.outboxPath });
  await home.configure(federation.charterNote);
});

afterEach(async () => {
  await federation[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function registerArgs(...more: string[]): string[] {
  return ['register', typed, '--sip', sip, '--code-from', home.outboxPath, ...more];
}

const keysOf = (): string => join(home.path, '.local/share/callbook/keys');

describe('a proof', () => {
  it('is shown with how far the logs are agreed, and is as good for a number nobody has', async () => {
    await home.run(registerArgs());
    const text = await home.run(['prove', typed]);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('+34912345678 is published: proven by alpha.');
    expect(text.stdout).toMatch(/route +10 +sip +sip:alice@sip\.example/);
    expect(text.stdout).toMatch(/log +api\.beta\.test\/log: \d leaves, \d agreed at 2026-09-21T/);
    const json = await home.run(['prove', typed, '--member', 'gamma', '--json']);
    expect(json.json[0]).toMatchObject({ identifier, state: 'published', member: 'gamma' });
    const absent = await home.run(['prove', '+34911111111', '--json']);
    expect(absent).toMatchObject({ code: 4, json: [{ state: 'absent', binding: null }] });
  });

  it('that no member can give exits with 3', async () => {
    await home.run(registerArgs());
    federation.interfere(async ({ path, answer }) => {
      if (path !== '/v1/proof') return undefined;
      const { status, json } = await answer();
      return { status, json: { ...(json as object), payload: 'AAAA' } };
    });
    const refused = await home.run(['prove', typed, '--json']);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('proof_payload_invalid');
  });
});

describe('a holding from register to release', () => {
  it('registers, shows, changes, rotates and releases', async () => {
    const registered = await home.runProcess(registerArgs('--member', 'beta', '--json'));
    expect(registered).toMatchObject({ code: 0, json: [{ identifier, state: 'registered' }] });
    expect(federation.member('beta').requests.slice(0, 2)).toEqual([
      'GET /v1/charter/2',
      'POST /v1/challenges',
    ]);

    const status = await home.run(['status', '--json']);
    expect(status).toMatchObject({
      code: 0,
      json: [{ state: 'published', seq: 0, agreement: { agreeing: 3, asked: 3 } }],
    });

    const added = await home.run(['routes', 'add', 'xmpp:alice@chat.example', '--json']);
    expect(added.json[0]).toMatchObject({
      seq: 1,
      routes: [
        { uri: sip, preference: 10 },
        { service: 'xmpp', preference: 20 },
      ],
    });
    const set = await home.run(['routes', 'set', 'sip:alice@other.example', '--json']);
    expect(set.json[0]).toMatchObject({ seq: 2, routes: [{ uri: 'sip:alice@other.example' }] });
    expect((await home.run(['routes'])).stdout).toContain('sip:alice@other.example');

    const before = await home.run(['key', 'show', '--json']);
    const rotated = await home.run(['key', 'rotate', '--json']);
    expect(rotated.code).toBe(0);
    expect(rotated.json[0]!['authorityKey']).not.toBe(before.json[0]!['authorityKey']);

    const found = await home.runProcess(['lookup', typed, '--json']);
    expect(found).toMatchObject({ code: 0, json: [{ state: 'published', seq: 0 }] });

    const unconfirmed = await home.run(['release']);
    expect(unconfirmed).toMatchObject({ code: 6, stdout: '' });
    const released = await home.runProcess(['release', '--yes', '--json']);
    expect(released).toMatchObject({ code: 0, json: [{ state: 'released' }] });
    expect((await home.run(['lookup', typed, '--json'])).code).toBe(4);
    expect((await home.run(['status', '--json'])).stdout).toBe('');
  }, 90_000);

  it('prints next steps for people and no progress when nobody watches', async () => {
    const registered = await home.run(registerArgs());
    expect(registered.stdout).toContain('+34912345678 is registered: 3 members have logged it.');
    expect(registered.stdout).toContain('Next: callbook lookup +34912345678');
    expect(registered.stderr).toBe('');
  });

  it('takes the code from standard input', async () => {
    const child = home.start(['register', typed, '--code-stdin', '--json']);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    while (federation.outbox.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    child.stdin.end(`${federation.outbox[0]!.code}\n`);
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    expect(output).toContain('"state":"registered"');
  });
});

describe('key files', () => {
  it('are the holder’s alone, named by a hash, with comments on top', async () => {
    await home.run(registerArgs());
    const [name] = await readdir(keysOf());
    expect(name).toMatch(/^[0-9a-f]{64}\.key$/);
    expect((await stat(keysOf())).mode & 0o777).toBe(0o700);
    expect((await stat(join(keysOf(), name!))).mode & 0o777).toBe(0o600);
    const text = await readFile(join(keysOf(), name!), 'utf8');
    expect(text).toMatch(/^# callbook key file.*\n# identifier: tel:\+34912345678\n# created: 20/);
    expect(text).toMatch(/\n# public key: [\w-]{43}\n\{/);
  });

  it('are refused when others can read them', async () => {
    await home.run(registerArgs());
    const [name] = await readdir(keysOf());
    await chmod(join(keysOf(), name!), 0o640);
    const shown = await home.run(['key', 'show', '--json']);
    expect(shown.code).toBe(1);
    expect(JSON.parse(shown.stderr)).toMatchObject({ error: { code: 'key_file_exposed' } });
  });

  it('are never overwritten by a second register', async () => {
    await home.run(registerArgs());
    const [name] = await readdir(keysOf());
    const before = await readFile(join(keysOf(), name!), 'utf8');
    const again = await home.run(registerArgs('--json'));
    expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: 'holding_exists' } });
    expect(await readFile(join(keysOf(), name!), 'utf8')).toBe(before);
  });
});

describe('after a crash', () => {
  it('register continues the same entry when the process was killed while posting', async () => {
    let posted: (() => void) | undefined;
    const reached = new Promise<void>((resolve) => {
      posted = resolve;
    });
    federation.interfere(async ({ path, answer }) => {
      if (path !== '/v1/entries') return undefined;
      // The member logs the entry, but the client is gone before the answer.
      await answer();
      posted?.();
      return 'hang';
    });
    const child = home.start(registerArgs());
    await reached;
    child.kill('SIGKILL');
    await once(child, 'close');
    federation.interfere(undefined);
    const pending = await home.runProcess(['status', '--json']);
    expect(pending).toMatchObject({ code: 6, json: [{ state: 'pending' }] });
    const again = await home.runProcess(registerArgs('--json'));
    expect(again).toMatchObject({ code: 0, json: [{ state: 'registered' }] });
    for (const { log } of federation.members) {
      expect(log.leaves.filter(({ entry }) => entry !== undefined)).toHaveLength(1);
    }
  }, 90_000);

  it('any command first completes an update that was broken off', async () => {
    await home.run(registerArgs());
    federation.interfere(({ path }) =>
      Promise.resolve(path === '/v1/entries' ? 'break' : undefined),
    );
    const broken = await home.run(['routes', 'set', 'sip:one@sip.example', '--json']);
    expect(broken.code).toBe(5);
    federation.interfere(undefined);
    const rotated = await home.run(['key', 'rotate', '--json']);
    expect(rotated.code).toBe(0);
    const listed = await home.run(['routes', 'list', '--json']);
    expect(listed.json[0]).toMatchObject({ routes: [{ uri: 'sip:one@sip.example' }] });
  });
});

describe('exit codes', () => {
  it('2 for a command line, a number or an address that is none', async () => {
    const lines = [
      ['register'],
      ['nonsense', '+34912345678'],
      ['lookup', 'twelve'],
      registerArgs('--member', 'nobody'),
      ['register', typed, '--sip', 'alice', '--code-from', home.outboxPath],
    ];
    const runs = await Promise.all(lines.map((args) => home.runProcess([...args, '--json'])));
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(runs.map(({ stderr }) => stderr).join('')).not.toContain('34912345678');
  });

  it('2 without a configuration, and for one that is broken', async () => {
    const missing = await home.runProcess(['members', '--config', '/nonexistent', '--json']);
    expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'config_missing' } });
    await home.configure(federation.charterNote, { charta: 'x' });
    const broken = await home.runProcess(['members', '--json']);
    expect(JSON.parse(broken.stderr)).toMatchObject({ error: { code: 'config_malformed' } });
    expect([missing.code, broken.code]).toEqual([2, 2]);
  });

  it('3 for a charter that is not signed by its members', async () => {
    await home.configure(federation.charterNote.replace('beta', 'zeta'));
    expect((await home.runProcess(['members'])).code).toBe(3);
  });

  it('4 when all members agree that a number is absent', async () => {
    const absent = await home.runProcess(['lookup', '+15555550100', '--json']);
    expect(absent).toMatchObject({ code: 4, json: [{ state: 'absent' }] });
  });

  it('5 when the directory cannot be reached, never "absent"', async () => {
    await Promise.all(['alpha', 'beta'].map((name) => federation.stop(name)));
    const undecided = await home.runProcess(['lookup', typed, '--json']);
    expect(undecided).toMatchObject({ code: 5, stdout: '' });
    await federation.stop('gamma');
    const unreachable = await home.runProcess(['lookup', typed, '--json']);
    expect(unreachable).toMatchObject({ code: 5, stdout: '' });
    const listed = await home.runProcess(['members', '--json']);
    expect(listed.code).toBe(5);
    expect(listed.json.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed']);
  });

  it('6 when somebody else holds the number', async () => {
    await home.runProcess(registerArgs());
    await using other = await makeHome();
    await other.configure(federation.charterNote);
    const held = await other.runProcess(registerArgs('--json'));
    expect(held.code).toBe(6);
    expect(JSON.parse(held.stderr)).toMatchObject({ error: { code: 'identifier_held' } });
    expect((await other.runProcess(['status', '--json'])).code).toBe(0);
  });

  it('6 when nobody can type the code, before any is sent', async () => {
    const missing = await home.runProcess(['register', typed, '--json']);
    expect(missing.code).toBe(6);
    expect(federation.outbox).toEqual([]);
  });

  it('7 when a member asks to wait', async () => {
    federation.interfere(() =>
      Promise.resolve({ status: 429, json: { code: 'challenge_rate_limited' } }),
    );
    expect((await home.runProcess(registerArgs())).code).toBe(7);
  });
});

describe('the commands about who holds a number', () => {
  const replaceArgs = (...more: string[]): string[] =>
    ['replace', typed, '--code-from', home.outboxPath, '--json'].concat(more);

  it('keep a key that is in force, and go on with a request where it stands', async () => {
    await home.run(registerArgs());
    const held = await home.run(replaceArgs());
    expect(JSON.parse(held.stderr)).toMatchObject({ error: { code: 'holding_exists' } });

    await using claimant = await makeHome();
    await claimant.configure(federation.charterNote);
    const requested = await claimant.run(replaceArgs());
    expect(requested).toMatchObject({ code: 6, json: [{ state: 'holding' }] });
    expect(federation.outbox).toHaveLength(3);
    const again = await claimant.run(replaceArgs());
    expect(again.json[0]!['requestId']).toBe(requested.json[0]!['requestId']);
    expect(federation.outbox).toHaveLength(3);

    const warned = await home.run(['status']);
    expect(warned.code).toBe(6);
    expect(warned.stdout).toMatch(
      /REQUEST +somebody wants to take it over \(possession\): \d+ s left/,
    );
    expect(warned.stdout).toContain(`callbook veto +34912345678`);
    expect(await home.run(['veto'])).toMatchObject({ code: 0 });
    const refused = await claimant.run(replaceArgs());
    expect(refused.code).toBe(6);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'replacement_vetoed' } });
    const anew = await claimant.run(replaceArgs('--again'));
    expect(anew).toMatchObject({ code: 6, json: [{ state: 'holding' }] });
    expect(anew.json[0]!['requestId']).not.toBe(requested.json[0]!['requestId']);
  });

  it('leave no key file behind for a number that nobody holds', async () => {
    const free = await home.run(replaceArgs());
    expect(free.code).toBe(6);
    expect(JSON.parse(free.stderr)).toMatchObject({ error: { code: 'identifier_free' } });
    expect(await readdir(keysOf())).toEqual([]);
  });

  it('show a recovery code to a person, or to a file that asks for it', async () => {
    await home.run(registerArgs());
    expect((await home.run(['recovery', 'check'], { stdin: 'x\n' })).code).toBe(6);
    expect((await home.run(['recovery', 'new'])).code).toBe(6);
    const printed = await home.run(['recovery', 'new', '--print']);
    expect(printed.stdout).toMatch(/^([0-9A-Z]{4}-){7}[0-9A-Z]{4}\n$/);
    expect((await home.run(['recovery', 'check'], { stdin: printed.stdout })).code).toBe(0);
    const [name] = await readdir(keysOf());
    const file = await readFile(join(keysOf(), name!), 'utf8');
    expect(file).not.toContain(printed.stdout.trim());
    await home.run(['recovery', 'new', '--print']);
    const stale = await home.run(['recovery', 'check'], { stdin: printed.stdout });
    expect(stale.code).toBe(3);
  });

  it('know their arguments', async () => {
    const lines = [['replace'], ['move', typed], ['watch', '--every', '0'], ['email']];
    const runs = await Promise.all(lines.map((args) => home.run([...args, '--json'])));
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    const script = await home.run(['completion', 'bash']);
    expect(script.stdout).toMatch(/'recovery'\) words='new check/);
  });
});

describe('members and completion', () => {
  it('lists the members with their zones', async () => {
    const listed = await home.run(['members', '--json']);
    expect(listed.code).toBe(0);
    expect(listed.json).toMatchObject([
      { name: 'alpha', zone: 'e164.alpha.test', state: 'ready' },
      { name: 'beta', state: 'ready' },
      { name: 'gamma', state: 'ready' },
    ]);
  });

  it('prints a script for each shell that names every command', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      let printed = '';
      const out = (text: string): void => {
        printed += text;
      };
      expect(await runCallbook(['completion', shell], { ...processTerminal(), out })).toBe(0);
      for (const word of ['register', 'rotate', 'lookup', 'resolver'])
        expect(printed).toContain(word);
    }
  });
});
