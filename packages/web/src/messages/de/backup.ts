/** Texte von `backup`. */
import type { Messages } from '../../messages.ts';

export const backup: Messages['backup'] = {
  title: 'Bewahren Sie Ihren Schlüssel',
  intro:
    'Ihr Schlüssel ist eben entstanden, in diesem Browser und sonst nirgends. Niemand kann ihn Ihnen zurückgeben: nicht die Mitglieder, nicht Ihr Anbieter. Darum wird er gesichert, bevor irgendetwas anderes geschieht.',
  done: 'Ihr Schlüssel ist gesichert, und die Sicherung ist geprüft.',
  way: 'Wie wollen Sie ihn aufbewahren?',
  ways: {
    words: '24 Wörter auf Papier – für die Schublade mit den Ausweisen',
    file: 'Eine verschlüsselte Datei mit Passphrase – für einen Stick oder Ihre Cloud',
  },
  wordsText:
    'Schreiben Sie diese 24 Wörter der Reihe nach auf, mit einem Stift. Fotografieren Sie sie nicht: Wer die Wörter hat, hat Ihre Nummer.',
  wordsLabel: 'Ihre 24 Wörter',
  showWords: 'Die 24 Wörter zeigen',
  written: 'Ich habe sie aufgeschrieben',
  quizTitle: 'Mal sehen, ob es klappt',
  quizText: 'Lesen Sie drei der Wörter von Ihrem Papier ab.',
  word: 'Wort {place}',
  wrongWord: 'Das ist ein anderes Wort. Sehen Sie noch einmal auf Ihr Papier.',
  test: 'Sicherung prüfen',
  seeWords: 'Wörter noch einmal zeigen',
  fileText:
    'Ohne die Passphrase ist die Datei nichts wert, und niemand kann sie zurücksetzen. Vier oder fünf eigene Wörter sind gut.',
  passphrase: 'Passphrase',
  passphraseHint: 'Mindestens 12 Zeichen',
  saveFile: 'Datei speichern',
  saveAgain: 'Datei noch einmal speichern',
  fileTestTitle: 'Mal sehen, ob es klappt',
  fileTestText:
    'Wählen Sie die Datei, die eben gespeichert wurde, und tippen Sie die Passphrase noch einmal.',
  file: 'Sicherungsdatei',
  passphraseAgain: 'Passphrase',
};
