/**
 * Every metric of a member, with every value that a label can have: a table, so that nothing that came
 * from outside can become one. Only names of members come from elsewhere, and that is the charter.
 * Requests are told apart by interface and outcome, never by what they found: whether somebody's
 * contacts are registered is nobody's statistics.
 */
import { keyPhases } from '@callbook/dns';
import { certificateUses } from '../status/member-status.ts';
import { programVersion } from '../status/version.ts';

/** Stands for the names of the members in the charter. */
const namesOfMembers = 'names of members';

export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Label → its values; without labels there is one sample, or none where there is nothing to tell. */
  readonly labels: Readonly<Record<string, readonly string[] | typeof namesOfMembers>>;
}

/** Which requests count as what; the patterns of the routes, as the API has them. */
export const interfaceOfRoute: Readonly<Record<string, RequestInterface>> = {
  '/dns-query': 'doh',
  '/v1/lookups': 'lookup',
  '/v1/bulk': 'bulk',
  '/v1/proof': 'proof',
  '/v1/proofs': 'proof',
  '/.well-known/ohttp-gateway': 'gateway',
  '/v1/relay/:member': 'relay',
  '/v1/tokens': 'tokens',
  '/v1/spent-tokens': 'tokens',
  '/v1/challenges': 'claim',
  '/v1/challenges/:id/answer': 'claim',
  '/v1/email-commitments': 'claim',
  '/v1/entries': 'claim',
  '/v1/entries/:id': 'claim',
};

export const requestInterfaces = [
  'doh',
  'lookup',
  'bulk',
  'proof',
  'gateway',
  'relay',
  'tokens',
  'claim',
  'other',
] as const;
export type RequestInterface = (typeof requestInterfaces)[number];

export const requestOutcomes = ['answered', 'refused', 'failed'] as const;
export type RequestOutcome = (typeof requestOutcomes)[number];

export const dnsOutcomes = ['answered', 'dropped', 'unsent', 'failed'] as const;

export const messageOutcomes = ['sent', 'refused', 'unknown'] as const;
export type MessageOutcome = (typeof messageOutcomes)[number];

/** Reasons of `/readyz`. */
export const troubles = [
  'store_failed',
  'own_log_unconfirmed',
  'own_log_contradicted',
  'own_log_leaves_missing',
  'dns_worker_crashed',
  'zone_keys_ended',
  'certificate_missing',
  'certificate_expired',
  'ledger_unavailable',
  'other',
] as const;

/** Of the shared database, for who writes to it. */
export const sharedDatabaseStates = [
  'shared_store_unavailable',
  'shared_store_slow',
  'shared_store_read_only',
  'shared_store_failed',
  'shared_store_filling',
  'shared_store_restored',
  'shared_store_taken',
  'shared_store_foreign',
  'other',
] as const;

export const loopDelays = ['median', 'p99', 'max'] as const;
const memoryParts = ['heap', 'external'] as const;

type Labels = MetricFamily['labels'];

function counter(name: string, help: string, labels: Labels = {}): MetricFamily {
  return { name, type: 'counter', help, labels };
}

function gauge(name: string, help: string, labels: Labels = {}): MetricFamily {
  return { name, type: 'gauge', help, labels };
}

const peer = { peer: namesOfMembers } as const;

