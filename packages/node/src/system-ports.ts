/** The system's clock and chance, as production passes them to every package. */
import { randomFillSync } from 'node:crypto';
import type { Clock, Random } from '@callbook/protocol';

export const systemClock: Clock = { nowMs: () => Date.now() };

export const systemRandom: Random = { bytes: (size) => randomFillSync(new Uint8Array(size)) };
