/** What the simulated network does to messages; a seed chooses, and healing ends the worst of it. */

export interface NetworkConditions {
  /** A message takes at least this long, */
  readonly delayMsMin: number;
  /** and at most this long, except */
  readonly delayMsMax: number;
  /** with this probability, when it takes up to ten times as long. */
  readonly lateProbability: number;
  /** A gossip message is lost, or arrives twice. */
  readonly lossProbability: number;
  readonly duplicateProbability: number;
  /** A stream breaks at a frame. */
  readonly breakProbability: number;
}

export const calm: NetworkConditions = {
  delayMsMin: 1,
  delayMsMax: 30,
  lateProbability: 0.01,
  lossProbability: 0,
  duplicateProbability: 0.01,
  breakProbability: 0,
};
