/** The commands as an operator runs them: processes, their output and their exit status. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sign } from 'node:crypto';
import { signAs } from '@callbook/client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newPhone, type Phone } from './phone.ts';
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

interface Serving {
  readonly child: ReturnType<typeof spawn>;
  readonly port: number;
  readonly accountsPort: number;
}

/** Starts the command, and waits until it says that it serves. */
async function startServe(): Promise<Serving> {
  const child = spawn(process.execPath, [...node, 'serve', '--config', config]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value } = (await lines.next()) as { value: string };
  const said = JSON.parse(value) as { msg: string; port: number; accountsPort: number };
  expect(said.msg).toBe('serving');
  return { child, port: said.port, accountsPort: said.accountsPort };
}

const signingPorts = {
  clock: { nowMs: () => Date.now() },
  random: { bytes: (size: number) => crypto.getRandomValues(new Uint8Array(size)) },
};

async function askAccount(
  method: string,
  port: number,
  [number, { privateKey: key }]: readonly [`+${string}`, Phone],
): Promise<number> {
  const signer = {
    identifier: `tel:${number}` as const,
    algorithm: 'ecdsa-p256-sha256' as const,
    sign: (message: Uint8Array) =>
      new Uint8Array(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' })),
  };
  const request = new Request('https://accounts.a.example/v1/accounts/mine', { method });
  const { headers } = await signAs(request, signer, signingPorts);
  return (await fetch(`http://127.0.0.1:${port}/v1/accounts/mine`, { method, headers })).status;
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
    const { child, port } = await startServe();
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

it('every account that was answered is there after a kill', { timeout: 90_000 }, async () => {
  const holders = Array.from({ length: 24 }, (_, place): readonly [`+${string}`, Phone] => [
    `+${34_912_350_000 + place}`,
    newPhone(),
  ]);
  for (const [number, phone] of holders) directory.publish(number, { sip: [phone.spki] });
  const killed = await startServe();
  const answered: (typeof holders)[number][] = [];
  const enough = Promise.withResolvers<void>();
  const asking = holders.map(async (holder) => {
    // Whoever is asking when it is killed hears nothing.
    const status = await askAccount('PUT', killed.accountsPort, holder).catch(() => 0);
    if (status === 201) answered.push(holder);
    if (answered.length >= 4) enough.resolve();
  });
  await enough.promise;
  const ended = once(killed.child, 'exit');
  killed.child.kill('SIGKILL');
  await ended;
  await Promise.all(asking);
  const again = await startServe();
  for (const holder of answered) {
    expect(await askAccount('GET', again.accountsPort, holder)).toBe(200);
  }
  const over = once(again.child, 'exit');
  again.child.kill('SIGTERM');
  await over;
});

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
