/** The status as people read it in a terminal. */
import { expect, it } from 'vitest';
import { statusLines } from '../../src/status/status-text.ts';
import { statusView } from '../../src/status/status-view.ts';
import { other, self, well } from './conditions.ts';

it('says what to do first, then how each member is', () => {
  const gone = {
    ...other,
    connected: false,
    lag: 7,
    isRootCurrent: false,
    unagreed: 3,
    brokenRules: 2,
    convicted: true,
  };
  const next = [{ alert: 'CallbookDsAwaited', urgency: 'act', what: 'do this' } as const];
  const status = { ...well, members: [self, gone], next };
  const lines = statusLines(statusView(status));
  expect(lines.slice(0, 5)).toEqual([
    'Member alpha, version 0.1.0',
    'ready; 2026-11-23 00:00:00 UTC',
    '',
    'Next:',
    '  act    do this (CallbookDsAwaited)',
  ]);
  const beta = lines.find((line) => line.startsWith('  beta'))!;
  expect(beta.split(/ {2,}/).slice(1)).toEqual([
    'beta',
    'NO',
    '1204',
    '7',
    '3 open, last 1 s ago',
    '5 s ago',
    'CONVICTED, 2 rules broken',
  ]);
  expect(lines).toContain('Keys of the zone');
});

it('says so when there is nothing to do', () => {
  expect(statusLines(statusView({ ...well, next: [] }))).toContain('Nothing to do.');
});
