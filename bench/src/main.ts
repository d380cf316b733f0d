/**
 * `npm run bench [-- NAME …] [--json] [--entries N] [--folder DIR]`, and for `large` `[--base N] [--join all|none]`:
 * measures what the documentation claims. Ratios are taken within one run; the machines this runs on are shared, so
 * single figures mean little.
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
import { benchLarge } from './large.ts';
import type { LargeJoin } from './large.ts';
import type { Measurement } from './measurement.ts';
import { benchPrivate } from './private.ts';
import { benchReplication } from './replication.ts';
import { printJson, printTable } from './report.ts';
import { benchScale } from './scale.ts';
import { benchSip } from './sip.ts';
import { benchWeb } from './web.ts';
import { benchStart } from './start.ts';

type Bench = (say: (line: string) => void) => Promise<Measurement[]>;

const benches: Readonly<Record<string, Bench>> = {
  audit: (say) => benchAudit(say, { entries: entriesGiven, folder: values.folder }),
  backup: (say) => benchBackup(say, entriesGiven),
  ingest: benchIngest,
  catchup: (say) => benchCatchup(say, entriesGiven),
  claims: benchClaims,
  client: benchClient,
  convergence: benchConvergence,
  cosign: benchCosign,
  large: (say) =>
    benchLarge(say, {
      entries: entriesGiven,
      base: values.base === undefined ? undefined : Number(values.base),
      folder: values.folder,
      join: joinGiven(),
    }),
  private: benchPrivate,
  replication: benchReplication,
  scale: (say) => benchScale(say, entriesGiven),
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
    base: { type: 'string' },
    join: { type: 'string' },
  },
});
const entriesGiven = values.entries === undefined ? undefined : Number(values.entries);
process.exitCode = await main(positionals.length === 0 ? Object.keys(benches) : positionals);

function joinGiven(): LargeJoin | undefined {
  const known: readonly LargeJoin[] = ['all', 'base', 'none'];
  const found = known.find((join) => join === values.join);
  if (values.join !== undefined && found === undefined)
    throw new RangeError('--join is all, base or none');
  return found;
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0) {
    console.error(`bench: no ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
    return 2;
  }
  const all: Measurement[] = [];
  let isWhole = true;
  for (const name of names) {
    const say = (line: string): void => console.error(`bench ${name}: ${line}`);
    try {
      const measurements = await benches[name]!(say);
      if (values.json) measurements.forEach(printJson);
      all.push(...measurements);
    } catch (error) {
      // The others have taken an hour, perhaps.
      console.error(`bench ${name}: failed`, error);
      isWhole = false;
    }
  }
  if (!values.json) printTable(all);
  return !isWhole || all.some(({ met }) => met === false) ? 1 : 0;
}
