/** The page in English; each screen's texts are a file of their own. */

import { failures } from './en/failures.ts';
import { frame } from './en/frame.ts';
import { lookup } from './en/lookup.ts';
import { start } from './en/start.ts';
import { transparency } from './en/transparency.ts';

export const en = { failures, frame, lookup, start, transparency };
