/** The pure parts of a holder's screens: words asked back, timelines, codes, and what members say. */
import type { Holding, MemberEntryState, MemberLookup, ZoneAnswer } from '@callbook/client';
import { encodePayload } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { quizPlaces, wrongPlaces } from '../src/holder/backup-quiz.ts';
import {
  clockOffMs,
  codeEndsAtMs,
  codeLifeMs,
  readCode,
  startRun,
  type RunState,
} from '../src/holder/code-run.ts';
import { apiSaying, apiSayingOf, dnsSaying, recordStateOf } from '../src/holder/record-state.ts';
import { plannedTimeline, roundedDuration, runningTimeline } from '../src/holder/timeline.ts';
import { watchPeriodMs } from '../src/holder/watch-period.ts';

const hourMs = 3_600_000;
const holds = {
  recoveryMs: hourMs,
  emailMs: 24 * hourMs,
  possessionMs: 72 * hourMs,
  lockedMs: 168 * hourMs,
  releaseMs: 72 * hourMs,
  unlockMs: 168 * hourMs,
  emailChangeMs: 72 * hourMs,
  theftMs: 72 * hourMs,
  noticeMs: 168 * hourMs,
};

describe('words asked back', () => {
  it('are three different ones, in order, and others the next time', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      let value = seed;
      const places = quizPlaces(() => (value += 7));
      expect(new Set(places).size).toBe(3);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places.every((place) => place >= 1 && place <= 24)).toBe(true);
    }
    expect(quizPlaces(() => Math.floor(Math.random() * 1e9))).toHaveLength(3);
  });

  it('are right whatever their case, and wrong ones are named', () => {
    const words = ['abandon', 'ability', 'able'];
    expect(wrongPlaces(words, { 1: ' Abandon', 3: 'able ' })).toEqual([]);
    expect(wrongPlaces(words, { 1: 'able', 2: '', 3: 'able' })).toEqual([1, 2]);
  });
});

describe('a timeline', () => {
  it('says when the hold would be over', () => {
    const steps = plannedTimeline('recovery', holds, 1000);
    expect(steps.find(({ name }) => name === 'wait')?.atMs).toBe(1000 + hourMs);
    expect(steps.filter(({ state }) => state === 'now').map(({ name }) => name)).toEqual(['ask']);
  });

  it('moves on when the members say that it is over', () => {
    const nameNow = (nowMs: number): string | undefined =>
      runningTimeline(5000, nowMs).find(({ state }) => state === 'now')?.name;
    expect([nameNow(4999), nameNow(5000)]).toEqual(['wait', 'take']);
  });

  it.each([
    [72 * hourMs, 3, 'day'],
    [hourMs, 1, 'hour'],
    [90 * 60_000, 90, 'minute'],
    [30_000, 30, 'second'],
    [0, 0, 'second'],
    [-5, 0, 'second'],
  ])('rounds %d ms to %d %ss', (ms, value, unit) => {
    expect(roundedDuration(ms)).toEqual({ value, unit });
  });
});

describe('a code', () => {
  it.each([
    ['12345678', '12345678'],
    [' 1234 5678 ', '12345678'],
    ['1234-5678', '12345678'],
    ['１２３４５６７８', '12345678'],
    ['Callbook code: 12345678\n\n@alpha.test #12345678', '12345678'],
    ['1234567', undefined],
    ['123456789', undefined],
    ['abcdefgh', undefined],
    ['', undefined],
  ])('is read from %j', (text, code) => {
    expect(readCode(text)).toBe(code);
  });

  it('counts ten minutes also by a clock that is wrong by an hour', () => {
    const sentAtMs = 1_800_000_000_000;
    expect(codeEndsAtMs(sentAtMs + codeLifeMs - 500, sentAtMs)).toBe(sentAtMs + codeLifeMs - 500);
    expect(clockOffMs(sentAtMs + codeLifeMs - 500, sentAtMs)).toBe(0);
    expect(clockOffMs(sentAtMs + 60_000, sentAtMs)).toBe(0);
    for (const wrong of [hourMs, -hourMs]) {
      const byMember = sentAtMs + codeLifeMs + wrong;
      expect(codeEndsAtMs(byMember, sentAtMs)).toBe(sentAtMs + codeLifeMs);
      expect(clockOffMs(byMember, sentAtMs)).toBe(hourMs);
    }
  });
});

