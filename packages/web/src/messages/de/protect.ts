/** Texte von `protect`. */
import type { Messages } from '../../messages.ts';

export const protect: Messages['protect'] = {
  title: 'Wiederherstellungscode und Sperre',
  recovery: 'Wiederherstellungscode',
  recoveryText:
    'Mit diesem Code auf Papier bekommen Sie eine verlorene Nummer in {duration} zurück statt in {long}. Bewahren Sie ihn getrennt von den 24 Wörtern auf. Er hilft selbst dann, wenn ein Dieb Ihren Schlüssel hat.',
  recoveryOn: 'Es gibt einen Code. Ein neuer macht den vorigen ungültig.',
  make: 'Wiederherstellungscode machen',
  makeNew: 'Einen neuen machen',
  shown: 'Schreiben Sie diesen Code auf. Er wird einmal gezeigt und nirgends aufbewahrt.',
  codeLabel: 'Ihr Wiederherstellungscode',
  typeBack: 'Tippen Sie ihn von Ihrem Papier ab',
  typeBackHint: 'Acht Gruppen zu vier Zeichen; Großschreibung ist egal',
  other: 'Das ist nicht der Code, der gezeigt wurde. Sehen Sie noch einmal auf Ihr Papier.',
  put: 'In Kraft setzen',
  recoveryDone: 'Der Wiederherstellungscode gilt.',
  lock: 'Sperre',
  lockText:
    'Solange die Sperre an ist, kann niemand die Nummer in weniger als {duration} übernehmen, auch niemand, der Ihre Nachrichten liest.',
  lockOn: 'Die Sperre ist an.',
  lockOff: 'Die Sperre ist aus.',
  doLock: 'Sperre einschalten',
  doUnlock: 'Sperre ausschalten',
  unlockText:
    'Das Ausschalten wirkt nach {duration}: Bis dahin ist die Nummer so sicher wie zuvor.',
  locked: 'Die Sperre ist an, ab sofort.',
  lockEnds: 'Die Sperre ist noch an; sie geht aus: {time}.',
  email: 'E-Mail-Adresse',
  emailText:
    'Mit einer bestätigten E-Mail-Adresse kommt eine verlorene Nummer in {duration} zurück. Die Adresse wird nirgends aufbewahrt: nur ein Fingerabdruck davon.',
  emailOn: 'Eine Adresse ist bestätigt.',
  emailLabel: 'E-Mail-Adresse',
  emailHint: 'Es wird ein Code dorthin geschickt',
  emailFault: 'Das ist keine E-Mail-Adresse.',
  emailGo: 'Diese Adresse bestätigen',
  emailDone: 'Die Adresse ist bestätigt. Sie zählt nach {duration}.',
  working: 'Mitglieder bestätigen die Änderung …',
};
