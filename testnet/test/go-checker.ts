/**
 * Compiles the checker of logs in Go (`testnet/interop/go-checker`) by Debian's Go against Debian's
 * x/mod: nothing is downloaded. The second time it comes from Go's cache.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './lab.ts';

/** Writes the program to a file. */
export async function buildGoChecker(file: string): Promise<void> {
  const folder = join(import.meta.dirname, '../interop/go-checker');
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOCACHE: join(tmpdir(), 'callbook-go-cache'),
    GOFLAGS: '',
  };
  const ran = await runCommand('go', ['build', '-o', file, '.'], { cwd: folder, env });
  if (ran.code !== 0) throw new Error(`${ran.stderr}; golang-go golang-golang-x-mod-dev`);
}
