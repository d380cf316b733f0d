/** The screen `transparency`. */
import type { Messages } from '../../messages.ts';

export const transparency: Messages['transparency'] = {
  title: 'Quién lo lleva',
};
