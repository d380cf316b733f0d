/**
 * The attacks of people, on five real members of which one may be dishonest (two must challenge, four
 * must log). Only the charter's times are shorter than in earnest. What each attack meets is told in
 * docs/threats.md, which names these tests.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recoveryCommitment } from '@callbook/client';
import type { Holding, Replacement } from '@callbook/client';
import { encodeBase64Url, encodeRecoveryCode, entryId, signEntry } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { Person, refusal, Town } from './people.ts';
import type { Answer } from './people.ts';

/** What is tried before the end of one of the longer ones is tried before it on a busy machine too. */
const holds = {
  recoveryMs: 2500,
  emailMs: 3000,
  possessionMs: 8000,
  lockedMs: 16_000,
  unlockMs: 16_000,
  releaseMs: 1000,
  theftMs: 14_000,
};

let lab: Lab;
let town: Town;

beforeAll(async () => {
  lab = await openLab(5, 0, holds);
  town = await Town.open(lab);
}, 120_000);

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

/** Two people about one number. */
function two(digits: string): { number: Identifier; holder: Person; thief: Person } {
  const number: Identifier = `tel:+49151234568${digits}`;
  return {
    number,
    holder: new Person(town, number, 'holder'),
    thief: new Person(town, number, 'thief'),
  };
}

async function untilOver(replacement: Replacement): Promise<void> {
  await sleep(Math.max(0, replacement.commitFromMs! - Date.now()) + 100);
}

/** A holding with a recovery key in force for so long that a later rotate is a change of its own. */
async function withRecovery(holder: Person): Promise<{ holding: Holding; recoveryCode: string }> {
  const recoveryCode = encodeRecoveryCode(crypto.sha256(holder.seed).slice(0, 16));
  const recovery = recoveryCommitment(recoveryCode, holder.identifier);
  const holding = await town.directory.changeTerms(await holder.register(), { recovery });
  await sleep(holds.theftMs + 100);
  return { holding, recoveryCode };
}

describe.concurrent('a SIM swap', () => {
  it('takes nothing from a holder whose client watches', async () => {
    const { number, holder, thief } = two('01');
    const holding = await holder.register();
    const replacement = await thief.request();
    expect(await refusal(thief.commitRecklessly(replacement))).toBe('hold_pending');
    const [pending] = await town.untilPending(number, 1);
    await town.directory.veto(holding, pending!.requestId);
    await town.untilPending(number, 0);
    await untilOver(replacement);
    expect(await refusal(thief.commit(replacement))).toBe('replacement_vetoed');
    expect(await refusal(thief.commitRecklessly(replacement))).toBe('request_vetoed');
    expect(await town.routeOf(number)).toBe(holder.sip);
  }, 120_000);

  it('waits for the longer hold of a locked number, and is vetoed at its end', async () => {
    const { number, holder, thief } = two('02');
    const holding = await town.directory.changeTerms(await holder.register(), { lock: true });
    const replacement = await thief.request();
    const [pending] = await town.untilPending(number, 1);
    expect(pending!.commitFromMs - pending!.timeMs).toBe(holds.lockedMs);
    await sleep(Math.max(0, pending!.timeMs + holds.possessionMs + 200 - Date.now()));
    expect(await refusal(thief.commitRecklessly(replacement))).toBe('hold_pending');
    await town.directory.veto(holding, pending!.requestId);
    await untilOver({ ...replacement, commitFromMs: pending!.commitFromMs });
    expect(await refusal(thief.commitRecklessly(replacement))).toBe('request_vetoed');
    expect(await town.routeOf(number)).toBe(holder.sip);
  }, 120_000);

  it('wins when nobody notices for the whole hold: the residue, and the old key is worth nothing then', async () => {
    const { number, holder, thief } = two('03');
    const holding = await holder.register();
    const replacement = await thief.request();
    await untilOver(replacement);
    await thief.commit(replacement);
    await town.untilRoute(number, thief.sip);
    const routes = holder.publication.routes;
    expect(await refusal(town.directory.publish(holding, { routes }))).toBe('ownership_moved');
    expect(await town.routeOf(number)).toBe(thief.sip);
  }, 120_000);
});

