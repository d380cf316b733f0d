/** Texte von `record`. */
import type { Messages } from '../../messages.ts';

export const record: Messages['record'] = {
  title: 'Meine Nummer',
  none: 'Dieser Browser hat noch keine Nummer.',
  noJourney: 'In diesem Browser gibt es nichts, womit es weiterginge.',
  notHere: 'Der Schlüssel dieser Nummer ist nicht in diesem Browser.',
  claim: 'Nummer eintragen',
  welcome:
    'Sie gehört Ihnen. {number} ist veröffentlicht, und ein Quorum der Mitglieder hat dafür unterschrieben.',
  states: {
    good: 'Alle Mitglieder veröffentlichen, was Sie eingestellt haben.',
    partly:
      'Nicht alle Mitglieder zeigen Ihren neuesten Stand. Eine Änderung braucht einen Moment; ein Mitglied kann weg sein.',
    changed:
      'Die Mitglieder veröffentlichen etwas, das nicht in diesem Browser eingestellt wurde. Waren Sie es nicht auf einem anderen Gerät, ist Ihr Schlüssel gestohlen.',
    unknown: 'Gerade kann kein Mitglied gefragt werden.',
  },
  asking: 'Jedes Mitglied wird gefragt …',
  reload: 'Neuesten Stand laden',
  released:
    'Sie haben diese Nummer aufgegeben. Sie bleibt veröffentlicht, bis die Pause um ist; dann löschen sie alle Mitglieder.',
  erased: 'Gelöscht bei {count} von {total} Mitgliedern.',
  pending: 'Eine Änderung ist unterschrieben, aber zu wenige Mitglieder haben sie bestätigt.',
  goOn: 'Damit weitermachen',
  dormant:
    'Sie haben diese Nummer seit über einem Jahr nicht bestätigt. Veröffentlichen Sie sie wieder, damit man sich weiter auf sie verlässt.',
  confirm: 'Jetzt bestätigen',
  published: 'Was veröffentlicht ist',
  addresses: 'Adressen',
  noAddress: 'keine, nur Ihre Schlüssel',
  keys: 'Schlüssel',
  keyUses: {
    identity: 'Identität',
    sip: 'Anrufe',
    box: 'versiegelte Nachrichten',
    openpgp: 'OpenPGP',
  },
  visibility: 'Zu finden',
  visibilities: { dns: 'für alle, im DNS', api: 'nur über Callbook selbst' },
  lock: 'Sperre',
  lockOn: 'an',
  lockOff: 'aus',
  recovery: 'Wiederherstellungscode',
  recoveryOn: 'es gibt einen',
  recoveryOff: 'keiner',
  keyAt: 'Ihr Schlüssel',
  keyInBrowser: 'in diesem Browser, wo ihn kein Programm lesen kann',
  keySealed: 'versiegelt in diesem Browser',
  members: 'Was jedes Mitglied jetzt sagt',
  member: 'Mitglied',
  api: 'Direkt gefragt',
  dns: 'In seinem DNS',
  apiSayings: {
    same: 'Ihr neuester Stand',
    behind: 'ein älterer Stand',
    other: 'etwas anderes',
    absent: 'nichts',
    failed: 'keine Antwort',
  },
  dnsSayings: {
    same: 'Ihr neuester Stand, signiert',
    other: 'etwas anderes',
    absent: 'nichts',
    hidden: 'nichts, wie Sie es wollen',
    bogus: 'falsch signiert',
    clock: 'passt nicht zur Uhr dieses Geräts',
    failed: 'keine Antwort',
    asking: '…',
  },
  checkedAt: 'Gefragt: {time}; alle paar Sekunden wieder.',
  clock: 'Signaturen passen nicht zur Zeit dieses Geräts. Bitte stellen Sie seine Uhr.',
  proof: 'Der Beweis',
  proven:
    'Bewiesen: {member} hat eine Zusammenfassung des ganzen Verzeichnisses unterschrieben, die genau diesen Stand Ihrer Nummer enthält, unter {count} Protokollen, die ein Quorum bestätigt hat.',
  provenOther:
    'Was {member} beweist, ist noch nicht Ihr neuester Stand. Nach einer Änderung dauert das ein paar Sekunden.',
  noProof: 'Gerade ist kein Beweis zu haben.',
  agreedAt: 'Protokoll von {origin}: {size} Einträge, bestätigt {time}',
  changes: 'Letzte Änderungen',
  changedAt: 'So veröffentlicht seit {time}',
  loggedAt: '{origin} hat es protokolliert: {time}',
  holder:
    'Sie sind Inhaber Nr. {epoch} dieser Nummer im Verzeichnis. Änderungen, seit sie Ihre ist: {seq}.',
  edit: 'Adressen und Schlüssel ändern',
  protect: 'Wiederherstellungscode und Sperre',
  release: 'Nummer aufgeben',
  forget: 'Aus diesem Browser entfernen',
  forgetText:
    'Bei den Mitgliedern ändert sich nichts. Ohne Ihre Sicherung können Sie nicht zurück.',
  forgetYes: 'Ja, hier entfernen',
};
