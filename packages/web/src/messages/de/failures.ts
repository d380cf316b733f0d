/** Was schiefging, und der nächste Schritt. */
import type { Messages } from '../../messages.ts';

const kinds: Messages['failures']['kinds'] = {
  channel: {
    what: 'Der Code konnte gerade nicht an diese Nummer geschickt werden.',
    next: 'Warten Sie eine Minute und schicken Sie ihn noch einmal, oder lassen Sie ihn ein anderes Mitglied schicken.',
  },
  class: {
    what: 'Diese Nummer lässt diesen Weg nicht zu.',
    next: 'Wählen Sie einen anderen; ohne Wiederherstellungscode und E-Mail-Adresse dauert es länger, aber es geht.',
  },
  clock: {
    what: 'Die Uhr dieses Geräts geht falsch.',
    next: 'Stellen Sie Datum und Uhrzeit (am besten: automatisch), dann versuchen Sie es noch einmal. Es wurde nichts geändert.',
  },
  code_gone: {
    what: 'Dieser Code zählt nicht mehr: Er war zehn Minuten offen, oder die Seite wurde inzwischen geschlossen.',
    next: 'Schicken Sie einen neuen. Alles andere, was Sie getan haben, bleibt.',
  },
  code_spent: {
    what: 'Es wurden zu viele falsche Codes eingegeben, darum gilt dieser nicht mehr.',
    next: 'Schicken Sie einen neuen Code und tippen Sie den aus der neuesten Nachricht.',
  },
  code_wrong: {
    what: 'Das ist nicht der Code.',
    next: 'Vergleichen Sie ihn mit der neuesten Nachricht: acht Ziffern.',
  },
  codes_limited: {
    what: 'An diese Nummer gingen vorerst genug Codes; das schützt den, dem sie gehört.',
    next: 'Versuchen Sie es in etwa {minutes} Minuten wieder, oder lassen Sie ein anderes Mitglied einen schicken. Alles bleibt.',
  },
  crypto: {
    what: 'Dieser Browser lässt die Seite keine Schlüssel machen.',
    next: 'Öffnen Sie die Seite unter ihrer Adresse mit https in einem aktuellen Firefox, Chrome, Edge oder Safari, ohne Erweiterungen, die Kryptografie sperren.',
  },
  disagree: {
    what: 'Die Mitglieder widersprechen sich gerade.',
    next: 'Eine Änderung braucht einen Moment, bis alle sie haben. Versuchen Sie es in ein paar Sekunden wieder; bleibt es so, sehen Sie unter „Wer das betreibt“ nach.',
  },
  file: {
    what: 'Das ist keine Sicherungsdatei von Callbook, oder sie ist beschädigt.',
    next: 'Wählen Sie eine andere Kopie davon, oder nehmen Sie die 24 Wörter.',
  },
  file_missing: {
    what: 'Es wurde keine Datei gewählt.',
    next: 'Wählen Sie die Sicherungsdatei; oft liegt sie im Ordner der Downloads.',
  },
  file_other: {
    what: 'Diese Datei ist die Sicherung eines anderen Schlüssels.',
    next: 'Wählen Sie die Datei, die eben gespeichert wurde.',
  },
  free: {
    what: 'Niemand hat diese Nummer.',
    next: 'Sie können sie einfach eintragen.',
  },
  held: {
    what: 'Jemand hat diese Nummer schon.',
    next: 'Waren Sie es: Holen Sie sie mit Ihrer Sicherung. Ist der Schlüssel verloren, oder hatte jemand die Nummer vor Ihnen: Übernehmen Sie sie. Beides steht hier darunter.',
  },
  hold: {
    what: 'Die Wartezeit ist noch nicht um.',
    next: 'Kommen Sie wieder, wenn sie um ist; die Seite sagt, wann. Bis dahin müssen Sie nichts tun.',
  },
  incomplete: {
    what: 'Bisher haben es zu wenige Mitglieder bestätigt.',
    next: 'Nichts ist verloren: Drücken Sie in einer Minute „Noch einmal versuchen“, dann geht derselbe Eintrag weiter.',
  },
  key_missing: {
    what: 'Der Schlüssel zu dieser Nummer ist nicht in diesem Browser, oder er hat nicht geantwortet.',
    next: 'Holen Sie ihn mit Ihrer Sicherung: den 24 Wörtern oder der Datei.',
  },
  lies: {
    what: '{member} hat eine Antwort gegeben, die es nicht beweisen kann. Ihr wurde nicht geglaubt.',
    next: 'Nichts ging verloren, und auf sein Wort wurde nichts unterschrieben. Versuchen Sie es noch einmal: Es werden andere gefragt. Bitte sagen Sie es denen unter „Wer das betreibt“.',
  },
  moved: {
    what: 'Diese Nummer wurde eben woanders mit demselben Schlüssel geändert.',
    next: 'Laden Sie den neuesten Stand, dann machen Sie Ihre Änderung noch einmal.',
  },
  needs_codes: {
    what: 'Die Mitglieder wollen sicher sein, dass Sie die Nummer noch haben.',
    next: 'Machen Sie mit einem Code weiter: Er geht an Ihre Nummer.',
  },
  not_served: {
    what: 'An Nummern dieser Art kann kein Code geschickt werden.',
    next: 'Versuchen Sie es bei einem anderen Mitglied. Mehrwert-, Satelliten- und Pagernummern bedient keines.',
  },
  number: {
    what: 'Das ist keine Telefonnummer.',
    next: 'Schreiben Sie sie mit + und der Landesvorwahl, etwa +34 912 345 678.',
  },
  page_old: {
    what: 'Diese Seite kennt einen alten Stand der Föderation.',
    next: 'Laden Sie die Seite neu. Hilft das nicht, öffnen Sie die Seite eines anderen Mitglieds.',
  },
  part: {
    what: 'Ein Teil der Seite konnte nicht geladen werden.',
    next: 'Prüfen Sie das Netz und versuchen Sie es noch einmal.',
  },
  passphrase: {
    what: 'Die Passphrase öffnet diese Datei nicht.',
    next: 'Versuchen Sie es noch einmal: Groß- und Kleinschreibung und Leerzeichen zählen. Ohne sie nehmen Sie die 24 Wörter.',
  },
  paused: {
    what: 'Sie haben schon einmal um diese Nummer gebeten und wurden abgewiesen.',
    next: 'Warten Sie einen Tag, bevor Sie wieder bitten; danach sind es eine Woche, dann ein Monat.',
  },
  payload: {
    what: 'Eine der Adressen oder einer der Schlüssel ist nicht so geschrieben, wie er muss.',
    next: 'Prüfen Sie sie: keine Leerzeichen, keine Anführungszeichen, je höchstens acht.',
  },
  recovery: {
    what: 'Das ist kein Wiederherstellungscode, oder er hat einen Tippfehler.',
    next: 'Vergleichen Sie ihn mit dem Papier, Gruppe für Gruppe: acht Gruppen zu vier Zeichen.',
  },
  refused: {
    what: 'Die Mitglieder haben das abgelehnt.',
    next: 'Versuchen Sie es in einer Minute wieder. Bleibt es so, nennen Sie {member} den Code unten.',
  },
  release_pending: {
    what: 'Diese Nummer wurde vor Kurzem aufgegeben und ist noch nicht frei.',
    next: 'Kommen Sie in ein paar Tagen wieder.',
  },
  seed_foreign: {
    what: 'Diese Sicherung gehört zu einem anderen Schlüssel als dem, der die Nummer jetzt hat.',
    next: 'Nehmen Sie die neueste Sicherung. Gibt es keine: Übernehmen Sie die Nummer mit „Schlüssel verloren“.',
  },
  storage: {
    what: 'Der Browser hat keinen Platz mehr; darum hat die Seite angehalten, bevor etwas verschickt wurde.',
    next: 'Machen Sie Platz (löschen Sie Downloads oder Daten anderer Seiten), dann versuchen Sie es noch einmal: Es geht weiter, wo Sie waren.',
  },
  storage_lost: {
    what: 'Was diese Seite im Browser aufbewahrt hat, lässt sich nicht mehr lesen.',
    next: 'Ihre Nummer ist bei den Mitgliedern sicher. Holen Sie sie mit Ihrer Sicherung: den 24 Wörtern oder der Datei.',
  },
  superseded: {
    what: 'Jemand anderes hat die Nummer inzwischen übernommen.',
    next: 'Gehört die Nummer Ihnen, übernehmen Sie sie wieder: Am Ende gewinnt, wer die SIM-Karte hat.',
  },
  unknown: {
    what: 'Etwas ging schief, das diese Seite nicht kennt.',
    next: 'Laden Sie die Seite neu: Alles, was Sie getan haben, bleibt. Kommt es wieder, nennen Sie einem Mitglied den Code unten.',
  },
  unreachable: {
    what: 'Zu wenige Mitglieder antworten.',
    next: 'Ist ein Netz da? Versuchen Sie es gleich noch einmal. Alles, was Sie getan haben, bleibt.',
  },
  vetoed: {
    what: 'Der Inhaber hat abgelehnt: Wer den alten Schlüssel hat, ist da.',
    next: 'Gehört die Nummer wirklich Ihnen, bitten Sie noch einmal: Die Pausen werden länger, und am Ende gewinnt, wer die Nummer hat.',
  },
  words: {
    what: 'Das sind nicht die 24 Wörter einer Sicherung.',
    next: 'Vergleichen Sie sie mit dem Papier, Wort für Wort: alle 24, in ihrer Reihenfolge, auf Englisch.',
  },
};

export const failures: Messages['failures'] = {
  kinds,
  aMember: 'Ein Mitglied',
  code: 'Für den, der Ihnen hilft:',
};
