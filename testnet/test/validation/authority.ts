/** Knot's server on loopback, with the corpus' zones as files: who answers when nothing is wrong. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { socketTransport } from '@callbook/client/node';
import type { DnsTransport } from '@callbook/client';
import { formatName, type DomainName } from '@callbook/dns/wire';
import { freePort, startDaemon } from '../../../packages/dns/test/peers/peer-tools.ts';

export interface ServedZone {
  readonly name: DomainName;
  readonly path: string;
}

export interface Authority extends AsyncDisposable {
  readonly transport: DnsTransport;
}

/** Starts the server; it is asked through the transport. */
export async function startAuthority(
  folder: string,
  zones: readonly ServedZone[],
): Promise<Authority> {
  const port = await freePort();
  const configuration = join(folder, 'knot.conf');
  const lines = [
    'server:',
    `  rundir: "${folder}"`,
    `  listen: 127.0.0.1@${port}`,
    'log:',
    '  - target: stderr',
    '    any: info',
    'database:',
    `  storage: "${folder}"`,
    'zone:',
    ...zones.flatMap(({ name, path }) => [
      `  - domain: "${formatName(name)}"`,
      `    file: "${path}"`,
      '    semantic-checks: off',
      '    journal-content: none',
      '    zonefile-sync: -1',
    ]),
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const daemon = await startDaemon('knotd', ['-c', configuration], {
    readyText: 'server started',
  });
  return {
    transport: socketTransport({ address: '127.0.0.1', port }),
    [Symbol.asyncDispose]: async () => await daemon[Symbol.asyncDispose](),
  };
}
