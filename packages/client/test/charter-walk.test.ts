/** A client that ships with version 1 meets a federation that has gone on. */
import { charterSet, encodeCanonicalJson, nextCharterText, parseNote } from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CharterWalk } from '../src/charter-walk.ts';
import type { Fetch } from '../src/member-call.ts';
import { signCharterText, startFederation } from './test-federation.ts';
import type { TestFederation } from './test-federation.ts';

let federation: TestFederation;
/** Version 1 first. */
let notes: string[];

beforeAll(async () => {
  federation = await startFederation();
  const second = next(federation.charterNote, { 'state/gamma': 'readonly' });
  notes = [federation.charterNote, second, next(second, { 'parameter/lockedMs': '900000000' })];
});
afterAll(async () => await federation[Symbol.asyncDispose]());

/** The charter after one, signed by alpha and beta. */
function next(previousNote: string, statements: Readonly<Record<string, string>>): string {
  const before = parseNote(previousNote);
  if (before.verdict !== 'accept') throw new Error(before.message);
  const { effectiveAtMs, expiresAtMs } = JSON.parse(before.value.text) as Record<string, number>;
  const text = nextCharterText(
    {
      statements: new Map(Object.entries(statements)),
      previousNote,
      logs: [],
      effectiveAtMs: effectiveAtMs! + 1,
      expiresAtMs: expiresAtMs!,
    },
    crypto,
  );
  if (text.verdict !== 'accept') throw new Error(text.message);
  return signCharterText(text.value, ['alpha', 'beta']);
}

/** Members that answer with what each has; a missing one cannot be reached. */
function walkAmong(having: Readonly<Record<string, readonly string[]>>): CharterWalk {
  const chain = charterSet([notes[0]!], crypto);
  if (chain.verdict !== 'accept') throw new Error(chain.message);
  const nameOf = new Map(federation.charter.members.map(({ api, name }) => [api, name]));
  const fetch: Fetch = async (url) => {
    const { origin, pathname } = new URL(url);
    const known = having[nameOf.get(origin)!];
    if (known === undefined) throw new Error('cannot be reached');
    const note = known[Number(/^\/v1\/charter\/(\d+)$/.exec(pathname)![1]) - 1];
    return await Promise.resolve(
      new Response(note ?? '{}', { status: note === undefined ? 404 : 200 }),
    );
  };
  return new CharterWalk({ charters: chain.value, first: [], crypto, fetch });
}

const versionOf = (walk: CharterWalk): number => walk.current.charter.version;

describe('walking forward', () => {
  test('goes as far as there are charters, and knows who the members are then', async () => {
    const walk = walkAmong({ alpha: notes, beta: notes, gamma: notes });
    expect(walk.members.map(({ name }) => name)).toContain('gamma');
    await walk.begin();
    expect(versionOf(walk)).toBe(3);
    expect(walk.members.map(({ name }) => name)).not.toContain('gamma');
  });

  test('stays with what is pinned when nobody has more, or can be reached', async () => {
    const walk = walkAmong({ alpha: notes.slice(0, 1) });
    await walk.begin();
    expect(versionOf(walk)).toBe(1);
    expect(await walk.again()).toBe(false);
    const alone = walkAmong({});
    await alone.begin();
    expect(versionOf(alone)).toBe(1);
  });

  test('goes on where one member hides that there is more', async () => {
    for (const liar of ['alpha', 'beta', 'gamma']) {
      const walk = walkAmong({ alpha: notes, beta: notes, gamma: notes, [liar]: [] });
      await walk.begin();
      expect(versionOf(walk)).toBe(3);
    }
  });

  test('walks anew when nobody could be asked, and not otherwise', async () => {
    const having: Record<string, readonly string[]> = {};
    const walk = walkAmong(having);
    await walk.begin();
    Object.assign(having, { alpha: notes.slice(0, 2), beta: notes.slice(0, 2) });
    await walk.begin();
    expect(versionOf(walk)).toBe(2);
    Object.assign(having, { alpha: notes, beta: notes });
    await walk.begin();
    expect(versionOf(walk)).toBe(2);
  });

  test('finds at any member what another does not have', async () => {
    const walk = walkAmong({ alpha: notes.slice(0, 1), beta: notes, gamma: notes.slice(0, 1) });
    expect(await walk.again()).toBe(true);
    expect(versionOf(walk)).toBe(3);
  });

  test('believes no charter that is not signed by a quorum', async () => {
    const [first, second] = notes as [string, string];
    const note = parseNote(second);
    if (note.verdict !== 'accept') throw new Error(note.message);
    const { text } = note.value;
    const lonely = signCharterText(text, ['alpha']);
    const charter = JSON.parse(text) as object;
    const forged = second.replace(text, `${encodeCanonicalJson({ ...charter, labelEpoch: 7 })}\n`);
    const walk = walkAmong({ alpha: [first, lonely], beta: [first, forged], gamma: [first] });
    await walk.begin();
    expect(await walk.again()).toBe(false);
    expect(versionOf(walk)).toBe(1);
  });
});
