/** The screen `transparency`. */
import type { Messages } from '../../messages.ts';

export const transparency: Messages['transparency'] = {
  title: 'Wer das betreibt',
};
