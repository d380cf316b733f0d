/** That members go on asking for keys that are not made yet when they first ask. */
import { encodeTokenBundle, signTokenStatement, tokenPeriodAt } from '@callbook/protocol';
import type { Charter } from '@callbook/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { IssuerKey } from '../../src/tokens/issuer-key.ts';
import { TokenBoard } from '../../src/tokens/token-board.ts';
import { TokenKeyExchange } from '../../src/tokens/token-key-exchange.ts';
import { crypto } from '../harness.ts';
import { logSigner } from './token-members.ts';

const names = ['alpha', 'beta', 'gamma'];
const clock = { nowMs: () => 2000 * 7 * 24 * 60 * 60 * 1000 };
const period = tokenPeriodAt(clock.nowMs());

async function statementOf(name: string): Promise<string> {
  const { note } = logSigner(name);
  const { tokenKey } = await IssuerKey.generate();
  return signTokenStatement({ origin: note.name, period, tokenKey }, note);
}

it('asks again while a member that answers has no key of its own yet', async () => {
  const members = names.map((name) => ({
    name,
    state: 'active',
    logKey: logSigner(name).key,
    api: `https://api.${name}.test`,
  }));
  const charter = (): Charter => ({ members }) as unknown as Charter;
  const board = new TokenBoard({ charter, clock, crypto });
  const statements = new Map<string, string>();
  for (const name of names) statements.set(name, await statementOf(name));
  expect(board.take(statements.get('alpha')!)).toBe(true);
  // Beta's key takes a while to make; of gamma's it has heard.
  let isBetaReady = false;
  const connections = {
    ask: async () => {
      const known = names.filter((name) => name === 'gamma' || isBetaReady);
      const text = encodeTokenBundle(known.map((name) => statements.get(name)!));
      const octets = new TextEncoder().encode(text);
      return { status: 200, mediaType: 'application/json', octets };
    },
  };
  const exchange = new TokenKeyExchange({ charter, memberName: 'alpha', board, connections });
  onTestFinished(() => exchange[Symbol.dispose]());
  await exchange.askAll();
  expect(board.lacksSome()).toBe(true);
  isBetaReady = true;
  await expect.poll(() => board.lacksSome()).toBe(false);
});
