/** Seeds that once found something: they are played for ever. */
export const knownSeeds: readonly number[] = [
  // A disk that fails under the sweep of releases: the rejection was nobody's and ended the process.
  134,
  161,
];
