/** A bad setting is named with its line and what is expected, never with its value; and the pages agree with the code. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accountCodes } from '../src/account-codes.ts';
import { neededOf, parseConfig } from '../src/config.ts';
import { outageCodes, refusalCodes } from '../src/refusals.ts';

const good = `provider: sip.a.example
dataDir: data
listen: { address: 127.0.0.1, port: 8060 }
directory:
  suffixes: [e164.alpha.example, e164.beta.example, e164.gamma.example]
  resolver: { address: 127.0.0.1 }
`;

describe('a configuration', () => {
  it('is read, and asks for a majority of the suffixes', () => {
    const config = parseConfig(good);
    expect(neededOf(config.directory)).toBe(2);
    expect(neededOf({ ...config.directory, agree: 3 })).toBe(3);
    expect(neededOf({ ...config.directory, suffixes: ['e164.arpa'] })).toBe(1);
  });

  it.each([
    ['provider: sip.a.example', 'provider: SIP secret', 'line 1: provider must be the domain'],
    ['port: 8060', 'port: 99999', 'line 3: listen.port must be port, 0 to 65535'],
    [
      'address: 127.0.0.1, port',
      'address: 0.0.0.0, port',
      'line 3: listen.address must be a loopback',
    ],
    ['dataDir: data', 'dataDirectory: data', 'dataDir'],
    ['  resolver:', '  agree: 4\n  resolver:', 'line 6: directory.agree must be at most 3'],
    ['e164.beta', 'e164.alpha', 'line 5: directory.suffixes must be different'],
    ['e164.beta.example', '"secret suffix"', 'line 5: directory.suffixes.1 must be host name'],
    [
      'directory:',
      'accounts: { url: https://a.example }\ndirectory:',
      'line 4: accounts must have url and listen',
    ],
    [
      'directory:',
      'credentials: { secret: x }\ndirectory:',
      'line 4: credentials are given out by the accounts',
    ],
    ['dataDir: data', 'dataDir: data\nsurprise: true', 'line 3: surprise is no setting'],
  ])('with %s as %s is refused', (before, after, message) => {
    const text = good.replace(before, after);
    expect(text).not.toBe(good);
    const refused = thrownBy(() => parseConfig(text));
    expect(refused).toMatchObject({ code: 'config_setting_invalid' });
    expect(refused.message).toContain(message);
    expect(refused.message).not.toMatch(/99999|secret(?!:)/);
  });

  it('that is no YAML is refused with its line', () => {
    const refused = thrownBy(() => parseConfig(`${good}\n  - [`));
    expect(refused).toMatchObject({ code: 'config_malformed' });
    expect(refused.message).toMatch(/^line \d+: [A-Z_]+$/);
  });
});

it('every code has its row on the page of the interface, and every row its code', async () => {
  const path = join(import.meta.dirname, '../../../docs/spec/sip-bridge.md');
  const page = await readFile(path, 'utf8');
  const tables = page.split(/^#+ /m);
  const rowsOf = (title: string): string[] => {
    const table = tables.find((each) => each.startsWith(title))!;
    return table.split('\n').flatMap((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      return /^`[a-z_]+`$/.test(cells.at(-3) ?? '') ? [`${cells.at(-3)} ${cells.at(-2)}`] : [];
    });
  };
  const rows = (codes: object): string[] =>
    Object.entries(codes).map(([code, sentence]) => `\`${code}\` ${String(sentence)}`);
  expect(rowsOf('Codes of `refuse`')).toEqual(rows(refusalCodes));
  expect(rowsOf('Codes of `unavailable`')).toEqual(rows(outageCodes));
  const sentences = Object.entries(accountCodes).map(([code, [, sentence]]) => [code, sentence]);
  expect(rowsOf('Accounts')).toEqual(rows(Object.fromEntries(sentences)));
});

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
