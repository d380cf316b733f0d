/** A bridge as a process of its own would be: from a configuration file, asked by HTTP. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig, startBridge } from '../src/index.ts';
import type { TestDirectory } from './test-directory.ts';

export interface TestBridge extends AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly accountsPort: number;
  /** Lines of the log so far. */
  readonly log: readonly string[];
  ask(path: string, fields: Record<string, string>): Promise<Asked>;
  metrics(): Promise<string>;
}

interface Asked {
  readonly status: number;
  readonly line: string;
  readonly headers: Headers;
}

interface BridgeOptions {
  readonly required?: boolean;
  /** Further lines of the configuration. */
  readonly more?: string;
  /** Taken up from an earlier bridge. */
  readonly folder?: string;
  readonly accounts?: string;
  /** Where people reach the accounts as they are: on this machine, without TLS. */
  readonly accountsPort?: number;
}

export const accountsUrl = 'https://accounts.a.example';

export async function startTestBridge(
  directory: TestDirectory,
  {
    required = false,
    more = '',
    folder: given,
    accounts = '',
    accountsPort = 0,
  }: BridgeOptions = {},
): Promise<TestBridge> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'callbook-bridge-')));
  await writeFile(join(folder, 'root.ds'), directory.anchorText);
  await writeFile(join(folder, 'digest.secret'), `${'s'.repeat(40)}\n`, { mode: 0o600 });
  await writeFile(
    join(folder, 'bridge.yaml'),
    `provider: sip.a.example
dataDir: data
listen: { address: 127.0.0.1, port: 0 }
directory:
  suffixes: [${directory.suffixes.join(', ')}]
  resolver: { address: 127.0.0.1, port: ${directory.port} }
  anchor: root.ds
accounts:
  url: ${accountsPort === 0 ? accountsUrl : `http://127.0.0.1:${accountsPort}`}
  listen: { address: 127.0.0.1, port: ${accountsPort} }
  required: ${required}
${accounts}credentials: { secret: digest.secret }
metrics: { listen: { address: 127.0.0.1, port: 0 } }
${more}`,
  );
  const log: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) });
  const bridge = await startBridge(await readConfig(join(folder, 'bridge.yaml')), logger);
  return {
    folder,
    port: bridge.port,
    accountsPort: bridge.accountsPort!,
    log,
    ask: async (path, fields) => {
      const url = `http://127.0.0.1:${bridge.port}${path}`;
      const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
      const { status, headers } = response;
      return { status, line: await response.text(), headers };
    },
    metrics: async () =>
      await (await fetch(`http://127.0.0.1:${bridge.metricsPort!}/metrics`)).text(),
    [Symbol.asyncDispose]: async () => {
      await bridge[Symbol.asyncDispose]();
      if (given === undefined) await rm(folder, { recursive: true });
    },
  };
}
