/** The page in Spanish; each screen's texts are a file of their own. */
import type { Messages } from '../messages.ts';
import { failures } from './es/failures.ts';
import { frame } from './es/frame.ts';
import { lookup } from './es/lookup.ts';
import { start } from './es/start.ts';
import { transparency } from './es/transparency.ts';

export const es: Messages = { failures, frame, lookup, start, transparency };
