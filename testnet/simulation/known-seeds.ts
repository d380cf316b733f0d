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
  // A member that had the next charter showed a log that the other did not know yet, or expelled: it was blamed.
  8,
  14, 31,
  // The draft could not be written: drafting ended, and nobody was told to start the member again.
  66,
  // A restored member believed an honest one that a charter it did not know yet had expelled, and a liar.
  4266245024056,
  2943617845679,
  // A convicted liar's log was frozen at different leaves: nobody could act until a charter said where it ends.
  7310025500544,
  7310025500561,
  // A payload was fetched a moment after the leaves were there.
  7310025500923, 7310025501604,
  // Two liars of four left a member without enough others to tell it how long its log was.
  7310025501281,
  // A commit with a quorum of leaves, one from before its hold was over, closed its slot for good.
  1093871234281,
  // An entry was complete by the other branch of a fork.
  918273645623,
  // A charter undid a rotation that was logged too late: the payload before it was erased everywhere.
  918273645177,
  // The same of updates: of a member that was made read-only, and whose clock had been ahead.
  94001018,
  // Two freezes that overlapped told a member that it was connected before they told it that it was not.
  94004043,
];
