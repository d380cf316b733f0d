/** The page in Spanish; each screen's texts are a file of their own. */
import type { Messages } from '../messages.ts';
import { backup } from './es/backup.ts';
import { code } from './es/code.ts';
import { common } from './es/common.ts';
import { failures } from './es/failures.ts';
import { frame } from './es/frame.ts';
import { guard } from './es/guard.ts';
import { lookup } from './es/lookup.ts';
import { lost } from './es/lost.ts';
import { number } from './es/number.ts';
import { protect } from './es/protect.ts';
import { reach } from './es/reach.ts';
import { record } from './es/record.ts';
import { release } from './es/release.ts';
import { restore } from './es/restore.ts';
import { start } from './es/start.ts';
import { transparency } from './es/transparency.ts';

export const es: Messages = {
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
