/** The page in German; each screen's texts are a file of their own. */
import type { Messages } from '../messages.ts';
import { backup } from './de/backup.ts';
import { code } from './de/code.ts';
import { common } from './de/common.ts';
import { failures } from './de/failures.ts';
import { frame } from './de/frame.ts';
import { guard } from './de/guard.ts';
import { lookup } from './de/lookup.ts';
import { lost } from './de/lost.ts';
import { number } from './de/number.ts';
import { protect } from './de/protect.ts';
import { reach } from './de/reach.ts';
import { record } from './de/record.ts';
import { release } from './de/release.ts';
import { restore } from './de/restore.ts';
import { start } from './de/start.ts';
import { transparency } from './de/transparency.ts';

export const de: Messages = {
  backup,
  code,
  common,
  failures,
  frame,
  guard,
  lookup,
  lost,
  number,
  protect,
  reach,
  record,
  release,
  restore,
  start,
  transparency,
};
