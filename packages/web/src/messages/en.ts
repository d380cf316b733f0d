/** The page in English; each screen's texts are a file of their own. */

import { frame } from './en/frame.ts';
import { lookup } from './en/lookup.ts';
import { start } from './en/start.ts';
import { transparency } from './en/transparency.ts';

export const en = { frame, lookup, start, transparency };
