/** Address books, and the watch over one's own number, as commands. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createDirectory } from '@callbook/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  startFederation,
  trustTestAuthority,
  type TestFederation,
} from '../../client/test/test-federation.ts';
import { KeyStore } from '../src/key-file.ts';
import { makeHome, type Home } from './callbook-process.ts';

const typed = '+34912345678';
const identifier = 'tel:+34912345678';
let home: Home;
let federation: TestFederation;

beforeEach(async () => {
  await trustTestAuthority();
  home = await makeHome();
  const outboxPath = join(home.path, 'outbox.jsonl');
  federation = await startFederation({ outboxPath });
  await home.configure(federation.charterNote);
  const registered = await home.run(['register', typed, '--code-from', outboxPath]);
  expect(registered.code, registered.stderr).toBe(0);
});
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const book = `BEGIN:VCARD
VERSION:4.0
FN:Alice
TEL;VALUE=uri;TYPE=cell:tel:+34-912-345-678
item1.TEL:+49 151 23456789
TEL:not a number
END:VCARD
`;

describe('contacts sync', () => {
  it('looks vCards up, remembers who is new, and tells who has changed or vanished', async () => {
    const first = await home.run(['contacts', 'sync', '--json'], { stdin: book });
    expect(first).toMatchObject({
      code: 0,
      json: [
        { identifier, state: 'published', change: 'new', trust: 'agreed' },
        { identifier: 'tel:+4915123456789', state: 'absent', change: 'unknown' },
        { summary: { contacts: 2, skipped: 1, new: 1, unknown: 1 } },
      ],
    });
    const path = join(home.path, 'book.txt');
    await writeFile(path, `# friends\n${typed}\n`);
    const again = await home.run(['contacts', 'sync', path, '--proof', '--json']);
    expect(again).toMatchObject({
      code: 0,
      json: [{ change: 'same', proof: { state: 'proven' } }, { summary: { same: 1 } }],
    });
    expect((await home.run(['key', 'rotate'])).code).toBe(0);
    const changed = await home.run(['contacts', 'sync', path]);
    expect(changed).toMatchObject({ code: 6 });
    expect(changed.stdout).toContain('CHANGED');
    expect((await home.run(['contacts', 'sync', path, '--accept'])).code).toBe(0);
    expect((await home.run(['contacts', 'sync', path])).code).toBe(0);
  }, 90_000);

  it('exits with 5 where it cannot be asked obliviously, and asks nobody plainly', async () => {
    for (const { requests } of federation.members) requests.length = 0;
    const args = ['contacts', 'sync', '--privacy', 'oblivious', '--json'];
    const refused = await home.run(args, { stdin: `${typed}\n` });
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toContain('oblivious_unavailable');
    const asked = federation.members.flatMap(({ requests }) => requests);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((request) => /lookups|bulk|proof/.test(request))).toEqual([]);
  }, 60_000);

  it('exits with 5 when nobody answers, and says nothing of anybody', async () => {
    federation.interfere(() => Promise.resolve({ text: '<html>Log in</html>' }));
    const silent = await home.run(['contacts', 'sync', '--json'], { stdin: `${typed}\n` });
    expect(silent).toMatchObject({ code: 5, stdout: '' });
  }, 60_000);
});

describe('watch', () => {
  it('tells in lines of JSON what the holder has not done, and not what it has', async () => {
    const child = home.start(['watch', typed, '--every', '1', '--json']);
    const events: { event: string }[] = [];
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => events.push(JSON.parse(line) as { event: string }));
    const until = async (event: string): Promise<void> => {
      while (!events.some((told) => told.event === event)) await once(lines, 'line');
    };
    await until('watching');
    const own = await home.run(['routes', 'set', 'sip:alice@other.example']);
    expect(own.code, own.stderr).toBe(0);
    const record = await new KeyStore(join(home.path, '.local/share/callbook/keys')).read(
      identifier,
    );
    const thief = createDirectory({ charterNote: federation.charterNote });
    await thief.publish(record!.holding!, {
      routes: [{ service: 'sip', uri: 'sip:thief@evil.example', preference: 10 }],
    });
    await until('changed');
    expect(events.map(({ event }) => event)).toEqual(['watching', 'changed']);
    expect(events[1]).toMatchObject({
      identifier,
      members: ['alpha', 'beta', 'gamma'],
      proof: { payload: { routes: [{ uri: 'sip:thief@evil.example' }] } },
    });
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(6);
  }, 90_000);
});