describe.concurrent('a holder who publishes nothing', () => {
  it('is told of a request, sees it and vetoes it like any other', async () => {
    const { number, holder, thief } = two('15');
    const held = await holder.registerBare();
    const told = (await town.noticesTo(number)).length;
    const replacement = await thief.request();
    const [pending] = await eventually(
      async () => await town.directory.pendingAgainst(held),
      (found) => found.length === 1,
    );
    expect(pending!.requestId).toEqual(replacement.requestId);
    // Each of the two that challenged the thief.
    const notices = async (): Promise<string[]> => await town.noticesTo(number);
    await eventually(notices, ({ length }) => length === told + 2);
    const standing = await town.directory.replacementStanding(replacement);
    expect(standing.state).toBe('holding');
    await town.directory.veto(held, pending!.requestId);
    await untilOver(replacement);
    expect(await refusal(thief.commit(replacement))).toBe('replacement_vetoed');
    expect(await refusal(thief.commitRecklessly(replacement))).toBe('request_vetoed');
    expect(await town.directory.pendingAgainst(held)).toEqual([]);
  }, 120_000);
});

describe.concurrent('a thief of keys', () => {
  it('with the authority key loses to the recovery key inside the window', async () => {
    const { number, holder, thief } = two('04');
    const { holding, recoveryCode } = await withRecovery(holder);
    const stolen = await town.directory.rotate(holding, thief.seed, {});
    const again = new Person(town, number, 'again');
    const replacement = await again.request({ recoveryCode });
    const byKey = town.directory.veto(stolen, replacement.requestId);
    expect(await refusal(byKey)).toBe('challenged_leaves_missing');
    const [pending] = await town.untilPending(number, 1);
    expect(pending!.requestId).toEqual(replacement.requestId);
    await untilOver(replacement);
    expect(await again.commit(replacement)).toMatchObject({ epoch: 1 });
    await town.untilRoute(number, again.sip);
    const routes = thief.publication.routes;
    expect(await refusal(town.directory.publish(stolen, { routes }))).toBe('ownership_moved');
    expect(await town.routeOf(number)).toBe(again.sip);
  }, 120_000);

  it('with the recovery code and the number for an hour loses to a holder who vetoes', async () => {
    const { number, holder, thief } = two('05');
    const { holding, recoveryCode } = await withRecovery(holder);
    const replacement = await thief.request({ recoveryCode });
    const [pending] = await town.untilPending(number, 1);
    expect(pending!.commitFromMs - pending!.timeMs).toBe(holds.recoveryMs);
    await town.directory.veto(holding, pending!.requestId);
    await untilOver(replacement);
    expect(await refusal(thief.commitRecklessly(replacement))).toBe('request_vetoed');
    expect(await town.routeOf(number)).toBe(holder.sip);
  }, 120_000);

  it('with both, but without the number, loses to the holder who has it', async () => {
    const { number, holder, thief } = two('06');
    const { holding, recoveryCode } = await withRecovery(holder);
    const own = recoveryCommitment(
      encodeRecoveryCode(crypto.sha256(thief.seed).slice(0, 16)),
      number,
    );
    const rotated = await town.directory.rotate(holding, thief.seed);
    const stolen = await town.directory.changeTerms(rotated, { recovery: own });
    // Somebody without the number can only guess.
    const blind = { form: 'digits', code: () => Promise.resolve('00000000') } as const;
    const request = { identifier: number, seed: thief.seed, requestClass: 'recovery' } as const;
    const blindly = town.directory.replace({ ...request, recoveryCode, ...blind });
    expect(await refusal(blindly)).toBe('challenge_answer_wrong');
    const again = new Person(town, number, 'again');
    const replacement = await again.request({ recoveryCode });
    const byKey = town.directory.veto(stolen, replacement.requestId);
    expect(await refusal(byKey)).toBe('challenged_leaves_missing');
    const withCodes = town.directory.veto(stolen, replacement.requestId, {
      attempt: 1,
      challenge: blind,
    });
    expect(await refusal(withCodes)).toBe('challenge_answer_wrong');
    await untilOver(replacement);
    await again.commit(replacement);
    await town.untilRoute(number, again.sip);
  }, 120_000);
});

