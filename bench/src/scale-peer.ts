/**
 * What others run where names are in a database: PowerDNS, which signs each answer, on the same PostgreSQL with
 * the same records in its own tables. Debian package: pdns-backend-pgsql; left out where it is missing.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Postgres } from '@callbook/testnet';
import { isInstalled, signingPowerdns } from './dns-peers.ts';
import type { ServerCommand } from './dns-server-process.ts';
import { benchApex, identifierOf, numberName, writeZone } from './dns-zone.ts';

const schemaFile = '/usr/share/pdns-backend-pgsql/schema/schema.pgsql.sql';
/** As long as we keep answers, which is the time to live of a number's records. */
const cacheSeconds = 300;

/** Fills its tables with so many numbers; undefined where it is not installed. */
export async function powerdnsOnPostgres(
  folder: string,
  postgres: Postgres,
  numberCount: number,
): Promise<ServerCommand | undefined> {
  if (!isInstalled('pdns_server') || !existsSync(schemaFile)) return undefined;
  const own = await mkdtemp(join(folder, 'powerdns-'));
  const zoneFile = join(own, 'zone');
  await writeZone(1, { storeFolder: join(own, 'store'), zoneFile });
  await postgres.query(await readFile(schemaFile, 'utf8'));
  await postgres.query(`INSERT INTO domains (name, type) VALUES ('${benchApex}', 'NATIVE')`);
  for (const line of (await readFile(zoneFile, 'utf8')).trim().split('\n')) {
    await postgres.query(insertion(line, numberCount));
  }
  await postgres.query('ANALYZE records');
  const { searchParams } = new URL(postgres.url.replace(':///', '://localhost/'));
  const settings = {
    launch: 'gpgsql',
    'gpgsql-host': searchParams.get('host')!,
    'gpgsql-user': searchParams.get('user')!,
    'gpgsql-dbname': 'postgres',
    'gpgsql-dnssec': 'yes',
    'cache-ttl': cacheSeconds,
    'query-cache-ttl': cacheSeconds,
  };
  const workers = availableParallelism();
  const name = 'powerdns on PostgreSQL';
  return await signingPowerdns({ name, folder: own, workers, algorithm: 13, settings });
}

/** Inserts a line of the zone of the first number: once, or for every number if it is the number's. */
function insertion(line: string, numberCount: number): string {
  const [owner, ttl, , type, ...content] = line.split(' ');
  // It has names without their last dot.
  const text = content.join(' ').replaceAll(/(?<=[a-z])\.(?= |$)/g, '');
  const name = owner!.replace(/\.$/, '');
  const quoted = [name, type!, text].map((value) => `'${value.replaceAll("'", "''")}'`);
  const into = 'INSERT INTO records (domain_id, name, type, content, ttl, auth)';
  const firstName = numberName(0);
  if (!name.endsWith(firstName)) return `${into} VALUES (1, ${quoted.join(', ')}, ${ttl}, true)`;
  const digits = identifierOf(0).slice('tel:+'.length);
  const reversed = `regexp_replace(reverse(digits), '(.)', '\\1.', 'g') || '${benchApex}'`;
  return `${into}
    SELECT 1, replace(${quoted[0]}, '${firstName}', ${reversed}), ${quoted[1]},
           replace(${quoted[2]}, '${digits}', digits), ${ttl}, true
    FROM (SELECT (${digits} + n)::text AS digits FROM generate_series(0, ${numberCount - 1}) n) numbers`;
}
