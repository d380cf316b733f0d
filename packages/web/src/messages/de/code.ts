/** Texte von `code`. */
import type { Messages } from '../../messages.ts';

export const code: Messages['code'] = {
  title: 'Tippen Sie den Code',
  intro: 'Ein Mitglied schickt einen Code aus acht Ziffern an {number}.',
  introSeveral:
    'Mitglieder schicken Codes aus acht Ziffern an {number}, damit niemand über ein einziges Mitglied eine Nummer übernehmen kann.',
  send: 'Den Code schicken',
  sending: 'Der Code wird geschickt …',
  several: 'Code {place} von {count}',
  sent: '{member} hat einen Code an {to} geschickt.',
  names: 'Die letzte Zeile der Nachricht nennt {domain}.',
  label: 'Code von {member}',
  hint: 'Acht Ziffern',
  malformed: 'Der Code hat acht Ziffern.',
  wrong: 'Das ist nicht der Code. Vergleichen Sie ihn mit der neuesten Nachricht.',
  clock:
    'Die Uhr dieses Geräts geht anscheinend um etwa {minutes} Minuten falsch. Bitte stellen Sie sie: Mit einer falschen Uhr sehen gute Antworten alt aus.',
  left: 'Zählt noch {time} Minuten',
  over: 'Dieser Code zählt nicht mehr. Schicken Sie einen neuen.',
  check: 'Code prüfen',
  notHere: 'Keine Nachricht?',
  notHereText:
    'Es kann eine Minute dauern. Sie können ihn noch einmal schicken lassen, oder von einem anderen Mitglied, das einen anderen Weg nimmt.',
  resend: 'Neuen Code schicken',
  resendIn: 'Neuen Code schicken ({seconds} s)',
  other: '{member} soll ihn schicken',
  checking: 'Der Code wird geprüft …',
  confirming: 'Der Code stimmt. Mitglieder bestätigen den Eintrag …',
  confirmed: 'Der Code stimmt. {count} von {needed} Mitgliedern haben bestätigt.',
  done: 'Fertig.',
  resuming:
    'Sie waren fast fertig: Der Eintrag ist unterschrieben, und Mitglieder bestätigen ihn jetzt.',
  recoveryLabel: 'Wiederherstellungscode',
  recoveryHint: 'Acht Gruppen zu vier Zeichen, von Ihrem Papier',
  emailLabel: 'Die E-Mail-Adresse, die Sie für diese Nummer bestätigt haben',
  emailFault: 'Das ist keine E-Mail-Adresse.',
};
