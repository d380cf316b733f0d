/** Texte von `restore`. */
import type { Messages } from '../../messages.ts';

export const restore: Messages['restore'] = {
  title: 'Meine Sicherung holen',
  intro:
    'Ihre Nummer steht bei den Mitgliedern; die Sicherung bringt ihren Schlüssel zurück in diesen Browser.',
  way: 'Was haben Sie?',
  ways: { words: 'Die 24 Wörter', file: 'Die Sicherungsdatei' },
  words: 'Die 24 Wörter, der Reihe nach',
  wordsHint: 'Mit Leerzeichen dazwischen',
  file: 'Sicherungsdatei',
  passphrase: 'Passphrase',
  go: 'Zurückholen',
  working: 'Mitglieder beweisen, was sie von Ihrer Nummer haben …',
};
