/** What is around every screen. */
import type { Messages } from '../../messages.ts';

export const frame: Messages['frame'] = {
  skip: 'Saltar al contenido',
  navigation: 'Principal',
  record: 'Mi número',
  lookup: 'Buscar',
  transparency: 'Quién lo lleva',
  loading: 'Cargando …',
  partMissing: 'No se pudo cargar una parte de la página. ¿Hay red?',
  again: 'Intentar de nuevo',
  offline: 'No hay conexión. No se pierde nada; siga cuando vuelva la red.',
  language: 'Idioma',
  promise:
    'Sin rastreo, sin publicidad, nada de terceros. Sus claves se crean en este navegador y se quedan con usted.',
};
