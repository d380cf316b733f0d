/**
 * Checks the direction of imports. The table is the architecture (docs/architecture.md): a new edge
 * is a design decision and is made here. Also catches what the compiler and npm let through:
 * undeclared workspace dependencies, missing project references, imports past a package's exports,
 * and Node's modules in code that must run in a browser.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseConfigFileTextToJson } from 'typescript';

/** Which workspace packages each may import; `*` means all. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'packages/protocol': [],
  'packages/replication': ['protocol'],
  'packages/dns': ['protocol'],
  'packages/api': ['protocol'],
  'packages/node': ['protocol', 'replication', 'dns', 'api'],
  'packages/client': ['protocol', 'dns/wire'],
  'packages/sip': ['protocol', 'client', 'dns/wire'],
  'packages/auditor': ['protocol', 'client', 'dns/wire'],
  'packages/cli': ['protocol', 'client', 'auditor'],
  'packages/web': ['protocol', 'client'],
  'examples/web-phone': ['protocol', 'client'],
  testnet: ['*'],
  bench: ['*'],
};

/** Only these may import the native cryptography implementations. */
const nativeCryptography = [
  'packages/node',
  'packages/sip',
  'packages/auditor',
  'testnet',
  'bench',
];

/** Files that must run in a browser: no `node:` module, no native addon. */
const browserSafe = [
  /^packages\/protocol\/src\/(?!crypto\/(node|sodium|vrf-sodium)\.ts)/,
  /^packages\/dns\/src\/wire\//,
  /^packages\/client\/src\/(?!node\/)/,
  /^packages\/web\/src\//,
  /^examples\/web-phone\/src\//,
];

const root = join(import.meta.dirname, '..');

/** Returns one line for each broken rule. */
export function brokenLayers(): string[] {
  return Object.keys(mayImport).flatMap((folder) => [
    ...brokenImports(folder),
    ...brokenManifest(folder),
  ]);
}

function brokenImports(folder: string): string[] {
  const files = globSync(`${folder}/src/**/*.{ts,tsx}`, { cwd: root });
  return files.flatMap((file) =>
    importsOf(file).flatMap((specifier) => brokenImport({ folder, file, specifier })),
  );
}

function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const pattern = /(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)'([^']+)'/gm;
  return [...source.matchAll(pattern)].map(([, specifier]) => specifier!);
}

function brokenImport(found: { folder: string; file: string; specifier: string }): string[] {
  const { folder, file, specifier } = found;
  const broken: string[] = [];
  const workspace = /^@callbook\/(.+)$/.exec(specifier)?.[1];
  if (workspace !== undefined) broken.push(...brokenEdge({ folder, file, workspace }));
  if (specifier.startsWith('.')) {
    const target = relative(root, join(root, dirname(file), specifier));
    if (!target.startsWith(`${folder}/`)) broken.push(`${file}: ${specifier} leaves its package`);
  }
  const native = specifier.startsWith('node:') || specifier === 'sodium-native';
  if (native && browserSafe.some((pattern) => pattern.test(file))) {
    broken.push(`${file}: ${specifier} does not run in a browser`);
  }
  return broken;
}

function brokenEdge(edge: { folder: string; file: string; workspace: string }): string[] {
  const { folder, file, workspace } = edge;
  const [name] = workspace.split('/');
  const allowed = mayImport[folder]!;
  const broken: string[] = [];
  const permitted = allowed.includes('*') || allowed.includes(name!) || allowed.includes(workspace);
  if (!permitted) broken.push(`${file}: ${folder} may not import @callbook/${workspace}`);
  if (/^protocol\/crypto\/(node|sodium)$/.test(workspace) && !nativeCryptography.includes(folder)) {
    broken.push(`${file}: only ${nativeCryptography.join(', ')} choose native cryptography`);
  }
  const declared = { ...manifestOf(folder).dependencies, ...manifestOf(folder).devDependencies };
  if (!(`@callbook/${name}` in declared)) {
    broken.push(`${file}: @callbook/${name} is not declared in ${folder}/package.json`);
  }
  return broken;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
}

/** `tsc -b` exits 0 when a reference is missing; so references and dependencies are compared. */
function brokenManifest(folder: string): string[] {
  const path = join(root, folder, 'tsconfig.json');
  if (!existsSync(path)) return [];
  const parsed = parseConfigFileTextToJson(path, readFileSync(path, 'utf8'));
  const { references = [], compilerOptions } = parsed.config as {
    references?: { path: string }[];
    compilerOptions?: { noEmit?: boolean };
  };
  // Bundled from all sources at once, never compiled by itself.
  if (compilerOptions?.noEmit === true) return [];
  const referenced = references.map((reference) => reference.path.replace('../', '@callbook/'));
  const declared = Object.keys(manifestOf(folder).dependencies ?? {}).filter((name) =>
    name.startsWith('@callbook/'),
  );
  return declared
    .filter((name) => !referenced.includes(name))
    .map((name) => `${folder}/tsconfig.json: no reference to ${name}`);
}
