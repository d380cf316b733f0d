/** The screen `start`. */
import type { Messages } from '../../messages.ts';

export const start: Messages['start'] = {
  title: 'Ihre Nummer, mit Ihren eigenen Schlüsseln',
};
