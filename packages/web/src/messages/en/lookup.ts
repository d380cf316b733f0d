/** The screen `lookup`. */
export const lookup = {
  title: 'Look up a number',
  intro: 'Who stands behind a number, and why that can be believed.',
  one: 'One number',
  list: 'A list',
  number: 'Telephone number',
  listLabel: 'Numbers or contacts',
  listHint: 'Paste them as they are, for example from a spreadsheet: at most {max} numbers.',
  ask: 'Look up',
  asking: 'Asking the members …',
  askingList: '{done} of {count} …',
  nothingRead:
    'There is no number in this text. Write each with + and the country code, or as you dial it.',
  tooMany: 'These are {count} numbers, at most {max} at a time. Paste a part of them.',
  skipped: 'Lines without a number that can be read, left out: {count}',
  again: 'Try again',
  results: 'Answer',
  listResults: '{count} numbers, {published} of them in the directory',
  columnNumber: 'Number',
  columnAnswer: 'Answer',
  columnRoute: 'Reachable at',
  columnWhy: 'Believed',
  whyProven: 'proven',
  whyAgreed: '{agreeing} members say so',
  states: {
    published: '{number} is in the directory',
    absent: 'Nobody has claimed {number}',
    elsewhere: '{number} is at another provider',
    unanswered: 'No answer that can be believed',
  },
  shortStates: {
    published: 'in the directory',
    absent: 'not claimed',
    elsewhere: 'at another provider',
    unanswered: 'no answer',
  },
  reachable: 'Reachable at',
  keys: 'Published keys',
  since: 'Unchanged since',
  keyUses: {
    identity: 'identity',
    sip: 'calls',
    box: 'messages sealed for the holder',
    other: 'other',
  },
  noRoutes: 'no address, only keys',
  dormant: 'The holder has not confirmed this for more than a year. Do not rely on it.',
  pending:
    'Somebody wants to take this number over. That can happen from {time} on; until then the holder can refuse.',
  why: 'Why this is believed',
  agreement:
    '{agreeing} of {answered} members that answered say the same; {quorum} are needed, so that no single one can lie.',
  disagreeing: 'Says something else: {members}. The answer above is what the others say and prove.',
  silent: 'Did not answer: {members}.',
  proven:
    'It is proven: {member} has signed a summary of the whole directory, and this answer leads to it. A change of even one letter would not fit.',
  agreedLogs:
    'The summary rests on {count} logs that cannot be changed afterwards. Enough members have confirmed each of them, the last time at {time}.',
  notProven: 'No member could give a proof just now. The answer rests on what the members say.',
  withheld:
    'To whoever has no token, members do not prove that nothing is kept for a number: they would tell who has one without being found in DNS. What everybody may see, they all say the same of.',
  dnssec:
    'The name system of the internet says the same: the zone {zone}, with {count} signatures checked in this browser, beginning with the key in the charter.',
  noDnssec: 'The name system of the internet could not be asked just now.',
  oblivious:
    'Nobody has seen your question together with your address: one member passed it on sealed, another answered it.',
  plain: 'The members have seen your question and the address of your network.',
  details: 'What each member says',
  says: { published: 'in the directory', absent: 'not claimed', failed: 'no answer' },
};