describe.concurrent('a former holder with the old keys', () => {
  it('changes nothing, and vetoes nothing', async () => {
    const { number, holder, thief } = two('07');
    const old = await holder.register();
    const routes = [{ service: 'sip', uri: 'sip:old@sip.example', preference: 1 }] as const;
    const now = await town.directory.rotate(old, crypto.sha256(holder.seed));
    await town.untilComplete(now.ownershipId);
    for (const attempt of [
      async () => await town.directory.publish(old, { routes }),
      async () => await town.directory.rotate(old, thief.seed),
      async () => await town.directory.release(old),
    ]) {
      expect(await refusal(attempt())).toBe('ownership_moved');
    }
    const replacement = await thief.request();
    await town.untilPending(number, 1);
    expect(await refusal(town.directory.veto(old, replacement.requestId))).toBe(
      'authority_mismatch',
    );
    await town.untilPending(number, 1);
    await town.directory.veto(now, replacement.requestId);
    await town.untilPending(number, 0);
    expect(await town.routeOf(number)).toBe(holder.sip);
  }, 120_000);
});

describe.concurrent('an SMS that is read on its way', () => {
  it('is worth nothing with another key', async () => {
    const { number, holder, thief } = two('08');
    let stolen = '';
    const { identifier, seed, publication } = thief;
    await town.directory.claim({
      identifier: holder.identifier,
      seed: holder.seed,
      ...holder.publication,
      form: 'digits',
      code: async (asked) => {
        const code = await town.newestCode(asked);
        if (stolen === '') {
          stolen = code;
          // The thief asks for a session of its own and gives the code that it has read.
          const theirs = {
            ...publication,
            form: 'digits',
            code: () => Promise.resolve(stolen),
          } as const;
          const claimed = town.directory.claim({ identifier, seed, ...theirs });
          expect(await refusal(claimed)).toBe('challenge_answer_wrong');
        }
        return asked.attempt > 4 ? '' : (await town.codesTo(number)).at(asked.attempt - 1)!.code;
      },
    });
    expect(stolen).not.toBe('');
    await town.untilRoute(number, holder.sip);
  }, 120_000);
});

describe.concurrent('a replay', () => {
  it('of an old update, request or register moves nothing', async () => {
    const { number, holder, thief } = two('09');
    const register = await holder.signRegister();
    const held = await town.directory.resume(register);
    const routes = [{ service: 'sip', uri: 'sip:new@sip.example', preference: 1 }] as const;
    const published = await town.directory.publish(held, { routes });
    await town.untilRoute(number, 'sip:new@sip.example');
    expect((await town.postEntry(0, register)).status).toBe(200);
    expect(await town.routeOf(number)).toBe('sip:new@sip.example');

    const { request, requestId } = await thief.request();
    await town.untilPending(number, 1);
    await town.directory.veto(published, requestId);
    await town.untilPending(number, 0);
    expect((await town.postEntry(1, request)).json).toMatchObject({ state: 'complete' });
    await town.untilPending(number, 0);

    await town.directory.release(published);
    await town.untilRoute(number, undefined);
    for (const position of [0, 4]) await town.postEntry(position, register);
    expect(await town.routeOf(number)).toBe(undefined);
  }, 120_000);

  it('of a challenge or a receipt opens nothing', async () => {
    const { number, holder, thief } = two('10');
    const theirs = await thief.signRegister();
    const first = await holder.signRegister();
    const [own] = first.challenges;
    const position = lab.description.members.findIndex(({ name }) => name === own!.member);
    const challenge = own!.challengeId;
    expect((await town.postEntry(position, theirs, { challenge })).json).toMatchObject({
      code: 'challenge_mismatch',
    });
    const second = await holder.signRegister();
    const { receipts } = await town.directory.resume(first);
    expect(receipts.length).toBeGreaterThanOrEqual(4);
    expect((await town.postEntry(position, second, { challenge })).json).toMatchObject({
      code: 'challenge_used',
    });
    for (const replayed of [second, theirs]) {
      const answer = await town.postEntry(position, replayed, { receipts });
      expect(answer.json['code']).toMatch(/^(ownership_held|challenged_leaves_missing)$/);
      expect(answer.status).toBe(409);
    }
    await town.untilRoute(number, holder.sip);
  }, 120_000);
});

