/**
 * Seeds that once found something: they are played for ever. What a seed draws changes with the
 * simulation, so a repair has a test of its own beside its seed (`narrow-weather.sim.ts`).
 */
export const knownSeeds: readonly number[] = [
  // A disk that fails under the sweep of releases: the rejection was nobody's and ended the process.
  134,
  161,
  // A veto by a key that one member knew to be replaced: the other was blamed for passing it on.
  211,
  // A clock that was set back let a member wait ten minutes before it asked a mirror.
  357,
];
