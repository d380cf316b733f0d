/**
 * Our validator beside unbound and BIND's delv on a corpus of good and broken chains: three hundred
 * cases here, some 2 500 of them with CALLBOOK_FULL=1. All three get the same octets from one resolver. Where
 * the two agree, ours must; where they do not, known-splits.ts says which of them it follows and why.
 */
import { createValidator, parseTrustAnchor } from '@callbook/client';
import type { Validation, ValidationVerdict } from '@callbook/client';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planCorpus } from './corpus-plan.ts';
import { makeCorpus, type Corpus, type CorpusCase } from './corpus.ts';
import { openDelv, startUnbound, type Judge } from './judges.ts';
import { splitOf } from './known-splits.ts';

const isFull = process.env['CALLBOOK_FULL'] === '1';
/** Every so many of the plan are made; no common factor with the number of profiles. */
const stride = isFull ? 5 : 41;
const caseCountMin = isFull ? 2000 : 300;
const faultCountMin = isFull ? 500 : 200;
const minutes = 60_000;
/** Processes of delv that run at a time; they mostly wait. */
const delvAtOnce = 4;

interface Judged {
  readonly found: CorpusCase;
  readonly ours: Validation;
  readonly unbound: ValidationVerdict;
  readonly delv: ValidationVerdict;
}

const stack = new AsyncDisposableStack();
let corpus: Corpus;
let judged: Judged[];

beforeAll(
  async () => {
    corpus = stack.use(await makeCorpus(planCorpus().filter((_, index) => index % stride === 0)));
    const unbound = stack.use(await startUnbound(corpus));
    const delv = stack.use(await openDelv(corpus));
    judged = await judgeAll(unbound, delv);
  },
  (isFull ? 25 : 3) * minutes,
);

afterAll(async () => await stack.disposeAsync());

async function judgeAll(unbound: Judge, delv: Judge): Promise<Judged[]> {
  const queue = [...corpus.cases];
  const done: Judged[] = [];
  const lane = async (): Promise<void> => {
    for (let found = queue.pop(); found !== undefined; found = queue.pop()) {
      const { question } = found;
      done.push({
        found,
        ours: await validateAlone(found),
        unbound: await unbound.judge(question),
        delv: await delv.judge(question),
      });
    }
  };
  await Promise.all(Array.from({ length: delvAtOnce }, lane));
  return done;
}

function openValidator(): ReturnType<typeof createValidator> {
  return createValidator({
    transport: corpus.resolver.transport,
    clock: { nowMs: () => Date.now() },
    anchor: parseTrustAnchor('.', [corpus.anchor])!,
    crypto: nodeCryptography,
  });
}

/** From the root each time: what one case leaves behind cannot help another. */
async function validateAlone({ question }: CorpusCase): Promise<Validation> {
  return await openValidator().validate(question.name, question.type);
}

function describe({ found, ours, unbound, delv }: Judged): string {
  return `${found.name}: ours ${ours.verdict} (${ours.code}), unbound ${unbound}, delv ${delv}`;
}

it('has enough cases, and enough of them with a fault', () => {
  expect(judged.length).toBeGreaterThanOrEqual(caseCountMin);
  const faulty = judged.filter(({ found }) => found.hasFault);
  expect(faulty.length).toBeGreaterThanOrEqual(faultCountMin);
  expect(new Set(judged.map(({ found }) => found.name)).size).toBe(judged.length);
  const verdicts = new Set(judged.map(({ ours }) => ours.verdict));
  expect([...verdicts].sort()).toEqual(['bogus', 'insecure', 'secure']);
});

it('agrees with unbound and delv wherever they agree', () => {
  const agreed = judged.filter(({ unbound, delv }) => unbound === delv);
  expect(agreed.length).toBeGreaterThan(judged.length * 0.85);
  const wrong = agreed.filter(({ ours, unbound }) => ours.verdict !== unbound);
  expect(wrong.map(describe)).toEqual([]);
});

it('agrees with unbound where delv gives no verdict', () => {
  const silent = judged.filter(({ unbound, delv }) => unbound !== delv && delv === 'indeterminate');
  expect(silent.length).toBeLessThan(judged.length * 0.1);
  const wrong = silent.filter(({ ours, unbound }) => ours.verdict !== unbound);
  expect(wrong.map(describe)).toEqual([]);
});

it('follows the one that it is known to follow where they differ', () => {
  const split = judged.filter(({ unbound, delv }) => unbound !== delv && delv !== 'indeterminate');
  const wrong = split.filter((one) => {
    const follows = splitOf(one.found.name, one)?.follows;
    return follows === undefined || one.ours.verdict !== one[follows];
  });
  expect(wrong.map(describe)).toEqual([]);
});

it('calls nothing bogus that has no fault, or only a harmless difference', () => {
  const harmless = judged.filter(
    ({ found }) => !found.hasFault || found.name.endsWith('(harmless)'),
  );
  expect(harmless.length).toBeGreaterThan(10);
  // Where all three do, it is the signer or the server: ldns and Knot differ over an empty asterisk.
  const wrong = harmless.filter(
    ({ ours, unbound, delv }) =>
      ours.verdict === 'bogus' && !(unbound === 'bogus' && delv === 'bogus'),
  );
  expect(wrong.map(describe)).toEqual([]);
});

it('comes to the same verdicts when it remembers zones, and with WebCrypto', async () => {
  const validator = createValidator({
    transport: corpus.resolver.transport,
    clock: { nowMs: () => Date.now() },
    anchor: parseTrustAnchor('.', [corpus.anchor])!,
  });
  const changed: string[] = [];
  for (const one of judged) {
    const { question, name } = one.found;
    const again = await validator.validate(question.name, question.type);
    if (again.verdict !== one.ours.verdict || again.code !== one.ours.code)
      changed.push(`${name}: ${one.ours.code}, then ${again.code}`);
  }
  expect(changed).toEqual([]);
}, 120_000);

it('hands out records only with a verdict that they may be used by', () => {
  for (const { ours } of judged) {
    const usable = ours.verdict === 'secure' || ours.verdict === 'insecure';
    expect(ours.rdatas.length > 0).toBe(usable && ours.state === 'records');
    expect(ours.chain.length).toBeGreaterThan(0);
    expect(ours.chain[0]).toMatchObject({ kind: 'keys', name: '.' });
  }
});
