/** What is around every screen. */
import type { Messages } from '../../messages.ts';

export const frame: Messages['frame'] = {
  skip: 'Zum Inhalt springen',
  navigation: 'Hauptmenü',
  record: 'Meine Nummer',
  lookup: 'Nachschlagen',
  transparency: 'Wer das betreibt',
  loading: 'Wird geladen …',
  partMissing: 'Ein Teil der Seite konnte nicht geladen werden. Gibt es ein Netz?',
  again: 'Noch einmal versuchen',
  offline:
    'Sie sind offline. Nichts geht verloren; machen Sie weiter, wenn das Netz wieder da ist.',
  language: 'Sprache',
  promise:
    'Kein Tracking, keine Werbung, nichts von Dritten. Ihre Schlüssel entstehen in diesem Browser und bleiben bei Ihnen.',
};
