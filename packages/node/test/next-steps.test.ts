/** What a terminal is told of an error: codes of the documentation, and a step. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dnsErrorCodes } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import { replicationErrorCodes } from '@callbook/replication';
import { describe, expect, it } from 'vitest';
import { nodeErrorCodes } from '../src/errors.ts';
import { codesWithSteps, sentenceOf } from '../src/next-steps.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');

it.each(codesWithSteps)('%s is a code of the documentation', (code) => {
  expect(page).toContain(`\`${code}\``);
});

/** Nobody has to do anything: it goes on by itself, or its service manager starts it again. */
const passing = [
  'binding_awaited',
  'dns_binding_unfit',
  'lease_lost',
  'peer_unreachable',
  'peer_timeout',
  'peer_stream_broken',
];

it.each(
  [nodeErrorCodes, dnsErrorCodes, replicationErrorCodes].flatMap((codes) => Object.keys(codes)),
)('%s says what to do', (code) => {
  expect(codesWithSteps.includes(code)).toBe(!passing.includes(code));
});

describe('an error', () => {
  it('is told with its code, that of the system, and what to do', () => {
    const cause = Object.assign(new Error('address in use'), { code: 'EADDRINUSE' });
    const error = new DirectoryError('listen_failed', 'cannot listen', { cause });
    expect(sentenceOf(error)).toMatch(/^cannot listen \(listen_failed, EADDRINUSE\)\nNext: \S/);
  });

  it('that nobody has thought of keeps its stack', () => {
    expect(sentenceOf(new TypeError('x'))).toContain('next-steps.test.ts');
  });
});
