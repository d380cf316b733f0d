/** The page in German; each screen's texts are a file of their own. */
import type { Messages } from '../messages.ts';
import { failures } from './de/failures.ts';
import { frame } from './de/frame.ts';
import { lookup } from './de/lookup.ts';
import { start } from './de/start.ts';
import { transparency } from './de/transparency.ts';

export const de: Messages = { failures, frame, lookup, start, transparency };
