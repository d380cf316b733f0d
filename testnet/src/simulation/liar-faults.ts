/** What liars do. A seed gives each liar some of these; without any it is merely another software. */

export const liarFaults = [
  /** Shows one half of the members other leaves than the other half. */
  'forks',
  /** Lets its `at` go back. */
  'backdates',
  /** Logs commits before their hold is over. */
  'commits early',
  /** Logs every entry of a slot, challenged or not. */
  'logs both',
  /** Logs entries that no holder has signed. */
  'forges entries',
  /** Witnesses what nobody has challenged. */
  'witnesses alone',
  /** Gives receipts for leaves that it then shows nobody. */
  'stalls',
  /** Shows leaves to some, half a page to others, payloads to nobody. */
  'withholds',
  /** Sends batches and evidence made up in the name of honest members. */
  'frames',
  /** Sends rubbish, much of it, over every protocol. */
  'floods',
] as const;

/** The last one needs members that draft: it is drawn where they do. */
export type LiarFault = (typeof liarFaults)[number] | 'spoils drafts';
