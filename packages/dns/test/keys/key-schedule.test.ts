/** The schedule as tables: at which time which key is in which phase (RFC 7583 §3.2.1, §3.3.1). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateZoneKeys } from '@callbook/dns';
import {
  confirmDs,
  initialKeyState,
  nextKeyId,
  requestRoll,
  withGeneratedKey,
  withoutKey,
} from '../../src/keys/key-changes.ts';
import { scheduleKeys } from '../../src/keys/key-schedule.ts';
import type { KeyEvidence } from '../../src/keys/key-schedule.ts';
import {
  delegatedKeys,
  encodeKeyState,
  keysIn,
  parseKeyState,
  servedPhases,
} from '../../src/keys/key-state.ts';
import type { KeyState } from '../../src/keys/key-state.ts';
import type { KeyTimings } from '../../src/keys/key-timings.ts';

/** Ipub = 10 + 50 = 60, lead = 70; Iret = 2 × 10 + 100 = 120; IretP = 10 + 200 = 210. */
const timings: KeyTimings = {
  dnskeyTtlMs: 50,
  zoneTtlMsMax: 100,
  parentDsTtlMs: 200,
  propagationMs: 10,
  zskLifetimeMs: 1000,
};
const keys = generateZoneKeys(15);
const initial = initialKeyState({ loadKey: (id) => keys[id as 'ksk' | 'zsk'] }, 0);

/** Does what is due at one time, making and destroying keys as the keeper does. */
function settle(state: KeyState, nowMs: number, evidence: KeyEvidence = {}): KeyState {
  for (let current = state; ;) {
    const { state: next, actions } = scheduleKeys(current, { nowMs, timings, evidence });
    const action = actions.find(({ kind }) => kind !== 'move');
    if (action === undefined || action.kind === 'move') return next;
    current =
      action.kind === 'forget'
        ? withoutKey(next, action.id)
        : withGeneratedKey(next, { plan: action, signer: keys[action.role], nowMs });
  }
}

/** `zsk active, zsk-2 published`, of one role. */
function phases(state: KeyState, role: 'ksk' | 'zsk'): string {
  return state.keys
    .filter((entry) => entry.role === role)
    .map(({ id, phase }) => `${id} ${phase}`)
    .join(', ');
}

describe('a ZSK', () => {
  it('rolls over by pre-publication, at the times of RFC 7583', () => {
    const table: [number, string][] = [
      [0, 'zsk active'],
      [929, 'zsk active'],
      [930, 'zsk active, zsk-2 published'],
      [989, 'zsk active, zsk-2 published'],
      [990, 'zsk active, zsk-2 ready'],
      [999, 'zsk active, zsk-2 ready'],
      [1000, 'zsk retired, zsk-2 active'],
      [1119, 'zsk retired, zsk-2 active'],
      [1120, 'zsk-2 active'],
      [1929, 'zsk-2 active'],
      [1930, 'zsk-2 active, zsk-3 published'],
      [2000, 'zsk-2 retired, zsk-3 active'],
    ];
    let state = initial;
    for (const [nowMs, expected] of table) {
      state = settle(state, nowMs);
      expect([nowMs, phases(state, 'zsk')]).toEqual([nowMs, expected]);
    }
  });

  it('shortens no wait when the member was stopped over the times of its plan', () => {
    const table: [number, string][] = [
      [0, 'zsk active'],
      // Stopped from here to 5000.
      [5000, 'zsk active, zsk-2 published'],
      [5059, 'zsk active, zsk-2 published'],
      [5060, 'zsk retired, zsk-2 active'],
      [5179, 'zsk retired, zsk-2 active'],
      [5180, 'zsk-2 active'],
      // Stopped again while the next is published.
      [5990, 'zsk-2 active, zsk-3 published'],
      [9000, 'zsk-2 retired, zsk-3 active'],
      [9119, 'zsk-2 retired, zsk-3 active'],
      [9120, 'zsk-3 active'],
    ];
    let state = initial;
    for (const [nowMs, expected] of table) {
      state = settle(state, nowMs);
      expect([nowMs, phases(state, 'zsk')]).toEqual([nowMs, expected]);
    }
  });

  it('rolls over when asked, no faster than caches allow', () => {
    let state = requestRoll(settle(initial, 0), 'zsk');
    expect(requestRoll(state, 'zsk')).toBe(state);
    state = settle(state, 100);
    expect(phases(state, 'zsk')).toBe('zsk active, zsk-2 published');
    expect(phases(settle(state, 159), 'zsk')).toBe('zsk active, zsk-2 published');
    state = settle(state, 160);
    expect(phases(state, 'zsk')).toBe('zsk retired, zsk-2 active');
    expect(phases(settle(state, 280), 'zsk')).toBe('zsk-2 active');
  });

  it('that is planned already is brought forward when asked', () => {
    let state = settle(initial, 995 - 60);
    expect(phases(state, 'zsk')).toBe('zsk active, zsk-2 published');
    state = settle(requestRoll(state, 'zsk'), 995);
    expect(phases(state, 'zsk')).toBe('zsk retired, zsk-2 active');
  });

  it('with pre-signed keys is published when DNSKEY has it, and none is made', () => {
    const plan = { role: 'zsk', algorithm: 15, publishAtMs: 100, activateAtMs: 300 } as const;
    let state = withGeneratedKey(initial, { plan, signer: keys.zsk, nowMs: 0 });
    const without = { presigned: new Set(['ksk', 'zsk']) };
    const having = { presigned: new Set(['ksk', 'zsk', 'zsk-2']) };
    state = settle(state, 290, without);
    expect(phases(state, 'zsk')).toBe('zsk active, zsk-2 generated');
    state = settle(state, 290, having);
    expect(phases(settle(state, 349, having), 'zsk')).toBe('zsk active, zsk-2 published');
    expect(phases(settle(state, 350, having), 'zsk')).toBe('zsk retired, zsk-2 active');
    expect(phases(settle(initial, 5000, without), 'zsk')).toBe('zsk active');
  });
});

