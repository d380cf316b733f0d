/** The commands as an operator runs them: processes, their output and their exit status. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestDirectory, type TestDirectory } from './test-directory.ts';

const main = join(import.meta.dirname, '../src/main.ts');
const node = ['--conditions=@callbook/source', main];

let folder: string;
let directory: TestDirectory;
let config: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-sip-'));
  directory = await openTestDirectory();
  config = join(folder, 'bridge.yaml');
  await writeFile(join(folder, 'root.ds'), directory.anchorText);
  await writeFile(join(folder, 'secret'), 's'.repeat(40), { mode: 0o600 });
  await writeFile(
    config,
    `provider: sip.a.example
dataDir: data
listen: { address: 127.0.0.1, port: 0 }
directory:
  suffixes: [${directory.suffixes.join(', ')}]
  resolver: { address: 127.0.0.1, port: ${directory.port} }
  anchor: root.ds
accounts: { url: https://accounts.a.example, listen: { address: 127.0.0.1, port: 0 } }
credentials: { secret: secret }
`,
  );
});

afterEach(async () => {
  await directory[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return await new Promise((resolve) => {
    execFile(process.execPath, [...node, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

it('doctor says what is good, and what to do about what is not', { timeout: 90_000 }, async () => {
  const good = await run('doctor', '--config', config);
  expect([good.code, good.stderr]).toEqual([0, '']);
  expect(good.stdout.match(/^ok /gm)).toHaveLength(6);
  expect(good.stdout).toContain('3 zones of members answer, 2 have to agree: 1 may fail');
  directory.cast('forging', 'silent');
  await chmod(join(folder, 'secret'), 0o644);
  const bad = await run('doctor', '--config', config);
  expect(bad.code).toBe(1);
  expect(bad.stdout).toContain('FAIL  e164.alpha.test cannot be used: bogus');
  expect(bad.stdout).toContain('FAIL  e164.beta.test cannot be used: indeterminate');
  expect(bad.stdout).toContain('2 have to agree: every check is 503');
  expect(bad.stdout).toContain('chmod o-rwx (digest_secret_unfit)');
});

it(
  'serve answers until it is told to stop, and says in one line why it cannot begin',
  { timeout: 90_000 },
  async () => {
    const child = spawn(process.execPath, [...node, 'serve', '--config', config]);
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value } = (await lines.next()) as { value: string };
    const { msg, port } = JSON.parse(value) as { msg: string; port: number };
    expect(msg).toBe('serving');
    const asked = await fetch(`http://127.0.0.1:${port}/route`, {
      method: 'POST',
      body: new URLSearchParams({ number: '+34912345678' }),
    });
    expect([asked.status, await asked.text()]).toEqual([404, 'none']);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    await rm(join(folder, 'secret'));
    const refused = await run('serve', '--config', config);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toBe(
      'callbook-sip: a file with a secret cannot be read (digest_secret_unfit)\n',
    );
  },
);

it('the service is one that systemd takes, and lets the bridge do little', async () => {
  const unit = join(import.meta.dirname, '../service/callbook-sip.service');
  const text = await readFile(unit, 'utf8');
  const copy = join(folder, 'callbook-sip.service');
  await writeFile(copy, text.replaceAll('/usr/local/bin/callbook-sip', '/usr/bin/true'));
  const options = { encoding: 'utf8', stdio: 'pipe' } as const;
  expect(execFileSync('systemd-analyze', ['verify', copy], options)).toBe('');
  const offline = ['security', '--offline=true', '--threshold=25', copy];
  expect(execFileSync('systemd-analyze', offline, options)).toMatch(/exposure level .* OK/);
});
