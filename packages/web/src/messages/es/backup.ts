/** Textos de `backup`. */
import type { Messages } from '../../messages.ts';

export const backup: Messages['backup'] = {
  title: 'Guarde su clave',
  intro:
    'Su clave se acaba de hacer, en este navegador y en ningún otro sitio. Nadie puede devolvérsela: ni los miembros, ni su operador. Por eso se hace una copia antes que nada.',
  done: 'Su clave tiene copia de seguridad, y la copia está probada.',
  way: '¿Cómo quiere guardarla?',
  ways: {
    words: '24 palabras en papel – para el cajón de los pasaportes',
    file: 'Un archivo cifrado con contraseña – para una memoria, o su nube',
  },
  wordsText:
    'Escriba estas 24 palabras en su orden, con un bolígrafo. No las fotografíe: quien tiene las palabras tiene su número.',
  wordsLabel: 'Sus 24 palabras',
  showWords: 'Mostrar las 24 palabras',
  written: 'Las he escrito',
  quizTitle: 'Veamos si funciona',
  quizText: 'Lea tres de las palabras en su papel.',
  word: 'Palabra {place}',
  wrongWord: 'Es otra palabra. Mire otra vez su papel.',
  test: 'Probar la copia',
  seeWords: 'Ver otra vez las palabras',
  fileText:
    'El archivo no sirve sin la contraseña, y nadie puede cambiarla. Cuatro o cinco palabras propias son buenas.',
  passphrase: 'Contraseña',
  passphraseHint: 'Al menos 12 caracteres',
  saveFile: 'Guardar el archivo',
  saveAgain: 'Guardar otra vez el archivo',
  fileTestTitle: 'Veamos si funciona',
  fileTestText: 'Elija el archivo que se acaba de guardar y escriba otra vez la contraseña.',
  file: 'Archivo de la copia',
  passphraseAgain: 'Contraseña',
};