describe('a KSK', () => {
  const atParent = (...ids: string[]): KeyEvidence => ({ atParent: new Set(ids) });
  const cds = (state: KeyState): string =>
    delegatedKeys(state)
      .map(({ id }) => id)
      .join();

  it('rolls over by Double-KSK, waiting for the parent as long as it takes', () => {
    const table: [number, KeyEvidence, string, string][] = [
      [10, {}, 'ksk active, ksk-2 published', 'ksk'],
      [69, {}, 'ksk active, ksk-2 published', 'ksk'],
      [70, {}, 'ksk active, ksk-2 ready', 'ksk-2'],
      [900, {}, 'ksk active, ksk-2 ready', 'ksk-2'],
      [900, atParent('ksk'), 'ksk active, ksk-2 ready', 'ksk-2'],
      [901, atParent('ksk', 'ksk-2'), 'ksk retired, ksk-2 active', 'ksk-2'],
      [1110, atParent('ksk-2'), 'ksk retired, ksk-2 active', 'ksk-2'],
      [1111, atParent('ksk'), 'ksk retired, ksk-2 active', 'ksk-2'],
      [1111, {}, 'ksk-2 active', 'ksk-2'],
    ];
    let state = requestRoll(settle(initial, 0), 'ksk');
    for (const [nowMs, evidence, expected, delegated] of table) {
      state = settle(state, nowMs, evidence);
      expect([nowMs, phases(state, 'ksk'), cds(state)]).toEqual([nowMs, expected, delegated]);
    }
  });

  it('takes the word of the operator for the parent, once caches have the key', () => {
    let state = settle(requestRoll(initial, 'ksk'), 10);
    expect(() => confirmDs(state, 'ksk-2')).toThrow(
      expect.objectContaining({ code: 'dns_key_phase_unfit' }),
    );
    expect(() => confirmDs(state, 'zsk')).toThrow(
      expect.objectContaining({ code: 'dns_key_unknown' }),
    );
    state = confirmDs(settle(state, 70), 'ksk-2');
    expect(confirmDs(state, 'ksk-2')).toBe(state);
    // Nobody's answer takes that word back.
    state = settle(state, 80, atParent('ksk'));
    expect(phases(state, 'ksk')).toBe('ksk retired, ksk-2 active');
    expect(phases(settle(state, 290, atParent('ksk')), 'ksk')).toBe('ksk-2 active');
  });

  it('is replaced by itself only where it has a lifetime', () => {
    const moment = { nowMs: 500, timings: { ...timings, kskLifetimeMs: 500 } };
    expect(scheduleKeys(initial, moment).actions).toMatchObject([
      { kind: 'generate', role: 'ksk' },
    ]);
    expect(scheduleKeys(initial, { nowMs: 500, timings }).actions).toEqual([]);
  });

  it('is asked to roll once, however often', () => {
    const state = settle(requestRoll(initial, 'ksk'), 10);
    expect(phases(settle(requestRoll(state, 'ksk'), 20), 'ksk')).toBe(
      'ksk active, ksk-2 published',
    );
  });
});

