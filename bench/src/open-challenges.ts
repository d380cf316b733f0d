/**
 * What an open challenge costs a member in memory, measured in a process of its own: the production API
 * with the guard over paid numbers, as many open challenges as it may have, and a channel that takes
 * every code and keeps nothing. Numbers are spread over so many ranges that no budget is reached, which
 * is also the case in which the tables of the budgets are largest.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeBase64Url } from '@callbook/protocol';
import { apiLimits, createApi, SendGuard } from '@callbook/api';
import type { DirectoryPort } from '@callbook/api';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';

export interface OpenChallengesResult {
  readonly count: number;
  /** Objects and byte strings that a collection leaves, in bytes a challenge. */
  readonly liveBytes: number;
}

const count = apiLimits.challengesMax;
/** Before anything is measured: code is compiled, tables have their first size. */
const warmUpCount = 2000;

const ports = {
  crypto,
  random: { bytes: (size: number) => new Uint8Array(randomBytes(size)) },
};
const codeSender = { send: async () => undefined };
const sendGuard = await SendGuard.open(
  {
    // Beginnings of numbers that nobody's plan has to know.
    test: ['999'],
    countrySendsPerHourMax: 10_000_000,
    sendsPerDayMax: 10_000_000,
    moneyPerDayMax: 1_000_000_000,
  },
  ports,
);
let nowMs = 1_800_000_000_000;
const api = createApi({
  ...ports,
  clock: { nowMs: () => nowMs },
  codeSender,
  sendGuard,
  host: 'alpha.example',
  // Opening a challenge asks the directory nothing.
  directory: {} as DirectoryPort,
  limits: { totalSendsPerHourMax: 1e9, challengesMax: count + warmUpCount },
});
const session = encodeBase64Url(
  Uint8Array.fromHex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'),
);

await openMany(0, warmUpCount);
const before = await weigh();
await openMany(warmUpCount, count);
const after = await weigh();
const result: OpenChallengesResult = {
  count,
  liveBytes: (after - before) / count,
};
console.log(JSON.stringify(result));

async function openMany(first: number, many: number): Promise<void> {
  for (let n = first; n < first + many; n++) {
    nowMs += 1;
    const authority = encodeBase64Url(new Uint8Array(randomBytes(32)));
    const identifier = `tel:+${999_000_000_000 + n * 7919}`;
    const payload = { identifier, authority, session, form: 'app' };
    const { statusCode, body } = await api.inject({
      method: 'POST',
      url: '/v1/challenges',
      payload,
    });
    if (statusCode !== 201) throw new Error(body);
  }
}

async function weigh(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    globalThis.gc!();
    await sleep(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
