/** The screen `lookup`. */
import type { Messages } from '../../messages.ts';

export const lookup: Messages['lookup'] = {
  title: 'Buscar un número',
};
