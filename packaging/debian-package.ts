/**
 * The Debian package: an installation by npm, the Node that it runs on among it, put where Debian has such
 * things, with units for systemd, the users that they run as, and commands in `/usr/bin`. It is made by
 * dpkg-deb from a folder; there is no source package, since Debian's own rules would want every library
 * packaged by itself.
 */
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { packageVersion, publishedPackages, repository } from './build.ts';
import { unneededInPackage } from './debian-contents.ts';
import { installPackages } from './npm-packages.ts';
import { runProgram } from './program.ts';

const debianName = 'callbook-node';
const architecture = 'amd64';
const library = 'usr/lib/callbook';
/** Documentation, as in the repository. */
const pages = `usr/share/doc/${debianName}/docs`;
const source = join(import.meta.dirname, 'debian');

/** Units, by the package that has them in its folder `service`. */
export const serviceUnits: Readonly<Record<string, string>> = {
  'callbook-node.service': 'node',
  'callbook-backup.service': 'node',
  'callbook-sip.service': 'sip',
  'callbook-audit.service': 'cli',
};

/** Commands, by the package that has their launcher in its folder `bin`. */
const commands: Readonly<Record<string, string>> = {
  'callbook-node': 'node',
  'callbook-sip': 'sip',
  callbook: 'cli',
};

export interface DebianOptions {
  /** Where the package is written. */
  readonly folder: string;
  readonly say: (line: string) => void;
  /** An installation of the same files that is there already, on the disk of temporary files. */
  readonly installation?: string;
}

/** Returns the path of the package that was made. */
export async function buildDebianPackage(
  files: ReadonlyMap<string, string>,
  { folder, say, installation }: DebianOptions,
): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'callbook-debian-'));
  try {
    const installed = installation ?? join(work, 'installation');
    if (installation === undefined) {
      say(`installing ${publishedPackages.length} packages and what they need`);
      await installPackages(files, installed);
    }
    const root = join(work, 'root');
    say('putting the files of the Debian package together');
    await layOutLibrary(installed, root);
    await layOutSystem(root);
    await writeControl(root);
    await mkdir(folder, { recursive: true });
    const target = join(folder, `${debianName}_${await packageVersion()}_${architecture}.deb`);
    say(`packing ${basename(target)}`);
    const how = ['--root-owner-group', '-Zzstd', '-z6', '--build', root, target];
    await runProgram('dpkg-deb', how, { cwd: work });
    return target;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Links to the files of the installation, which are many and large, in place of copies; then takes out what is not needed. */
async function layOutLibrary(installed: string, root: string): Promise<void> {
  const modules = join(root, library, 'node_modules');
  await mkdir(join(root, library), { recursive: true });
  await runProgram('cp', ['-al', join(installed, 'node_modules'), modules], { cwd: root });
  for (const path of await readdir(modules, { recursive: true })) {
    if (unneededInPackage(path)) await rm(join(modules, path), { recursive: true, force: true });
  }
  await runProgram('chmod', ['-R', 'u=rwX,go=rX', join(root, library)], { cwd: root });
}

async function layOutSystem(root: string): Promise<void> {
  for (const [command, name] of Object.entries(commands)) {
    const text = (await readFile(join(source, 'command'), 'utf8')).replace(
      '@launcher@',
      `@callbook/${name}/bin/${command}.js`,
    );
    await place(root, `usr/bin/${command}`, { text, mode: 0o755 });
  }
  for (const [unit, name] of Object.entries(serviceUnits)) {
    const text = await readFile(join(repository, 'packages', name, 'service', unit), 'utf8');
    // A package's commands are not those that an administrator has put beside it.
    const moved = text.replaceAll('/usr/local/bin/', '/usr/bin/');
    await place(root, `usr/lib/systemd/system/${unit}`, {
      text: moved.replace(/^Documentation=.*$/m, `Documentation=file:/${pages}/README.md`),
    });
  }
  const timer = 'callbook-backup.timer';
  await place(root, `usr/lib/systemd/system/${timer}`, {
    text: await readFile(join(repository, 'packages/node/service', timer), 'utf8'),
  });
  await mkdir(dirname(join(root, pages)), { recursive: true });
  await cp(join(repository, 'docs'), join(root, pages), { recursive: true });
  await runProgram('chmod', ['-R', 'u=rwX,go=rX', join(root, pages)], { cwd: root });
  const copied: Readonly<Record<string, string>> = {
    sysusers: 'usr/lib/sysusers.d/callbook-node.conf',
    tmpfiles: 'usr/lib/tmpfiles.d/callbook-node.conf',
    'audit-options': 'etc/callbook-audit/options',
    copyright: `usr/share/doc/${debianName}/copyright`,
  };
  for (const [name, target] of Object.entries(copied)) {
    await place(root, target, { text: await readFile(join(source, name), 'utf8') });
  }
  await mkdir(join(root, 'usr/share/callbook'), { recursive: true });
  const page = `../../lib/callbook/node_modules/@callbook/web/dist`;
  await symlink(page, join(root, 'usr/share/callbook/page'));
}

async function writeControl(root: string): Promise<void> {
  // Before there are control files, which are not installed.
  const kibibytes = (await runProgram('du', ['-sk', root], { cwd: root })).split('\t')[0]!;
  const control = (await readFile(join(source, 'control'), 'utf8'))
    .replace('@version@', await packageVersion())
    .replace('@size@', kibibytes);
  await place(root, 'DEBIAN/control', { text: control });
  await place(root, 'DEBIAN/conffiles', { text: '/etc/callbook-audit/options\n' });
  for (const script of ['postinst', 'prerm', 'postrm']) {
    const text = await readFile(join(source, script), 'utf8');
    await place(root, `DEBIAN/${script}`, { text, mode: 0o755 });
  }
}

async function place(
  root: string,
  path: string,
  { text, mode = 0o644 }: { readonly text: string; readonly mode?: number },
): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text);
  await chmod(target, mode);
}
