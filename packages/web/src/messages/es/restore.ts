/** Textos de `restore`. */
import type { Messages } from '../../messages.ts';

export const restore: Messages['restore'] = {
  title: 'Traer mi copia de seguridad',
  intro: 'Su número está con los miembros; la copia trae su clave de vuelta a este navegador.',
  way: '¿Qué tiene?',
  ways: { words: 'Las 24 palabras', file: 'El archivo de la copia' },
  words: 'Las 24 palabras, en su orden',
  wordsHint: 'Con espacios entre ellas',
  file: 'Archivo de la copia',
  passphrase: 'Contraseña',
  go: 'Traerlo',
  working: 'Los miembros demuestran lo que tienen de su número …',
};
