/**
 * Seeds that once found something: they are played for ever. What a seed draws changes with the
 * simulation, so a repair has a test of its own beside its seed.
 */
export const knownSeeds: readonly number[] = [
  // A disk that fails under the sweep of releases: the rejection was nobody's and ended the process.
  134,
  161,
];
