/** The screen `start`. */
import type { Messages } from '../../messages.ts';

export const start: Messages['start'] = {
  title: 'Su número, con sus propias claves',
  what: 'Callbook es un directorio público que dice de quién son las claves y qué dirección para llamadas corresponde a un número de teléfono.',
  why: 'Quien le llame o le escriba puede estar seguro de llegar a usted y a nadie más, y usted conserva su número cuando cambia de proveedor.',
  who: 'Lo llevan juntas varias organizaciones independientes, sus claves se crean en este navegador y nadie necesita una contraseña.',
  claim: 'Reclamar mi número',
  mine: 'Mi número',
  lookup: 'Buscar a alguien',
  moreTitle: 'Otra cosa',
  restore: 'Tengo una copia de seguridad y un aparato o navegador nuevo',
  lost: 'He perdido mi clave, u otra persona tiene mi número',
  transparency: '¿Quién lo lleva, y están de acuerdo?',
  needTitle: 'Qué necesita',
  needs: [
    'Su teléfono a mano: se envía un código a su número.',
    'Papel y bolígrafo, o un sitio para un archivo: para la copia de su clave.',
    'Unos dos minutos.',
  ],
};
