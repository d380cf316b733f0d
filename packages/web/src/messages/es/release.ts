/** Textos de `release`. */
import type { Messages } from '../../messages.ts';

export const release: Messages['release'] = {
  title: 'Dejar el número',
  text: 'Hágalo cuando el número ya no sea suyo, o cuando no quiera estar más en Callbook.',
  points: [
    'Sigue publicado {duration}, por si fue un ladrón; después lo borran todos los miembros.',
    'Después puede registrarlo cualquiera que tenga el número, usted también.',
    'Esta página no puede deshacerlo.',
  ],
  confirm: 'Escriba las cuatro últimas cifras de {number}',
  fault: 'No son sus cuatro últimas cifras.',
  go: 'Dejarlo',
  working: 'Los miembros lo confirman …',
};
