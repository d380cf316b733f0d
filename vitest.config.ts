// One configuration for every suite. The condition must reach both module loaders: Vite's resolver
// (`ssr.resolve.conditions`) and the workers' own (`execArgv`); without the second, classes load twice.
import { defineConfig } from 'vitest/config';

const conditions = ['@callbook/source'];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'testnet/test/**/*.test.ts',
      'testnet/simulation/**/*.sim.ts',
      'testnet/chaos/**/*.test.ts',
      'scripts/test/**/*.test.ts',
    ],
    execArgv: ['--conditions=@callbook/source'],
    pool: 'forks',
    // For what comes by itself a little later: on a machine with other load, a good deal later.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
