/** The screen `start`. */
import type { Messages } from '../../messages.ts';

export const start: Messages['start'] = {
  title: 'Ihre Nummer, mit Ihren eigenen Schlüsseln',
  what: 'Callbook ist ein öffentliches Verzeichnis, das sagt, wessen Schlüssel und welche Adresse für Anrufe zu einer Telefonnummer gehören.',
  why: 'Wer Sie anruft oder Ihnen schreibt, kann sicher sein, Sie zu erreichen und niemand anderen, und Sie behalten Ihre Nummer, wenn Sie den Anbieter wechseln.',
  who: 'Mehrere unabhängige Organisationen betreiben es gemeinsam, Ihre Schlüssel entstehen in diesem Browser, und niemand braucht ein Passwort.',
  claim: 'Meine Nummer beanspruchen',
  mine: 'Meine Nummer',
  lookup: 'Jemanden nachschlagen',
  moreTitle: 'Etwas anderes',
  restore: 'Ich habe eine Sicherung und ein neues Gerät oder einen neuen Browser',
  lost: 'Mein Schlüssel ist verloren, oder jemand anderes hat meine Nummer',
  transparency: 'Wer betreibt das, und sind sie sich einig?',
  needTitle: 'Was Sie brauchen',
  needs: [
    'Ihr Telefon in der Nähe: Ein Code wird an Ihre Nummer geschickt.',
    'Papier und Stift, oder einen Platz für eine Datei: für die Sicherung Ihres Schlüssels.',
    'Etwa zwei Minuten.',
  ],
};