describe('the schedule', () => {
  it('says when it will have something to do', () => {
    expect(scheduleKeys(initial, { nowMs: 0, timings }).dueAtMs).toBe(930);
    expect(scheduleKeys(settle(initial, 930), { nowMs: 930, timings }).dueAtMs).toBe(990);
  });

  it('moves nothing twice at one time', () => {
    const state = settle(requestRoll(initial, 'ksk'), 930);
    expect(scheduleKeys(state, { nowMs: 930, timings }).state).toBe(state);
  });

  it('never serves fewer keys than caches may need, at whatever times it is asked', () => {
    const steps = fc.array(
      fc.record({
        waitMs: fc.integer({ min: 1, max: 400 }),
        roll: fc.constantFrom('ksk', 'zsk', undefined),
        parentFollows: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (moments) => {
        let nowMs = 0;
        let state = initial;
        let ds = 'ksk';
        /** When a key was last out of DNSKEY, signed, or was named by a DS. */
        const outUntil = new Map<string, number>();
        const signedUntil = new Map<string, number>();
        const delegatedUntil = new Map<string, number>();
        for (const { waitMs, roll, parentFollows } of moments) {
          for (const { id } of keysIn(state, 'zsk', ['active']))
            signedUntil.set(id, nowMs + waitMs);
          const served = [
            ...keysIn(state, 'zsk', servedPhases),
            ...keysIn(state, 'ksk', servedPhases),
          ];
          for (let number = 0; number < state.nextNumber + 1; number += 1)
            for (const id of [`zsk-${number}`, `ksk-${number}`])
              if (!served.some((entry) => entry.id === id)) outUntil.set(id, nowMs + waitMs);
          delegatedUntil.set(ds, nowMs + waitMs);
          nowMs += waitMs;
          if (parentFollows) ds = delegatedKeys(state)[0]!.id;
          if (roll !== undefined) state = requestRoll(state, roll);
          state = settle(state, nowMs, { atParent: new Set([ds]) });

          const [active] = keysIn(state, 'zsk', ['active']);
          const ids = [
            ...keysIn(state, 'zsk', servedPhases),
            ...keysIn(state, 'ksk', servedPhases),
          ].map(({ id }) => id);
          // Who signs has been in DNSKEY for longer than any cache keeps one without it.
          expect(nowMs - (outUntil.get(active!.id) ?? -Infinity)).toBeGreaterThanOrEqual(60);
          // What has signed is in DNSKEY while caches have signatures by it.
          for (const [id, untilMs] of signedUntil)
            if (nowMs - untilMs < 100) expect(ids).toContain(id);
          // What a DS in some cache names is in DNSKEY.
          for (const [id, untilMs] of delegatedUntil)
            if (nowMs - untilMs < 200) expect(ids).toContain(id);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the state', () => {
  it('is read as it was written', () => {
    const state = requestRoll(settle(initial, 930), 'ksk');
    expect(parseKeyState(encodeKeyState(state))).toEqual(state);
    expect(nextKeyId(state, 'ksk')).toBe('ksk-3');
  });

  it.each([
    ['no JSON', '{'],
    ['another format', '{"format":"callbook-zone-keys/2"}'],
    ['no keys', '{"format":"callbook-zone-keys/1","nextNumber":2}'],
    ['a file of another folder', encodeKeyState({ ...initial, presignedFile: '../x.json' })],
    ['a key twice', encodeKeyState({ ...initial, keys: [...initial.keys, ...initial.keys] })],
    ['an unknown phase', encodeKeyState(initial).replace('active', 'asleep')],
    ['an id that is a path', encodeKeyState(initial).replace('"zsk"', '"zsk/../x"')],
    ['a time that is none', encodeKeyState(initial).replace('"sinceMs": 0', '"sinceMs": -1')],
  ])('with %s is refused', (_what, text) => {
    expect(() => parseKeyState(text)).toThrow(
      expect.objectContaining({ code: 'dns_key_state_malformed' }),
    );
  });
});
