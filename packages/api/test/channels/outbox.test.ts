import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { outboxChannel } from '../../src/index.ts';

const clock = { nowMs: () => 1_800_000_000_000 };
const to = 'tel:+4915123456789';

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-outbox-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'outbox.jsonl');
}

it('appends one line of JSON a message, readable by its owner alone', async () => {
  const path = await newPath();
  const outbox = outboxChannel({ path, clock });
  await outbox.submit({
    sendId: 'AAAAAAAAAAAAAAAAAAAAAA',
    to,
    text: 'one\n\n@alpha.test #1',
    code: '1',
  });
  await outbox.submit({ sendId: 'AAAAAAAAAAAAAAAAAAAAAA', to, text: 'two', code: '2' });
  const lines = (await readFile(path, 'utf8')).split('\n');
  expect(lines.map((line) => (line === '' ? undefined : JSON.parse(line)))).toEqual([
    { at: 1_800_000_000_000, to, text: 'one\n\n@alpha.test #1', code: '1' },
    { at: 1_800_000_000_000, to, text: 'two', code: '2' },
    undefined,
  ]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('takes the file from everybody else where it was open to them', async () => {
  const path = await newPath();
  await writeFile(path, '');
  await chmod(path, 0o644);
  await outboxChannel({ path, clock }).submit({
    sendId: 'AAAAAAAAAAAAAAAAAAAAAA',
    to,
    text: 'text',
    code: '1',
  });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('keeps lines whole when many are sent at once', async () => {
  const path = await newPath();
  const outboxes = [outboxChannel({ path, clock }), outboxChannel({ path, clock })];
  const codes = Array.from({ length: 200 }, (_, i) => String(i));
  await Promise.all(
    codes.map((code, i) =>
      outboxes[i % 2]!.submit({ sendId: 'AAAAAAAAAAAAAAAAAAAAAA', to, text: 'x'.repeat(i), code }),
    ),
  );
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  const seen = lines.map((line) => (JSON.parse(line) as { code: string }).code);
  expect(seen.sort()).toEqual(codes.sort());
});

it('starts a new file when the old one is gone, and fails where none can be', async () => {
  const path = await newPath();
  const outbox = outboxChannel({ path, clock });
  await outbox.submit({ sendId: 'AAAAAAAAAAAAAAAAAAAAAA', to, text: 'text', code: '1' });
  await rm(path);
  await outbox.submit({ sendId: 'AAAAAAAAAAAAAAAAAAAAAA', to, text: 'text', code: '2' });
  expect(await readFile(path, 'utf8')).toContain('"2"');
  const nowhere = outboxChannel({ path: join(path, 'outbox.jsonl'), clock });
  await expect(
    nowhere.submit({ sendId: 'AAAAAAAAAAAAAAAAAAAAAA', to, text: 'text', code: '3' }),
  ).rejects.toMatchObject({
    code: 'channel_refused',
  });
});