export const metricFamilies = {
  requests: counter('callbook_requests_total', 'Requests to the API, in sixteens', {
    interface: requestInterfaces,
    outcome: requestOutcomes,
  }),
  datagrams: counter('callbook_dns_datagrams_total', 'DNS queries by UDP, in sixteens', {
    outcome: dnsOutcomes,
  }),
  streamQueries: counter(
    'callbook_dns_stream_queries_total',
    'DNS queries by TCP, TLS and HTTPS, in sixteens',
  ),
  messages: counter(
    'callbook_messages_total',
    'Codes and notices handed to gateways, in sixteens',
    { outcome: messageOutcomes },
  ),
  workerRestarts: counter(
    'callbook_dns_worker_restarts_total',
    'Threads that answer DNS and were started again',
  ),
  info: gauge('callbook_info', '1, with the version of the program', { version: [programVersion] }),
  ready: gauge('callbook_ready', '1 while requests may be sent'),
  trouble: gauge('callbook_trouble', '1 for each reason not to be ready', { reason: troubles }),
  connected: gauge('callbook_members_connected', 'Members to which there is a connection'),
  peerConnected: gauge('callbook_peer_connected', '1 while there is a connection', peer),
  peerLag: gauge('callbook_peer_lag_entries', 'Entries that a log has and this member not', peer),
  peerRootAge: gauge(
    'callbook_peer_root_age_seconds',
    'Since index roots were the same, while they are not of all there is now',
    peer,
  ),
  peerBrokenRules: counter('callbook_peer_broken_rules_total', 'Rules that a member broke', peer),
  peerContradictions: counter(
    'callbook_peer_contradictions_total',
    'Index roots of a member that contradict ours',
    peer,
  ),
  peerConvicted: gauge('callbook_peer_convicted', '1 while evidence freezes a log here', peer),
  logUnagreed: gauge('callbook_log_unagreed_entries', 'Entries that no quorum has cosigned', {
    log: namesOfMembers,
  }),
  logAgreementAge: gauge(
    'callbook_log_agreement_age_seconds',
    'Since a quorum cosigned a log, while there are entries that it has not',
    { log: namesOfMembers },
  ),
  evidence: gauge('callbook_evidence', 'Pieces of evidence held'),
  ownLog: gauge('callbook_own_log_thousands', 'Entries of the own log, in thousands'),
  charterVersion: gauge('callbook_charter_version', 'Version of the charter in force'),
  charterDays: gauge('callbook_charter_days', 'Days until the charter ends'),
  zoneKeys: gauge('callbook_zone_keys', 'Keys of the zone', {
    role: ['ksk', 'zsk'],
    phase: keyPhases,
  }),
  zoneKeyStep: gauge('callbook_zone_key_step_days', 'Days until the next step by itself'),
  presigned: gauge('callbook_presigned_keys_days', 'Days until keys signed elsewhere end'),
  dsAwaited: gauge('callbook_zone_ds_awaited', '1 while a key waits for its DS at the parent'),
  certificates: gauge('callbook_certificate_days', 'Days until a certificate ends', {
    use: certificateUses,
  }),
  sharedDatabase: gauge(
    'callbook_shared_database_state',
    'What is wrong with the shared database, 1 for what is',
    { code: sharedDatabaseStates },
  ),
  sharedDatabaseBacklog: gauge(
    'callbook_shared_database_lag_seconds',
    'How long the oldest change has waited for the shared database',
  ),
  standbyLag: gauge(
    'callbook_standby_lag_batches',
    'Batches that the nearest of those that stand by lacks, by what it said last',
  ),
  backupAge: gauge('callbook_backup_age_hours', 'Since the last backup'),
  store: gauge('callbook_store_mebibytes', 'Size of the database'),
  diskFree: gauge('callbook_disk_free_gibibytes', 'What is left on the disk of the data'),
  diskShare: gauge('callbook_disk_free_percent', 'The same as a share of the disk'),
  loopDelay: gauge(
    'callbook_event_loop_delay_milliseconds',
    'How late the main thread is, in the last whole minute',
    { delay: loopDelays },
  ),
  memory: gauge('callbook_memory_mebibytes', 'Resident memory'),
  memoryParts: gauge('callbook_memory_part_mebibytes', 'Memory in use by the main thread', {
    part: memoryParts,
  }),
  cpu: counter('callbook_cpu_seconds_total', 'CPU time of the process'),
  uptime: gauge('callbook_uptime_minutes', 'Time since the start'),
} as const satisfies Readonly<Record<string, MetricFamily>>;
