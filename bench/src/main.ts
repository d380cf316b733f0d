/**
 * `npm run bench [-- NAME …] [--json] [--entries N] [--folder DIR]`: measures what the documentation claims. Ratios are taken
 * within one run; the machines this runs on are shared, so single figures mean little.
 */
import { parseArgs } from 'node:util';
import { benchAudit } from './audit.ts';
import { benchBackup } from './backup.ts';
import { benchCatchup } from './catchup.ts';
import { benchClaims } from './claims.ts';
import { benchClient } from './client.ts';
import { benchConvergence } from './convergence.ts';
import { benchCosign } from './cosign.ts';
import { benchDatagramEngine } from './datagram-engine.ts';
import { benchDns } from './dns.ts';
import { benchIndex } from './index-tree.ts';
import { benchIngest } from './ingest.ts';
import type { Measurement } from './measurement.ts';
import { benchPrivate } from './private.ts';
import { benchReplication } from './replication.ts';
import { printJson, printTable } from './report.ts';
import { benchSip } from './sip.ts';
import { benchWeb } from './web.ts';
import { benchStart } from './start.ts';

type Bench = (say: (line: string) => void) => Promise<Measurement[]>;

const benches: Readonly<Record<string, Bench>> = {
  audit: (say) =>
    benchAudit(say, {
      entries: values.entries === undefined ? undefined : Number(values.entries),
      folder: values.folder,
    }),
  backup: (say) =>
    benchBackup(say, values.entries === undefined ? undefined : Number(values.entries)),
  ingest: benchIngest,
  catchup: (say) =>
    benchCatchup(say, values.entries === undefined ? undefined : Number(values.entries)),
  claims: benchClaims,
  client: benchClient,
  convergence: benchConvergence,
  cosign: benchCosign,
  private: benchPrivate,
  replication: benchReplication,
  sip: benchSip,
  web: benchWeb,
  index: benchIndex,
  dns: benchDns,
  datagram: benchDatagramEngine,
  start: benchStart,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    entries: { type: 'string' },
    folder: { type: 'string' },
  },
});
process.exitCode = await main(positionals.length === 0 ? Object.keys(benches) : positionals);

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    console.error(`bench: no ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
    return 2;
  }
  const all: Measurement[] = [];
  for (const name of names) {
    const measurements = await benches[name]!((line) => console.error(`bench ${name}: ${line}`));
    if (values.json) measurements.forEach(printJson);
    all.push(...measurements);
  }
  if (!values.json) printTable(all);
  return all.some(({ met }) => met === false) ? 1 : 0;
}
