/** Backups of seeds: words on paper, and a file that `age` itself opens and makes. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Identifier } from '@callbook/protocol';
import {
  encodeBackupFile,
  encodeBackupWords,
  parseBackupFile,
  parseBackupWords,
} from '../src/backup/index.ts';

const seeds = [
  { identifier: 'tel:+34912345678' as Identifier, seed: new Uint8Array(32).fill(3) },
  { identifier: 'mailto:alice@mail.example' as Identifier, seed: new Uint8Array(32).fill(4) },
];
const passphrase = 'correct horse battery';

describe('24 words', () => {
  it('are those of BIP 39 for the same bits', () => {
    // BIP 39, test vectors of its reference implementation: 32 octets of 7f.
    const seed = new Uint8Array(32).fill(0x7f);
    const words = 'legal winner thank year wave sausage worth useful '.repeat(3).trim();
    const expected = words.split(' ').slice(0, 23).concat('title').join(' ');
    expect(encodeBackupWords(seed)).toBe(expected);
  });

  it('give back every seed, in any case and spacing', () => {
    const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(seed, (bytes) => {
        const typed = `  ${encodeBackupWords(bytes).toUpperCase().replaceAll(' ', ' \n ')}  `;
        expect(parseBackupWords(typed)).toStrictEqual(new Uint8Array(bytes));
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it.each([
    ['one too few', (words: string[]) => words.slice(1)],
    ['one that is in no list', (words: string[]) => words.with(4, 'telefono')],
    ['two in the wrong order', (words: string[]) => [words[1]!, words[0]!, ...words.slice(2)]],
    ['none', () => []],
  ])('are refused with %s, and no word is repeated', (_, spoil) => {
    const words = encodeBackupWords(Uint8Array.from({ length: 32 }, (__, i) => i * 7)).split(' ');
    const typed = spoil(words).join(' ');
    expect(() => parseBackupWords(typed)).toThrow(
      expect.objectContaining({ code: 'backup_words_malformed' }),
    );
    expect(() => parseBackupWords(typed)).not.toThrow(/telefono/);
  });
});

describe('a backup file', () => {
  let directory = '';
  let file = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'callbook-backup-'));
    file = await encodeBackupFile(seeds, passphrase);
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('gives back the seeds, and shows none of them', async () => {
    expect(await parseBackupFile(file, passphrase)).toStrictEqual(seeds);
    expect(file).not.toContain('tel:');
  });

  it('opens with another passphrase as little as when damaged', async () => {
    const damaged = file.replace(
      /(.{30})(\n-----END)/,
      (_, line: string, end: string) => `${line.startsWith('A') ? 'B' : 'A'}${line.slice(1)}${end}`,
    );
    const cases = [
      [file, 'wrong', 'backup_passphrase_wrong'],
      [damaged, passphrase, 'backup_file_malformed'],
      ['', passphrase, 'backup_file_malformed'],
      ['x'.repeat(2 ** 20 + 1), passphrase, 'backup_file_malformed'],
    ] as const;
    for (const [given, by, code] of cases) {
      await expect(parseBackupFile(given, by)).rejects.toMatchObject({ code });
    }
  }, 90_000);

  it('is opened by age', async () => {
    await writeFile(join(directory, 'backup.age'), file);
    await age(directory, 'age -d -o plain backup.age');
    const plain = await readFile(join(directory, 'plain'), 'utf8');
    expect(plain).toContain(`tel:+34912345678 ${Buffer.alloc(32, 3).toString('base64url')}\n`);
  });

  it('may be made by age', async () => {
    const line = `tel:+4915123456789 ${Buffer.alloc(32, 9).toString('base64url')}\n`;
    await writeFile(join(directory, 'made'), line);
    await age(directory, 'age -p -a -o made.age made');
    const made = await readFile(join(directory, 'made.age'), 'utf8');
    expect(await parseBackupFile(made, passphrase)).toMatchObject([
      { identifier: 'tel:+4915123456789' },
    ]);
  }, 90_000);
});

/** age asks at a terminal and nowhere else: `script` gives it one. */
async function age(cwd: string, command: string): Promise<void> {
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd });
  child.stdin.write(`${passphrase}\n${passphrase}\n`);
  const output = text(child.stdout);
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect(status, await output).toBe(0);
}
