/** The daemon as an operator meets it: what it says when something around it is wrong, and its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foundTestnet } from '../../src/founding.ts';
import { freePortBase } from '../../src/free-ports.ts';
import { layOut } from '../../src/layout.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { MemberProcess } from '../../src/member-process.ts';
import { environment, runCommand } from '../lab.ts';
import type { Ran } from '../lab.ts';

let folder: string;
let alpha: MemberLayout;
let beta: MemberLayout;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-daemon-'));
  const layout = layOut({ folder, memberCount: 2, portBase: await freePortBase(2) });
  await foundTestnet(layout);
  [alpha, beta] = layout.members as [MemberLayout, MemberLayout];
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

/** Runs the daemon to its end; for settings with which it cannot start. */
async function serve({ configFile }: MemberLayout): Promise<Ran> {
  const args = ['serve', '--config', configFile];
  return await runCommand('callbook-node', args, { cwd: folder, env: environment(folder) });
}

const startMsMax = 60_000;
const testMsMax = 120_000;

describe('a daemon that cannot start', { timeout: testMsMax }, () => {
  it('names a key file that others can read', async () => {
    await chmod(join(alpha.folder, 'log.key'), 0o644);
    const { code, stderr } = await serve(alpha);
    expect(code).toBe(1);
    expect(stderr).toMatch(/log\.key has mode 644, at most 600.*\(key_file_exposed\)/);
  });

  it('refuses the log key of another member', async () => {
    await copyFile(join(beta.folder, 'log.key'), join(alpha.folder, 'log.key'));
    expect((await serve(alpha)).stderr).toContain('(log_key_mismatch)');
  });

  it('refuses a VRF key that is not the charter’s', async () => {
    await copyFile(join(beta.folder, 'log.key'), join(alpha.folder, 'vrf.key'));
    expect((await serve(alpha)).stderr).toContain('(vrf_key_mismatch)');
  });

  it('refuses zone keys that nobody delegates to', async () => {
    for (const name of ['ksk.pem', 'zsk.pem']) {
      await copyFile(join(beta.folder, 'zone-keys', name), join(alpha.folder, 'zone-keys', name));
    }
    expect((await serve(alpha)).stderr).toContain('(member_key_mismatch)');
  });

  it('refuses a charter that has been changed', async () => {
    const path = join(folder, 'charter-1.note');
    const note = await readFile(path, 'utf8');
    await writeFile(path, note.replace('"faults":0', '"faults":1'));
    expect((await serve(alpha)).stderr).toContain('(charter_refused)');
  });

  it('names a setting that is wrong', async () => {
    await writeFile(alpha.configFile, `${await readFile(alpha.configFile, 'utf8')}colour: blue\n`);
    expect((await serve(alpha)).stderr).toContain(
      'colour: is not a setting (config_setting_invalid)',
    );
  });

  it('says that a port is taken, and lets go of everything else', async () => {
    const taken = createServer().listen(alpha.dnsPort, '127.0.0.1');
    await once(taken, 'listening');
    const { code, stderr } = await serve(alpha);
    expect(code).toBe(1);
    expect(stderr).toContain('(dns_listen_failed');
    taken.close();
    await once(taken, 'close');
    await using again = new MemberProcess(alpha);
    await again.untilAlive(Date.now() + startMsMax);
  });
});

describe('a running daemon', { timeout: testMsMax }, () => {
  it('keeps a second one off its store', async () => {
    await using first = new MemberProcess(alpha);
    await first.untilAlive(Date.now() + startMsMax);
    expect((await serve(alpha)).stderr).toContain('(store_in_use');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with status 0 at %s', async (signal) => {
    const child = spawn('callbook-node', ['serve', '--config', alpha.configFile], {
      env: environment(folder),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    for await (const chunk of child.stdout) if (String(chunk).includes('serving')) break;
    // A terminal would send SIGINT to the launcher's child as well; a service manager SIGTERM.
    if (signal === 'SIGINT') process.kill(childOf(child.pid!), signal);
    else child.kill(signal);
    const [code] = (await ended) as [number | null];
    expect(code).toBe(0);
  });
});

/** The process that the launcher started. */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}
