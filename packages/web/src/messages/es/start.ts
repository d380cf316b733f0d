/** The screen `start`. */
import type { Messages } from '../../messages.ts';

export const start: Messages['start'] = {
  title: 'Su número, con sus propias claves',
};
