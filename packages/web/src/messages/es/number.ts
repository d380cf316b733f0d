/** Textos de `number`. */
import type { Messages } from '../../messages.ts';

export const number: Messages['number'] = {
  title: 'Su número de teléfono',
  intro:
    'El número al que le llama la gente. Enviamos un código a él, para estar seguros de que es suyo.',
  label: 'Número de teléfono',
  country: 'País',
  countryOption: '{name} (+{code})',
  hint: 'Como lo marca, o con prefijo del país: +34 912 345 678',
  typing: 'Siga …',
  empty: 'Escriba su número.',
  short: 'Este número es demasiado corto. ¿Falta una cifra?',
  unusual: 'una longitud poco habitual; compruébelo otra vez',
  faults: {
    letters: 'En un número solo puede haber cifras, espacios y +.',
    too_long: 'Este número es demasiado largo.',
    country_unknown: 'Elija un país.',
  },
  checking: 'Preguntando a los miembros por este número …',
  heldTitle: 'Este número ya está en Callbook',
  heldText:
    'Alguien lo ha registrado. Si fue usted, tráigalo aquí con su copia de seguridad. Si ha perdido la clave, o el número era antes de otra persona, recupérelo.',
  heldDormant: 'Su titular no lo ha confirmado desde hace más de un año.',
  here: 'Este navegador ya tiene este número.',
  toRecord: 'Ver mi número',
  unfinishedTitle: 'Ya ha empezado',
  unfinished: 'Estaba en camino con {number}. Todo sigue guardado.',
};