describe('a run', () => {
  const request = {
    member: 'alpha',
    domain: 'alpha.test',
    to: 'tel:+34912345678',
    channel: 'sms',
    form: 'digits',
    expiresAtMs: 0,
    attempt: 1,
  } as const;

  it('shows each code with its place, and what follows', async () => {
    const shown: RunState[] = [];
    const given: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    startRun(
      async ({ code, onProgress }) => {
        onProgress({ step: 'codes_sent', members: ['alpha', 'beta'] });
        given.push(await code(request), await code({ ...request, attempt: 2 }));
        given.push(await code({ ...request, member: 'beta' }));
        onProgress({ step: 'receipts', count: 1, needed: 2 });
      },
      (state) => {
        shown.push(state);
        if (state.step === 'code') state.ask.give(String(state.ask.place));
        if (state.step === 'done') resolve();
      },
    );
    await promise;
    // A code that was wrong is asked for again in its own place.
    expect(given).toEqual(['1', '1', '2']);
    expect(shown.map(({ step }) => step)).toEqual([
      'sending',
      'code',
      'checking',
      'code',
      'checking',
      'code',
      'checking',
      'confirming',
      'done',
    ]);
    expect(shown.flatMap((s) => (s.step === 'code' ? [s.ask.count] : []))).toEqual([2, 2, 2]);
  });

  it('shows nothing more once it is stopped, and ends the task', async () => {
    const shown: string[] = [];
    const ended = Promise.withResolvers<unknown>();
    const stop = startRun(
      async ({ code }) => {
        await code(request).catch((error: unknown) => {
          ended.resolve(error);
          throw error;
        });
      },
      ({ step }) => shown.push(step),
    );
    stop();
    expect(await ended.promise).toMatchObject({ code: 'code_abandoned' });
    await Promise.resolve();
    expect(shown).toEqual(['sending', 'code']);
  });
});

describe('what members say', () => {
  const id = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
  const known = { entryId: id(1), ownershipId: id(9), epoch: 1, seq: 4 };
  const published = (of: Partial<typeof known>): MemberLookup =>
    ({ member: 'alpha', state: 'published', binding: { ...known, ...of } }) as MemberLookup;

  it.each([
    ['same', published({})],
    ['behind', published({ entryId: id(2), seq: 3 })],
    ['behind', published({ entryId: id(2), epoch: 0, ownershipId: id(8) })],
    ['other', published({ entryId: id(2), seq: 5 })],
    ['other', published({ entryId: id(2), ownershipId: id(8) })],
    ['other', published({ entryId: id(2), epoch: 2 })],
    ['absent', { member: 'alpha', state: 'absent' }],
    ['failed', { member: 'alpha', state: 'failed', code: 'member_timeout' }],
  ] as const)('is %s', (saying, answer) => {
    expect(apiSaying(answer, known)).toBe(saying);
  });

  it.each([
    ['api', true, 'same'],
    ['api', false, 'absent'],
    ['dns', true, 'absent'],
  ] as const)('for %s, with the entry in force %s, is %s', (visibility, inForce, saying) => {
    const vrfProof = new Uint8Array(80);
    const identifier = 'tel:+34912345678';
    const payload = encodePayload({ identifier, visibility, routes: [], keys: [], vrfProof });
    const holding = { ...known, payload } as Holding;
    const entries = [{ member: 'alpha', state: 'complete', inForce } as MemberEntryState];
    const answer = { member: 'alpha', state: 'absent' } as const;
    expect(apiSayingOf(holding, answer, entries)).toBe(saying);
  });

  const zone = (of: Partial<ZoneAnswer>): ZoneAnswer =>
    ({
      verdict: 'secure',
      code: 'valid',
      state: 'published',
      binding: { routes: [], keys: [], logged: { origin: 'o', entryId: id(1) } },
      ...of,
    }) as ZoneAnswer;

  it.each([
    ['asking', undefined, 'dns'],
    ['same', zone({}), 'dns'],
    ['other', zone({ binding: { routes: [], keys: [], logged: null } }), 'dns'],
    ['absent', zone({ state: 'absent' }), 'dns'],
    ['hidden', zone({ state: 'absent' }), 'api'],
    ['clock', zone({ verdict: 'bogus', code: 'signature_expired' }), 'dns'],
    ['bogus', zone({ verdict: 'bogus', code: 'signature_invalid' }), 'dns'],
    ['bogus', zone({ verdict: 'insecure' }), 'dns'],
    ['failed', zone({ verdict: 'indeterminate' }), 'dns'],
  ] as const)('is %s in DNS', (saying, answer, visibility) => {
    expect(dnsSaying(answer, known, visibility)).toBe(saying);
  });

  it('comes to one word, which a single liar does not decide', () => {
    expect(recordStateOf(['same', 'same', 'same'], 2)).toBe('good');
    expect(recordStateOf(['same', 'same', 'other'], 2)).toBe('partly');
    expect(recordStateOf(['same', 'other', 'other'], 2)).toBe('changed');
    expect(recordStateOf(['failed', 'failed', 'failed'], 2)).toBe('unknown');
  });
});

it('watches at least four times in the shortest hold, and not without end', () => {
  expect(watchPeriodMs(holds)).toBe(60_000);
  expect(watchPeriodMs({ ...holds, recoveryMs: 30_000 })).toBe(7500);
  expect(watchPeriodMs({ ...holds, recoveryMs: 1 })).toBe(4000);
});
