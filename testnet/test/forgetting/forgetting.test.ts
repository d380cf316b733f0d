/**
 * What is left of a look-up: nothing that anybody could find. A real member is asked for a number through
 * all its interfaces, and then the number is looked for wherever it could be. Each search shows first
 * that it would find it: in a member one of whose safeguards has been taken out.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab.ts';
import { askForNonsense, interfaces, post } from './asking.ts';
import type { Traces } from './asking.ts';
import { filesWith } from './files-with.ts';
import { searchMemory, summary } from './process-memory.ts';
import {
  defaultCrash,
  defaultLogger,
  defaultNotFound,
  keptDenials,
  noWash,
  plantedDefect,
  tabledDenials,
} from './safeguards.ts';
import { foundIn, freshNumber, spellingsOf } from './spellings.ts';
import type { Spellings } from './spellings.ts';
import { writtenBy } from './trace.ts';
import { startWatchedMember } from './watched-member.ts';
import type { WatchedMember } from './watched-member.ts';

/** Asks through every interface; returns what to look for. */
async function askEverywhere(member: WatchedMember, number: string): Promise<Spellings> {
  let traces: Traces = {};
  for (const { ask } of interfaces) traces = { ...traces, ...(await ask(member, number)) };
  return spellingsOf(number, traces);
}

describe('what a member writes', () => {
  let honest: WatchedMember;
  let careless: WatchedMember;
  const number = freshNumber();
  let spellings: Spellings;
  let carelessSpellings: Spellings;
  let refusals: readonly Buffer[];
  let carelessRefusals: readonly Buffer[];

  beforeAll(async () => {
    honest = await startWatchedMember({ traced: true, edits: [plantedDefect] });
    const edits = [plantedDefect, defaultLogger, defaultCrash, defaultNotFound];
    careless = await startWatchedMember({ traced: true, edits });
    spellings = await askEverywhere(honest, number);
    refusals = await askForNonsense(honest, number);
    carelessSpellings = await askEverywhere(careless, number);
    carelessRefusals = await askForNonsense(careless, number);
    await Promise.all([crash(honest, number), crash(careless, number)]);
  }, 180_000);
  afterAll(async () => {
    await honest[Symbol.asyncDispose]();
    await careless[Symbol.asyncDispose]();
  });

  it('holds no number in its output, also when it ends by a defect', () => {
    const carelessOutput = readFileSync(careless.logFile, 'utf8');
    expect(carelessOutput).toContain(`"url":"/v1/lookups/${number}"`);
    expect(carelessOutput).toContain(`cannot look up tel:${number}?`);
    const output = readFileSync(honest.logFile);
    expect(output.toString()).toContain('"defect"');
    expect(foundIn(output, spellings)).toEqual([]);
  });

  it('holds no number in any file', () => {
    expect(filesWith(careless.testnet.folder, carelessSpellings).join()).toContain('output.log');
    const { traceFile, testnet } = honest;
    const files = filesWith(testnet.folder, spellings).filter(
      (file) => !file.startsWith(traceFile),
    );
    expect(files).toEqual([]);
  });

  it('holds no number in anything that any system call writes, but answers', () => {
    const found = (member: WatchedMember, wanted: Spellings): readonly string[] =>
      writtenBy(member).flatMap(({ where, octets }) =>
        foundIn(octets, wanted).map((spelling) => `${where}: ${spelling}`),
      );
    expect(found(careless, carelessSpellings).join()).toContain('output.log: digits');
    expect(writtenBy(honest).length).toBeGreaterThan(50);
    expect(found(honest, spellings)).toEqual([]);
  });

  it('holds no number in a refusal', () => {
    expect(carelessRefusals.map(String).join()).toContain(number);
    expect(refusals.length).toBeGreaterThan(10);
    expect(refusals.flatMap((refusal) => foundIn(refusal, spellings))).toEqual([]);
  });
});

/** Has the planted defect met, and waits for the end. */
async function crash(member: WatchedMember, number: string): Promise<void> {
  const body = Buffer.from(JSON.stringify({ identifiers: [`tel:${number}?`] }));
  await post(member, '/v1/lookups', { type: 'application/json', body }).catch(() => undefined);
  await member.ended;
}

describe('what a member remembers', () => {
  /** The wash comes after two to four seconds of silence; a busy machine takes longer for all. */
  const forgottenMsMax = 60_000;
  const remembered = (member: WatchedMember, spellings: Spellings): readonly string[] =>
    summary(searchMemory(member.pid, spellings));

  it('is no number that nobody has, a few seconds after the last look-up', async () => {
    await using honest = await startWatchedMember();
    await using careless = await startWatchedMember({ edits: [noWash] });
    const number = freshNumber();
    const spellings = await askEverywhere(honest, number);
    // It stands still while it is looked into, so that no wash comes first.
    process.kill(honest.pid, 'SIGSTOP');
    const atFirst = remembered(honest, spellings).join();
    process.kill(honest.pid, 'SIGCONT');
    expect(atFirst).toContain('digits');
    const carelessSpellings = await askEverywhere(careless, number);
    await eventually(
      async () => remembered(honest, spellings),
      (found) => found.length === 0,
      forgottenMsMax,
    );
    const found = remembered(careless, carelessSpellings).join();
    expect(found).toContain('digits in anonymous memory');
    expect(found).toContain('digits reversed, as labels');

    // What ends it from outside leaves nothing either.
    await honest.stop('SIGABRT');
    expect(filesWith(honest.testnet.folder, spellings)).toEqual([]);
  }, 180_000);

  it('would be a number that nobody has, were denials kept', async () => {
    const edits = [keptDenials, tabledDenials];
    await using careless = await startWatchedMember({ edits });
    const number = freshNumber();
    const spellings = await askEverywhere(careless, number);
    await eventually(
      async () => remembered(careless, spellings),
      // The digits alone go with the strings, so the thread has been washed.
      (found) => !found.some((place) => place.startsWith('digits in')) && found.length > 0,
      forgottenMsMax,
    );
  }, 180_000);
});
