/**
 * Metrics that cannot tell on anyone: after every interface was used, also in every wrong way, each name,
 * label and value is one of those that stand here.
 */
import { describe, expect, it } from 'vitest';
import { interfaceOfRoute } from '../../../packages/node/src/metrics/metric-families.ts';
import { loopback } from '../../src/layout.ts';
import { askForNonsense, interfaces } from './asking.ts';
import { askedInLabels, urlsCounted } from './safeguards.ts';
import { foundIn, freshNumber, spellingsOf } from './spellings.ts';
import { startWatchedMember } from './watched-member.ts';
import type { WatchedMember } from './watched-member.ts';

const outcomes = ['answered', 'refused', 'failed'];
const interfaceNames = 'doh lookup bulk proof gateway relay tokens claim other'.split(' ');
const phases = 'generated published ready active retired removed'.split(' ');
const reasons =
  'store_failed own_log_unconfirmed own_log_contradicted own_log_leaves_missing dns_worker_crashed zone_keys_ended certificate_missing certificate_expired ledger_unavailable other';
/** Of the charter: this member alone. */
const log = ['alpha'];
const peer: readonly string[] = [];

/** Family → label → its values. Counts of what people did move in sixteens. */
const families: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  callbook_requests_total: { interface: interfaceNames, outcome: outcomes },
  callbook_dns_datagrams_total: { outcome: ['answered', 'dropped', 'unsent', 'failed'] },
  callbook_dns_stream_queries_total: {},
  callbook_messages_total: { outcome: ['sent', 'refused', 'unknown'] },
  callbook_dns_worker_restarts_total: {},
  callbook_info: { version: ['0.1.0'] },
  callbook_ready: {},
  callbook_trouble: { reason: reasons.split(' ') },
  callbook_members_connected: {},
  callbook_peer_connected: { peer },
  callbook_peer_lag_entries: { peer },
  callbook_peer_root_age_seconds: { peer },
  callbook_peer_broken_rules_total: { peer },
  callbook_peer_contradictions_total: { peer },
  callbook_peer_convicted: { peer },
  callbook_log_unagreed_entries: { log },
  callbook_log_agreement_age_seconds: { log },
  callbook_evidence: {},
  callbook_own_log_thousands: {},
  callbook_charter_version: {},
  callbook_charter_days: {},
  callbook_zone_keys: { role: ['ksk', 'zsk'], phase: phases },
  callbook_zone_key_step_days: {},
  callbook_presigned_keys_days: {},
  callbook_zone_ds_awaited: {},
  callbook_certificate_days: { use: ['api', 'dns'] },
  callbook_shared_database_state: { code: [] },
  callbook_shared_database_lag_seconds: {},
  callbook_standby_lag_batches: {},
  callbook_backup_age_hours: {},
  callbook_store_mebibytes: {},
  callbook_disk_free_gibibytes: {},
  callbook_disk_free_percent: {},
  callbook_event_loop_delay_milliseconds: { delay: ['median', 'p99', 'max'] },
  callbook_memory_mebibytes: {},
  callbook_memory_part_mebibytes: { part: ['heap', 'external'] },
  callbook_cpu_seconds_total: {},
  callbook_uptime_minutes: {},
};
const coarse = /^callbook_(?:requests|dns_datagrams|dns_stream_queries|messages)_total$/;

/** Returns the lines that say something else than they may. */
function indiscreet(text: string): readonly string[] {
  return text
    .trim()
    .split('\n')
    .filter((line) => !isDiscreet(line));
}

function isDiscreet(line: string): boolean {
  // A telephone number has at least seven digits, and nothing else here has as many.
  if (/\d{7}/.test(line.replaceAll(/[^0-9A-Za-z_]/g, ''))) return false;
  const described = /^# (?:HELP (\w+) [A-Za-z0-9 ,]+|TYPE (\w+) (?:counter|gauge))$/.exec(line);
  if (described !== null) return Object.hasOwn(families, described[1] ?? described[2]!);
  const [, name = '', inner = '', value = ''] = /^(\w+)(?:\{(.*)\})? (-?\d+)$/.exec(line) ?? [];
  if (!Object.hasOwn(families, name)) return false;
  const pairs = Array.from(
    inner.matchAll(/(\w+)="([^"]*)"(?:,|$)/g),
    ([, label, text]) => [label!, text!] as const,
  );
  const labels = families[name]!;
  if (pairs.map(([label]) => label).join() !== Object.keys(labels).join()) return false;
  const isStep = !coarse.test(name) || Number(value) % 16 === 0;
  return isStep && pairs.every(([label, text]) => labels[label]!.includes(text));
}

async function metricsOf({ metricsPort }: WatchedMember): Promise<string> {
  const response = await fetch(`http://${loopback}:${metricsPort}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return await response.text();
}

/** Uses everything twenty times, so that each count has moved. */
async function useEverything(member: WatchedMember, number: string): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    for (const { ask } of interfaces) await ask(member, number);
    await askForNonsense(member, number);
  }
}

function valueOf(text: string, sample: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return Number(line?.slice(sample.length + 1));
}

/** Patterns of the table that the API's own description does not have. */
async function missingRoutes({ layout }: WatchedMember): Promise<readonly string[]> {
  const response = await fetch(`http://${loopback}:${layout.webPort}/v1/openapi.json`);
  const { paths } = (await response.json()) as { paths: Readonly<Record<string, unknown>> };
  const patterns = Object.keys(paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
  return Object.keys(interfaceOfRoute).filter((pattern) => !patterns.includes(pattern));
}

describe('the metrics of a member', () => {
  it('are names, labels and values of a fixed table, whatever was asked', async () => {
    await using member = await startWatchedMember();
    const number = freshNumber();
    await useEverything(member, number);
    const text = await metricsOf(member);
    expect(indiscreet(text)).toEqual([]);
    expect(foundIn(Buffer.from(text), spellingsOf(number))).toEqual([]);
    // They do count.
    expect(valueOf(text, 'callbook_dns_datagrams_total{outcome="answered"}')).toBeGreaterThan(15);
    expect(valueOf(text, 'callbook_dns_stream_queries_total')).toBeGreaterThan(47);
    const answered = (name: string): string =>
      `callbook_requests_total{interface="${name}",outcome="answered"}`;
    for (const name of ['doh', 'lookup', 'proof']) {
      expect(valueOf(text, answered(name)), name).toBeGreaterThan(15);
    }
    expect(
      valueOf(text, 'callbook_requests_total{interface="other",outcome="refused"}'),
    ).toBeGreaterThan(79);
    // The routes that are told apart are there.
    expect(await missingRoutes(member)).toEqual([]);
    const elsewhere = await fetch(`http://${loopback}:${member.metricsPort}/${number}`);
    expect(elsewhere.status).toBe(404);
    expect(await elsewhere.text()).not.toContain(number.slice(1));
  }, 180_000);

  it('would be found to tell, were URLs their labels', async () => {
    await using careless = await startWatchedMember({ edits: [askedInLabels, urlsCounted] });
    const number = freshNumber();
    await askForNonsense(careless, number);
    const text = await metricsOf(careless);
    expect(indiscreet(text).join('\n')).toContain(`/v1/entries/${number}`);
    expect(foundIn(Buffer.from(text), spellingsOf(number))).not.toEqual([]);
  }, 180_000);
});
