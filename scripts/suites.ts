/**
 * The test suites and what each may cost. A suite over its budget fails: a slow suite is a defect
 * like any other. Suites that measure time or start whole federations run alone, after the rest.
 */

export interface Suite {
  readonly name: string;
  /** Folders handed to vitest. */
  readonly paths: readonly string[];
  readonly budgetSeconds: number;
  /** What it may cost with CALLBOOK_FULL, where that is more. */
  readonly fullBudgetSeconds?: number;
  readonly alone: boolean;
  /** In a network of its own, one file after the other: it uses ports and files that everybody knows. */
  readonly ownNetwork?: boolean;
}

export const suites: readonly Suite[] = [
  { name: 'replication', paths: ['packages/replication'], budgetSeconds: 300, alone: false },
  { name: 'protocol', paths: ['packages/protocol'], budgetSeconds: 180, alone: false },
  { name: 'dns', paths: ['packages/dns'], budgetSeconds: 180, alone: false },
  { name: 'api', paths: ['packages/api'], budgetSeconds: 180, alone: false },
  { name: 'node', paths: ['packages/node'], budgetSeconds: 180, alone: false },
  { name: 'sip-bridge', paths: ['packages/sip'], budgetSeconds: 180, alone: false },
  { name: 'client', paths: ['packages/client'], budgetSeconds: 180, alone: false },
  { name: 'auditor', paths: ['packages/auditor'], budgetSeconds: 180, alone: false },
  { name: 'cli', paths: ['packages/cli', 'packages/web'], budgetSeconds: 180, alone: false },
  { name: 'repository', paths: ['scripts'], budgetSeconds: 60, alone: false },
  { name: 'federation', paths: ['testnet/test/federation'], budgetSeconds: 180, alone: true },
  { name: 'documentation', paths: ['testnet/test/documentation'], budgetSeconds: 180, alone: true },
  { name: 'packaging', paths: ['testnet/test/packaging'], budgetSeconds: 180, alone: true },
  { name: 'browser', paths: ['testnet/test/browser'], budgetSeconds: 180, alone: true },
  { name: 'web', paths: ['testnet/test/web'], budgetSeconds: 180, alone: true },
  { name: 'web-troubles', paths: ['testnet/test/web-troubles'], budgetSeconds: 180, alone: true },
  { name: 'takeover', paths: ['testnet/test/takeover'], budgetSeconds: 180, alone: true },
  { name: 'lookups', paths: ['testnet/test/client'], budgetSeconds: 180, alone: true },
  { name: 'members', paths: ['testnet/test/members'], budgetSeconds: 180, alone: true },
  { name: 'ownership', paths: ['testnet/test/ownership'], budgetSeconds: 180, alone: true },
  { name: 'channels', paths: ['testnet/test/channels'], budgetSeconds: 180, alone: true },
  {
    name: 'sip',
    paths: ['testnet/test/sip'],
    budgetSeconds: 180,
    alone: true,
    ownNetwork: true,
  },
  {
    name: 'providers-page',
    paths: ['testnet/test/providers-page'],
    budgetSeconds: 180,
    alone: true,
    ownNetwork: true,
  },
  {
    name: 'sip-offers',
    paths: ['testnet/test/sip-offers'],
    budgetSeconds: 180,
    alone: true,
    ownNetwork: true,
  },
  {
    name: 'web-phone',
    paths: ['testnet/test/web-phone'],
    budgetSeconds: 180,
    alone: true,
    ownNetwork: true,
  },
  { name: 'operations', paths: ['testnet/test/operations'], budgetSeconds: 180, alone: true },
  { name: 'surroundings', paths: ['testnet/test/surroundings'], budgetSeconds: 180, alone: true },
  { name: 'restore', paths: ['testnet/test/restore'], budgetSeconds: 180, alone: true },
  { name: 'first-member', paths: ['testnet/test/first-member'], budgetSeconds: 180, alone: true },
  { name: 'upgrade', paths: ['testnet/test/upgrade'], budgetSeconds: 180, alone: true },
  { name: 'years', paths: ['testnet/test/years'], budgetSeconds: 180, alone: true },
  {
    name: 'validation',
    paths: ['testnet/test/validation'],
    budgetSeconds: 180,
    fullBudgetSeconds: 1500,
    alone: true,
  },
  { name: 'private', paths: ['testnet/test/privacy'], budgetSeconds: 180, alone: true },
  { name: 'lying-member', paths: ['testnet/test/lying-member'], budgetSeconds: 180, alone: true },
  { name: 'attacks', paths: ['testnet/test/attacks'], budgetSeconds: 180, alone: true },
  { name: 'forgetting', paths: ['testnet/test/forgetting'], budgetSeconds: 180, alone: true },
  { name: 'audit', paths: ['testnet/test/audit'], budgetSeconds: 180, alone: true },
  { name: 'scale', paths: ['testnet/test/scale'], budgetSeconds: 180, alone: true },
  { name: 'standby', paths: ['testnet/test/standby'], budgetSeconds: 180, alone: true },
  {
    name: 'database-faults',
    paths: ['testnet/test/database-faults'],
    budgetSeconds: 180,
    alone: true,
  },
  {
    // Signing a million registers is half of it: 220 to 310 s, as fast as the processors are at the time.
    name: 'large',
    paths: ['testnet/test/large'],
    budgetSeconds: 420,
    fullBudgetSeconds: 2400,
    alone: true,
  },
  { name: 'simulation', paths: ['testnet/simulation'], budgetSeconds: 180, alone: true },
  { name: 'chaos', paths: ['testnet/chaos'], budgetSeconds: 180, alone: true },
  { name: 'soak', paths: ['testnet/test/soak'], budgetSeconds: 180, alone: true },
];
