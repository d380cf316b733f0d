/** How the daemon's code is started from a checkout: with the flags that its launcher gives. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface NodeCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** Settings of the C library, as the launcher gives them. */
  readonly env: Readonly<Record<string, string>>;
}

const nodePackage = dirname(createRequire(import.meta.url).resolve('@callbook/node/package.json'));

/** Runs a module of a checkout as the daemon is run. */
export function nodeCommand(module: string, args: readonly string[]): NodeCommand {
  const flags = partOfPackage('bin/node-flags.json') as string[];
  return {
    program: process.execPath,
    args: [...flags, '--conditions=@callbook/source', module, ...args],
    env: partOfPackage('bin/node-environment.json') as Record<string, string>,
  };
}

function partOfPackage(path: string): unknown {
  return JSON.parse(readFileSync(join(nodePackage, path), 'utf8'));
}

/** Runs the daemon itself. */
export function daemonCommand(args: readonly string[]): NodeCommand {
  return nodeCommand(join(nodePackage, 'src/main.ts'), args);
}

/** Runs what operators type, by its launcher. */
export function launcherCommand(args: readonly string[]): NodeCommand {
  const launcher = join(nodePackage, 'bin/callbook-node.js');
  return { program: process.execPath, args: [launcher, ...args], env: {} };
}
