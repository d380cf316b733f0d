/** Replays of a small federation: what honest members log, and what each kind of cheating comes to. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replay, verifyEvidenceFile } from '../src/index.ts';
import type { Finding, ReplayOptions, ReplayResult } from '../src/index.ts';
import { changed, crypto, Federation, nowMs } from './support/federation.ts';
import {
  charterText,
  foundingCharter,
  originOf,
  signedBy,
} from '../../protocol/test/make-vectors/charter-base.ts';
import { fixed32 } from '../../protocol/test/make-vectors/vector-case.ts';

let path: string;
let members: Federation;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'callbook-audit-'));
  members = new Federation();
  await members.addHolder(40);
  await members.addHolder(3);
});

afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

async function replayed(more: Partial<ReplayOptions> = {}): Promise<ReplayResult> {
  return await replay({
    path,
    foundingNote: members.charterNote,
    fetch: members.fetch,
    answerMsMax: 2000,
    crypto,
    nowMs: () => nowMs,
    random: { bytes: (size) => new Uint8Array(size) },
    threads: 1,
    ...more,
  });
}

/** What the command of a third party says of a finding's evidence: it has the charters, and asks nobody. */
async function judged({ evidence }: Finding): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-judge-'));
  try {
    await cp(join(path, 'charters'), join(folder, 'charters'), { recursive: true });
    const command = ['audit', 'evidence', 'verify', join(path, evidence!), '--cache', folder];
    const flags = ['--conditions=@callbook/source', callbook, ...command, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const callbook = join(import.meta.dirname, '../../cli/src/main.ts');

describe('honest members', () => {
  it('agree, with the root of a replay in memory', async () => {
    const result = await replayed();
    expect(result).toMatchObject({ verdict: 'agree', bindings: 2, violations: [], findings: [] });
    expect(members.rootOf('alpha')).toContain(Buffer.from(result.root, 'hex').toString('base64'));
  });

  it('agree as well after more days, over full tiles, from the folder and from nothing', async () => {
    await replayed();
    for (let n = 0; n < 5; n++) await members.addHolder(120);
    const grown = await replayed();
    expect(grown).toMatchObject({ verdict: 'agree', bindings: 7, findings: [] });
    expect(grown.leaves).toBe(5 * 122);
    const offline = await replayed({ offline: true });
    expect(offline).toMatchObject({ root: grown.root, bindings: 7, verdict: 'folded' });
    await rm(path, { recursive: true });
    expect((await replayed()).root).toBe(grown.root);
  }, 90_000);

  it('are fetched from mirrors while a member is away', async () => {
    members.fault = (member) =>
      member === 'alpha' ? new Response(null, { status: 503 }) : undefined;
    const result = await replayed();
    expect(result).toMatchObject({ verdict: 'incomplete', bindings: 2 });
    expect(result.findings.every(({ grave }) => !grave)).toBe(true);
    expect(result.logs[0]!.size).toBe(members.leaves.alpha.length);
  });

  it('are fetched on from where an audit that was killed had come', async () => {
    for (let n = 0; n < 3; n++) await members.addHolder(120);
    let left = 25;
    members.fault = () => {
      left -= 1;
      if (left < 0) throw new Error('killed');
      return undefined;
    };
    await replayed({ answerMsMax: 100 }).catch(() => undefined);
    members.fault = undefined;
    expect(await replayed()).toMatchObject({ verdict: 'agree', bindings: 5 });
  }, 90_000);
});

describe('what a member serves', () => {
  it('is named with member, log, leaf and evidence where one byte of a leaf differs', async () => {
    const bundle = /alpha.*tile\/entries\/000/;
    members.fault = (member, at, honest) =>
      member === 'alpha' && bundle.test(at) ? changed(honest!, honest!.length >> 1) : undefined;
    const result = await replayed();
    expect(result.verdict).toBe('disagree');
    const [finding] = result.findings;
    expect(finding).toMatchObject({
      code: 'leaf_differs',
      member: 'alpha',
      log: originOf('alpha'),
    });
    expect(finding!.index).toBeGreaterThan(0);
    const { index } = finding!;
    expect(await judged(finding!)).toMatchObject({
      verdict: 'proven',
      kind: 'served_instead',
      index,
      onWord: 'that alpha served these bytes',
    });
  });

  it('is compared at every mirror', async () => {
    const tile = /alpha.*tile\/0\/000/;
    members.fault = (member, at, honest) =>
      member === 'gamma' && tile.test(at) ? changed(honest!, 32 * 7) : undefined;
    const { verdict, findings } = await replayed();
    expect(verdict).toBe('disagree');
    expect(findings[0]).toMatchObject({ code: 'tile_differs', member: 'gamma', index: 7 });
    expect(await judged(findings[0]!)).toMatchObject({
      verdict: 'proven',
      kind: 'served_instead',
      log: originOf('alpha'),
      index: 7,
      onWord: 'that gamma served these bytes',
    });
  });

  it.each([
    ['10 GB of rubbish', () => new Response(endless(), { status: 200 }), 'answer_too_large'],
    ['nothing for ever', () => new Response(silent(), { status: 200 }), 'answer_slow'],
    ['a page of HTML', () => new Response('<html>', { status: 302 }), 'answer_invalid'],
  ] as const)('may be %s: a mirror is asked, in bounded memory', async (_what, answer, code) => {
    rubbishBytes = 0;
    members.fault = (member, at) =>
      member === 'alpha' && at.includes('alpha') && at.includes('tile') ? answer() : undefined;
    const { findings, bindings, members: compared } = await replayed({ answerMsMax: 300 });
    expect(bindings).toBe(2);
    expect(compared.map(({ outcome }) => outcome)).toEqual(['agrees', 'agrees', 'agrees']);
    expect(findings).toContainEqual(expect.objectContaining({ code, member: 'alpha' }));
    // Each answer is left as soon as it is longer than what was asked for can be.
    expect(rubbishBytes).toBeLessThan(64 << 20);
  });
});

describe('a log', () => {
  it('that forks between two members is convicted by its own checkpoints', async () => {
    const branch = [...members.leaves.alpha.slice(0, -3), new Uint8Array(40), new Uint8Array(41)];
    members.fault = (member, at) =>
      member === 'gamma' && at === `/log/${originOf('alpha')}/checkpoint`
        ? members.checkpointOf('alpha', branch)
        : undefined;
    // The other branch's tiles are there as well, at the member that shows it.
    const { tileIn } = await import('./support/federation.ts');
    const checkpoints = members.fault;
    members.fault = (member, at, honest) => {
      const [, rest] = /^\/log\/api\.alpha\.example\/log\/(tile\/.+)$/.exec(at) ?? [];
      if (member === 'gamma' && rest !== undefined) return tileIn(branch, rest);
      return checkpoints(member, at, honest);
    };
    const { verdict, findings } = await replayed();
    expect(verdict).toBe('disagree');
    const forked = findings.find(({ code }) => code === 'log_forked')!;
    expect(forked).toMatchObject({ member: 'alpha', log: originOf('alpha') });
    expect(forked.convicts).toContain('alpha');
    expect(await judged(forked)).toMatchObject({ verdict: 'proven', kind: 'fork' });
  });

  it('that is rewritten after it was fetched is convicted by the checkpoint in the folder', async () => {
    await replayed();
    members.leaves.alpha[5] = new Uint8Array(50);
    for (let n = 0; n < 4; n++) members.addLeafAt('alpha', nowMs - 1000);
    const { verdict, findings } = await replayed();
    expect(verdict).toBe('disagree');
    const forked = findings.find(({ code }) => code === 'log_forked')!;
    expect(forked.convicts).toContain('alpha');
    expect(await judged(forked)).toMatchObject({
      verdict: 'proven',
      convicts: expect.arrayContaining(['alpha']) as string[],
    });
  });

  it('that is cut short is convicted of nothing, and named with both of its checkpoints', async () => {
    await replayed();
    const before = members.leaves.alpha.length;
    members.leaves.alpha.splice(-2);
    const { findings } = await replayed();
    const lost = findings.find(({ code }) => code === 'checkpoint_went_back')!;
    expect(lost).toMatchObject({ member: 'alpha', log: originOf('alpha') });
    expect(await judged(lost)).toMatchObject({
      verdict: 'proven',
      convicts: [],
      disputed: ['alpha'],
      onWord: `that the checkpoint of ${before - 2} leaves was given after that of ${before}`,
    });
  });

  it('whose time goes back is convicted by two of its leaves', async () => {
    members.addLeafAt('beta', nowMs - 5000);
    members.addLeafAt('beta', nowMs - 9000);
    const { violations, findings } = await replayed();
    const index = members.leaves.beta.length - 1;
    const log = originOf('beta');
    expect(violations).toEqual([{ log, index, code: 'leaf_time_back' }]);
    const broken = findings.find(({ code }) => code === 'rule_broken')!;
    expect(broken).toMatchObject({ member: 'beta', index, kind: 'time_back', convicts: ['beta'] });
    expect(await judged(broken)).toMatchObject({ verdict: 'proven', convicts: ['beta'] });
  });

  it('with a leaf from the future is named', async () => {
    members.addLeafAt('gamma', nowMs + 3_600_000);
    const { findings } = await replayed();
    expect(findings[0]).toMatchObject({ code: 'leaf_from_future', member: 'gamma', index: 1 });
    expect(await judged(findings[0]!)).toMatchObject({
      verdict: 'proven',
      kind: 'leaf_from_future',
      log: originOf('gamma'),
      index: 1,
    });
  });
});

describe('a signed root', () => {
  it('that the logs do not give is named, with what two members signed of the same logs', async () => {
    members.fault = (member, at) =>
      member === 'beta' && at === '/v1/index-root'
        ? members.rootOf('beta', fixed32('no root'))
        : undefined;
    const { verdict, findings, members: compared } = await replayed();
    expect(verdict).toBe('disagree');
    expect(compared.map(({ outcome }) => outcome)).toEqual(['agrees', 'differs', 'agrees']);
    expect(findings[0]).toMatchObject({ code: 'root_differs', member: 'beta' });
    expect(await judged(findings[0]!)).toMatchObject({
      verdict: 'proven',
      kind: 'index_roots',
      disputed: expect.arrayContaining(['beta']) as string[],
    });
  });

  it('of a member that was a moment behind is compared where it was', async () => {
    const behind = members.rootOf('gamma');
    await members.addHolder(30);
    members.fault = (member, at) =>
      member === 'gamma' && at === '/v1/index-root' ? behind : undefined;
    const result = await replayed();
    expect(result).toMatchObject({ verdict: 'agree', bindings: 3, findings: [] });
    expect(await replayed()).toMatchObject({ verdict: 'agree', root: result.root });
  });
});

describe('the charters', () => {
  it('with a gap are named, and nothing after it is believed', async () => {
    const terms = { ...foundingCharter(3, 0), version: 3, previous: '0'.repeat(64) };
    const later = signedBy(charterText(terms), ['alpha', 'beta']);
    members.fault = (member, at) => (member === 'beta' && at === '/v1/charter' ? later : undefined);
    const { findings, charterVersion } = await replayed();
    expect(charterVersion).toBe(1);
    expect(findings[0]).toMatchObject({ code: 'charter_gap', member: 'beta' });
    expect(await judged(findings[0]!)).toMatchObject({
      verdict: 'proven',
      kind: 'charter_gap',
      disputed: ['alpha', 'beta'],
      onWord: 'that who gave it did not give version 2',
    });
  });

  it('that nobody signed are evidence of nothing', async () => {
    const later = members.charterNote
      .replace('"version":1', '"version":3')
      .replace('"previous":null', `"previous":"${'0'.repeat(64)}"`);
    members.fault = (member, at) => (member === 'beta' && at === '/v1/charter' ? later : undefined);
    const { findings } = await replayed();
    const bytes = readFileSync(join(path, findings[0]!.evidence!));
    expect(verifyEvidenceFile(bytes, members.charters, crypto)).toMatchObject({
      verdict: 'reject',
    });
  });

  it('of another federation are refused', async () => {
    await replayed();
    const { charterNote } = members;
    writeFileSync(join(path, 'charters/1'), charterNote.replace('Alpha Foundation', 'Other'));
    await expect(replayed()).rejects.toMatchObject({ code: 'audit_setting_invalid' });
  });
});

function endless(): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1 << 20);
  return new ReadableStream({
    pull: (controller) => {
      rubbishBytes += chunk.length;
      controller.enqueue(chunk);
    },
  });
}

/** What was read of it. */
let rubbishBytes = 0;

function silent(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => setTimeout(() => controller.error(new Error('late')), 400),
  });
}
