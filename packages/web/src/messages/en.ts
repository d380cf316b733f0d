/** The page in English; each screen's texts are a file of their own. */

import { backup } from './en/backup.ts';
import { code } from './en/code.ts';
import { common } from './en/common.ts';
import { failures } from './en/failures.ts';
import { frame } from './en/frame.ts';
import { guard } from './en/guard.ts';
import { lookup } from './en/lookup.ts';
import { lost } from './en/lost.ts';
import { number } from './en/number.ts';
import { protect } from './en/protect.ts';
import { reach } from './en/reach.ts';
import { record } from './en/record.ts';
import { release } from './en/release.ts';
import { restore } from './en/restore.ts';
import { start } from './en/start.ts';
import { transparency } from './en/transparency.ts';

export const en = {
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
