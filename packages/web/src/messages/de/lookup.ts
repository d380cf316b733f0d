/** The screen `lookup`. */
import type { Messages } from '../../messages.ts';

export const lookup: Messages['lookup'] = {
  title: 'Eine Nummer nachschlagen',
  intro: 'Wer hinter einer Nummer steht, und warum man das glauben kann.',
  one: 'Eine Nummer',
  list: 'Eine Liste',
  number: 'Telefonnummer',
  listLabel: 'Nummern oder Kontakte',
  listHint:
    'Fügen Sie sie ein, wie sie sind, zum Beispiel aus einer Tabelle: höchstens {max} Nummern.',
  ask: 'Nachschlagen',
  asking: 'Die Mitglieder werden gefragt …',
  askingList: '{done} von {count} …',
  nothingRead:
    'In diesem Text ist keine Nummer. Schreiben Sie jede mit + und Landesvorwahl, oder so, wie Sie sie wählen.',
  tooMany: 'Das sind {count} Nummern, höchstens {max} auf einmal. Fügen Sie einen Teil davon ein.',
  skipped: 'Zeilen ohne lesbare Nummer, ausgelassen: {count}',
  again: 'Noch einmal versuchen',
  results: 'Antwort',
  listResults: '{count} Nummern, {published} davon im Verzeichnis',
  columnNumber: 'Nummer',
  columnAnswer: 'Antwort',
  columnRoute: 'Erreichbar unter',
  columnWhy: 'Geglaubt, weil',
  whyProven: 'bewiesen',
  whyAgreed: '{agreeing} Mitglieder es sagen',
  states: {
    published: '{number} steht im Verzeichnis',
    absent: '{number} hat niemand beansprucht',
    elsewhere: '{number} ist bei einem anderen Anbieter',
    unanswered: 'Keine Antwort, die man glauben kann',
  },
  shortStates: {
    published: 'im Verzeichnis',
    absent: 'nicht beansprucht',
    elsewhere: 'bei anderem Anbieter',
    unanswered: 'keine Antwort',
  },
  reachable: 'Erreichbar unter',
  keys: 'Veröffentlichte Schlüssel',
  since: 'Unverändert seit',
  keyUses: {
    identity: 'Identität',
    sip: 'Anrufe',
    box: 'Nachrichten, nur für den Inhaber',
    other: 'anderer',
  },
  noRoutes: 'keine Adresse, nur Schlüssel',
  dormant:
    'Der Inhaber hat das seit mehr als einem Jahr nicht bestätigt. Verlassen Sie sich nicht darauf.',
  pending:
    'Jemand will diese Nummer übernehmen. Das geht ab {time}; bis dahin kann der Inhaber ablehnen.',
  why: 'Warum man das glauben kann',
  agreement:
    '{agreeing} von {answered} Mitgliedern, die geantwortet haben, sagen dasselbe; {quorum} müssen es sein, damit keines allein lügen kann.',
  disagreeing:
    'Sagt etwas anderes: {members}. Die Antwort oben ist das, was die anderen sagen und beweisen.',
  silent: 'Hat nicht geantwortet: {members}.',
  proven:
    'Es ist bewiesen: {member} hat eine Zusammenfassung des ganzen Verzeichnisses unterschrieben, und diese Antwort führt dorthin. Schon ein anderer Buchstabe würde nicht passen.',
  agreedLogs:
    'Die Zusammenfassung beruht auf {count} Protokollen, die sich nachträglich nicht ändern lassen. Genügend Mitglieder haben jedes bestätigt, zuletzt um {time}.',
  notProven:
    'Gerade konnte kein Mitglied einen Beweis geben. Die Antwort beruht auf dem, was die Mitglieder sagen.',
  withheld:
    'Wer keine Marke hat, dem beweisen die Mitglieder nicht, dass es zu einer Nummer nichts gibt: Sie verrieten sonst, wer eine hat, ohne im DNS zu stehen. Über das, was alle sehen dürfen, sagen alle dasselbe.',
  dnssec:
    'Das Namenssystem des Internets sagt dasselbe: die Zone {zone}, mit {count} Unterschriften, die dieser Browser geprüft hat, beginnend beim Schlüssel in der Satzung.',
  noDnssec: 'Das Namenssystem des Internets war gerade nicht zu fragen.',
  oblivious:
    'Niemand hat Ihre Frage zusammen mit Ihrer Adresse gesehen: Ein Mitglied hat sie versiegelt weitergegeben, ein anderes hat sie beantwortet.',
  plain: 'Die Mitglieder haben Ihre Frage und die Adresse Ihres Netzes gesehen.',
  details: 'Was jedes Mitglied sagt',
  says: { published: 'im Verzeichnis', absent: 'nicht beansprucht', failed: 'keine Antwort' },
};
