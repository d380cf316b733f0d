import { expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/commands/duration.ts';

it.each([
  ['7d', 604_800_000],
  ['72h', 259_200_000],
  ['30m', 1_800_000],
  ['10s', 10_000],
  ['500ms', 500],
  ['12', 12],
  ['0', 0],
  ['', undefined],
  ['-1s', undefined],
  ['1.5h', undefined],
  ['3 d', undefined],
  ['999999999999999d', undefined],
])('reads %j as %j ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each([
  [604_800_000, '7 d'],
  [86_400_000, '24 h'],
  [90_000, '90 s'],
  [1500, '1500 ms'],
  [0, '0'],
])('writes %i ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
