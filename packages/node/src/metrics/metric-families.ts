/**
 * Every metric of a member, with every value that a label can have: a table, so that nothing that came
 * from outside can become one. Requests are told apart by interface and outcome, never by what they
 * found: whether somebody's contacts are registered is nobody's statistics.
 */

export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Label → its values; without labels there is one sample. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
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

export const metricFamilies = {
  requests: {
    name: 'callbook_requests_total',
    type: 'counter',
    help: 'Requests to the API, in sixteens',
    labels: { interface: requestInterfaces, outcome: requestOutcomes },
  },
  datagrams: {
    name: 'callbook_dns_datagrams_total',
    type: 'counter',
    help: 'DNS queries by UDP, in sixteens',
    labels: { outcome: dnsOutcomes },
  },
  streamQueries: {
    name: 'callbook_dns_stream_queries_total',
    type: 'counter',
    help: 'DNS queries by TCP, TLS and HTTPS, in sixteens',
    labels: {},
  },
  workerRestarts: {
    name: 'callbook_dns_worker_restarts_total',
    type: 'counter',
    help: 'Threads that answer DNS and were started again',
    labels: {},
  },
  ready: {
    name: 'callbook_ready',
    type: 'gauge',
    help: '1 while requests may be sent',
    labels: {},
  },
  connected: {
    name: 'callbook_members_connected',
    type: 'gauge',
    help: 'Members to which there is a connection',
    labels: {},
  },
  ownLog: {
    name: 'callbook_own_log_thousands',
    type: 'gauge',
    help: 'Entries of the own log, in thousands',
    labels: {},
  },
  memory: {
    name: 'callbook_memory_mebibytes',
    type: 'gauge',
    help: 'Resident memory',
    labels: {},
  },
  cpu: {
    name: 'callbook_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of the process',
    labels: {},
  },
  uptime: {
    name: 'callbook_uptime_minutes',
    type: 'gauge',
    help: 'Time since the start',
    labels: {},
  },
} as const satisfies Readonly<Record<string, MetricFamily>>;