describe.concurrent('squatting', () => {
  it('on numbers that nobody has registered needs a code for each', async () => {
    const numbers = Array.from({ length: 20 }, (_, n): Identifier => `tel:+3491234${5600 + n}`);
    const squatter = crypto.ed25519Signer(new Uint8Array(32).fill(66));
    const codes = await Promise.all(
      numbers.map(async (number, n) => {
        const entry = await signEntry(
          {
            v: 1,
            kind: 'register',
            labelEpoch: 1,
            label: crypto.sha256(new TextEncoder().encode(number)),
            epoch: 0,
            seq: 0,
            prev: null,
            authority: squatter.publicKey,
            commitment: null,
            recovery: null,
            lock: false,
            email: null,
          },
          { authority: squatter },
        );
        const signed = { entry, payload: null, opening: null };
        const invented = encodeBase64Url(entryId(entry, crypto).slice(0, 16));
        const answers = [
          await town.postEntry(n % 5, signed),
          await town.postEntry(n % 5, signed, { challenge: invented }),
        ];
        return answers.map(({ json }) => json['code']);
      }),
    );
    expect(codes).toEqual(numbers.map(() => ['challenge_required', 'challenge_unknown']));
    for (const number of numbers) {
      const { members } = await town.directory.survey(number);
      expect(members.map(({ state }) => state)).toEqual(members.map(() => 'absent'));
    }
  }, 120_000);
});

describe.concurrent('enumeration', () => {
  it('sees the same answers for a held number and a free one', async () => {
    const { number: held, holder } = two('11');
    const free: Identifier = 'tel:+4915123456812';
    await holder.register();
    const known = (await town.codesTo(held)).length;
    const key = (fill: number) => encodeBase64Url(new Uint8Array(32).fill(fill));
    const seen = await Promise.all(
      [held, free].map(async (identifier) => {
        const asked = { identifier, authority: key(7), session: key(9), form: 'digits' };
        const opened = await town.post(2, '/v1/challenges', asked);
        const { id } = opened.json as { id: string };
        const answer = await town.post(2, `/v1/challenges/${id}/answer`, { proof: key(1) });
        const unasked = await town.post(2, '/v1/challenges', { ...asked, session: key(0) });
        return [opened, answer, unasked].map(withoutChance);
      }),
    );
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]!.map(({ status }) => status)).toEqual([201, 403, 400]);
    const texts = await Promise.all([held, free].map(async (to) => await town.codesTo(to)));
    expect(texts.map((sent) => sent.length)).toEqual([known + 1, 1]);
    const [toHeld, toFree] = texts.map((sent) => sent.at(-1)!);
    expect(toHeld!.text.replaceAll(toHeld!.code, '')).toBe(
      toFree!.text.replaceAll(toFree!.code, ''),
    );
  }, 120_000);
});

/** What an answer shows, byte by byte, but for what is drawn anew for each: its length stays. */
function withoutChance({ status, headers, json }: Answer) {
  const shown = Object.entries(json).map(([name, value]) =>
    name === 'id' || name === 'enc' || name === 'expiresAtMs'
      ? [name, String(value).length]
      : [name, value],
  );
  return { status, headers: [...headers].filter(([name]) => name !== 'date'), shown };
}

describe.concurrent('guessing codes', () => {
  it('ends after five attempts, for whoever has the right code as well', async () => {
    const { number, holder } = two('13');
    const opened = new Set<string>();
    const guessed: string[] = [];
    const directory = town.directoryWith(async (path, pass) => {
      const answer = await pass();
      if (path !== '/v1/challenges' || !answer.ok) return answer;
      const { port } = new URL(answer.url);
      const position = lab.testnet.layout.members.findIndex(
        ({ webPort }) => String(webPort) === port,
      );
      const { id } = (await answer.clone().json()) as { id: string };
      opened.add(id);
      for (let guess = 0; guess < 5; guess++) {
        const proof = encodeBase64Url(new Uint8Array(32).fill(guess));
        const { json } = await town.post(position, `/v1/challenges/${id}/answer`, { proof });
        guessed.push(`${String(json['code'])} ${String(json['attemptsLeft'])}`);
      }
      return answer;
    });
    expect(await refusal(holder.register(directory))).toBe('challenge_exhausted');
    expect(opened.size).toBe(2);
    expect(guessed.filter((said) => said.startsWith('challenge_answer_wrong'))).toHaveLength(10);
    expect(await town.routeOf(number)).toBe(undefined);
  }, 120_000);
});
