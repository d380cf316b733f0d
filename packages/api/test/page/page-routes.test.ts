// What a member sends with its web page: files that cannot change unseen, and a policy for the browser.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readPageFiles } from '../../src/index.ts';
import { startMember, type TestMember } from '../harness.ts';

const importMap = '{"integrity":{"/assets/page-1.js":"sha384-…"}}';
const html = `<!doctype html><script type="importmap">${importMap}</script>
<script type="module" src="/assets/page-1.js"></script>`;

const loopbackMembers = { 'https://api.beta.example': 'http://localhost:7422' };

async function builtFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-page-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), html);
  await writeFile(join(folder, 'assets/page-1.js'), 'export {};\n'.repeat(100));
  await writeFile(join(folder, 'assets/page-1.css'), 'p { margin: 0 }');
  return folder;
}

const vectors = new URL('../../../../vectors/charter/valid/', import.meta.url);
const noteOf = (name: string): string =>
  (JSON.parse(readFileSync(new URL(`${name}.json`, vectors), 'utf8')) as { note: string }).note;
const charterNote = noteOf('founding_three_members');

async function startWithPage(): Promise<TestMember> {
  const files = await readPageFiles(await builtFolder());
  const member = await startMember({}, { page: { files, member: 'alpha', loopbackMembers } });
  member.directory.charterNote = () => charterNote;
  return member;
}

const directives = (answer: Response): Map<string, string> => {
  const policy = answer.headers.get('content-security-policy') ?? '';
  return new Map(policy.split('; ').map((one) => [one.split(' ')[0]!, one]));
};

describe('the page', () => {
  it('may run its own files and the import map of the build, and nothing else', async () => {
    const { url } = await startWithPage();
    const answer = await fetch(`${url}/`);
    expect(await answer.text()).toBe(html);
    const policy = directives(answer);
    const hash = createHash('sha256').update(importMap).digest('base64');
    expect(policy.get('script-src')).toBe(`script-src 'self' 'sha256-${hash}'`);
    expect(policy.get('default-src')).toBe("default-src 'none'");
    expect(policy.get('frame-ancestors')).toBe("frame-ancestors 'none'");
    expect([...policy.values()].join()).not.toMatch(/unsafe|\*|data:|blob:|https:[ ;,]/);
  });

  it('may ask the members of the charter, and who stands in for them', async () => {
    const { url, directory } = await startWithPage();
    const askable = async (): Promise<string | undefined> =>
      directives(await fetch(`${url}/`)).get('connect-src');
    expect(await askable()).toBe(
      "connect-src 'self' https://api.alpha.example https://api.beta.example http://localhost:7422 https://api.gamma.example",
    );
    directory.charterNote = () => noteOf('founding_single_member');
    expect(await askable()).toBe("connect-src 'self' https://api.alpha.example");
  });

  it('shares its window with nobody and tells no one where the reader came from', async () => {
    const { url } = await startWithPage();
    const { headers } = await fetch(`${url}/`);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(headers.get('permissions-policy')).toContain('camera=()');
    expect(headers.has('strict-transport-security')).toBe(false);
    expect(headers.has('set-cookie')).toBe(false);
  });

  it('is asked for again each time, its files never', async () => {
    const { url } = await startWithPage();
    const index = await fetch(`${url}/`);
    expect(index.headers.get('cache-control')).toBe('no-cache');
    const etag = index.headers.get('etag')!;
    const again = await fetch(`${url}/`, { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    const asset = await fetch(`${url}/assets/page-1.js`);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  it('is compressed for who takes that', async () => {
    const { url } = await startWithPage();
    const plain = await fetch(`${url}/assets/page-1.js`, {
      headers: { 'accept-encoding': 'identity' },
    });
    expect(plain.headers.has('content-encoding')).toBe(false);
    const small = await fetch(`${url}/assets/page-1.js`, {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(small.headers.get('content-encoding')).toBe('gzip');
    expect(Number(small.headers.get('content-length'))).toBeLessThan(100);
    expect(await small.text()).toBe(await plain.text());
  });

  it.each(['/assets/other.js', '/assets/..%2findex.html', '/assets/', '/index.html'])(
    'has nothing at %s',
    async (path) => {
      const { url } = await startWithPage();
      expect((await fetch(url + path)).status).toBe(404);
    },
  );

  it('is told which member it is of, and its founding charter', async () => {
    const { url } = await startWithPage();
    const answer = await fetch(`${url}/page.json`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({
      member: 'alpha',
      charterNote,
      loopbackMembers,
    });
  });
});

it('has no page where none is configured', async () => {
  const { url } = await startMember();
  expect((await fetch(`${url}/`)).status).toBe(404);
});

it('takes no folder for a page that has none, or other files', async () => {
  await expect(readPageFiles(tmpdir())).rejects.toThrow(/index\.html/);
  const folder = await builtFolder();
  await writeFile(join(folder, 'assets/program.exe'), '');
  await expect(readPageFiles(folder)).rejects.toThrow(/a page is HTML/);
});
