/** Plays one seed after the other in a thread of its own: `run-seeds.ts` says which. */
import { parentPort } from 'node:worker_threads';
import { simulate } from './simulation.ts';
import type { SimulationResult } from './simulation-options.ts';

/** What a worker is asked for. */
export interface SeedRequest {
  readonly seed: number;
  readonly memberCount?: number;
}

/** What it answers: the result, without what only the whole trace is needed for. */
export type SeedResult = Omit<SimulationResult, 'durableSteps'>;

const port = parentPort!;

port.on('message', (request: SeedRequest) => {
  void play(request);
});

async function play(request: SeedRequest): Promise<void> {
  const { durableSteps: _, ...result } = await simulate(request);
  const { violation } = result;
  const answer: SeedResult = violation === undefined ? { ...result, traceTail: [] } : result;
  port.postMessage(answer, []);
}
