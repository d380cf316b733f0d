/** Textos de `guard`. */
import type { Messages } from '../../messages.ts';

export const guard: Messages['guard'] = {
  request: 'Alguien quiere quedarse con {number}.',
  requestText: 'Si nadie se niega, pasará como pronto el {time}. Si no fue usted: niéguese ahora.',
  refuse: 'No fui yo: negarme',
  refusing: 'Negándose …',
  refused: 'Negado. Nadie se queda con {number}; la petición no vale.',
  me: 'Fui yo, en otro aparato',
  withCode: 'Negarme también con un código',
  rotated: 'La clave de {number} se cambió en otro sitio. Si no fue usted, se la han robado.',
  replaced: 'Ahora tiene {number} otra persona.',
  releasedAway: '{number} se dejó en otro sitio.',
  changed: 'Lo que publica {number} se cambió en otro sitio con su clave.',
  absent: 'Un quórum de los miembros no publica ya nada de {number}.',
  differs:
    '{member} dice de {number} otra cosa que los demás miembros, y no demuestra nada. Nadie tiene que creerlo.',
  look: 'Mirarlo',
  close: 'Cerrar',
  vetoTitle: 'Negarse con un código',
  vetoText:
    'Un código muestra a los miembros que aún tiene el número. Esa negativa cuenta incluso contra una petición hecha con un código de recuperación.',
  vetoGo: 'Enviar el código y negarme',
  vetoDone: 'Negado. El número sigue siendo suyo.',
  nothing: 'Ahora mismo nadie pide este número.',
};
