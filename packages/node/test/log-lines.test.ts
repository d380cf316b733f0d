/** Lines of the log, written to a disk that has no room, to nobody, and to a file. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LogLines } from '../src/log-lines.ts';

it('drops what a disk without room does not take, at once', () => {
  const fd = openSync('/dev/full', 'w');
  const lines = new LogLines(fd);
  for (let n = 0; n < 1000; n += 1) lines.write('{"msg":"x"}\n');
  closeSync(fd);
  // Nor where there is nothing to write to.
  lines.write('{"msg":"x"}\n');
});

it('writes every line whole where there is room', () => {
  const folder = mkdtempSync(join(tmpdir(), 'callbook-lines-'));
  const fd = openSync(join(folder, 'log'), 'a');
  const lines = new LogLines(fd);
  for (let n = 0; n < 100; n += 1) lines.write(`{"n":${n}}\n`);
  closeSync(fd);
  const written = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
  expect(written.map((line) => JSON.parse(line) as unknown)).toEqual(
    Array.from({ length: 100 }, (_nothing, n) => ({ n })),
  );
  rmSync(folder, { recursive: true });
});
