/** Texte von `lost`. */
import type { Messages } from '../../messages.ts';

export const lost: Messages['lost'] = {
  title: 'Schlüssel verloren',
  intro:
    'Ihre Nummer kann einen neuen Schlüssel bekommen, wenn Sie dort noch Nachrichten empfangen. Damit kein Dieb unbemerkt dasselbe tun kann, dauert es eine Weile, und wer den alten Schlüssel hat, kann ablehnen.',
  backupFirst:
    'Haben Sie Ihre 24 Wörter oder die Sicherungsdatei? Dann ist nichts verloren, und es ist in einer Minute getan.',
  way: 'Was haben Sie?',
  ways: {
    possession: 'Nur die Nummer: {duration} warten',
    recovery: 'Die Nummer und ihren Wiederherstellungscode: {duration} warten',
    email: 'Die Nummer und die E-Mail-Adresse, die für sie bestätigt wurde: {duration} warten',
  },
  locked: 'War die Nummer gesperrt, dauert es stattdessen {duration}.',
  timeline: 'Was geschehen wird',
  isDone: 'getan',
  steps: {
    ask: {
      title: 'Sie bitten darum',
      text: 'Mitglieder schicken Codes an Ihre Nummer, und Sie tippen sie ein.',
    },
    told: {
      title: 'Der Inhaber erfährt es',
      text: 'Durch eine Nachricht und auf seiner Seite. Wer den alten Schlüssel hat, kann ablehnen. Bis zum Ende ändert sich nichts: Wer anruft, findet, was er vorher fand.',
    },
    wait: {
      title: 'Die Wartezeit ist um',
      text: 'Bis dahin müssen Sie nichts tun; Sie können diese Seite schließen.',
    },
    take: { title: 'Sie kommen wieder', text: 'Noch ein Code, und der neue Schlüssel gilt.' },
    yours: {
      title: 'Die Nummer gehört Ihnen',
      text: 'Wer anruft, findet Ihren neuen Schlüssel und Ihre Adresse.',
    },
  },
  begin: 'Weiter: einen neuen Schlüssel machen',
  holdTitle: 'Warten auf Ihre Nummer',
  holdFor: 'Sie haben um {number} gebeten.',
  left: 'Noch {duration}',
  ready: 'Die Wartezeit ist um. Übernehmen Sie die Nummer jetzt.',
  take: 'Übernehmen: den Code schicken',
  keepOpen:
    'Sie können diese Seite schließen und in diesem Browser wiederkommen. Ohne Sie geschieht nichts.',
  vetoed: 'Der Inhaber hat abgelehnt: Wer den alten Schlüssel hat, ist da.',
  vetoedText:
    'Gehört die Nummer wirklich Ihnen, bitten Sie noch einmal. Die Pausen werden länger, und am Ende gewinnt, wer die Nummer hat.',
  superseded: 'Jemand anderes hat die Nummer inzwischen übernommen.',
  free: 'Niemand hat diese Nummer mehr. Sie können sie einfach eintragen.',
  again: 'Noch einmal bitten',
  giveUp: 'Aufgeben',
};
