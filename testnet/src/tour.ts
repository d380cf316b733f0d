/** What `npm start` prints once everything runs: what there is, and what to try. */
import { relative } from 'node:path';
import { loopback } from './layout.ts';
import type { TestnetLayout } from './layout.ts';

/** Returns the lines to print; paths are relative to `from`. */
export function tour(layout: TestnetLayout, from: string): string {
  const path = (file: string): string => relative(from, file) || file;
  const [first, second] = [layout.members[0]!, layout.members[1] ?? layout.members[0]!];
  const rows = layout.members.map(
    ({ name, zone, dnsPort, apiPort, webPort }) =>
      `  ${name.padEnd(8)} ${zone.padEnd(20)} DNS ${loopback}:${dnsPort}   API https://localhost:${apiPort}   web http://localhost:${webPort}`,
  );
  const number = '+34912345678';
  const owner = `${Array.from(number.slice(1)).reverse().join('.')}.${second.zone}`;
  return `
The federation runs.

${rows.join('\n')}

Try, in a browser: ${first.name}'s page at http://localhost:${first.webPort}, and beside it the
handset, which shows the codes that are sent, at http://localhost:${layout.handsetPort}

And as whoever runs ${first.name} sees it: http://localhost:${first.operatorPort}

Try, in a second terminal:

  export CALLBOOK_CONFIG=${path(layout.clientConfigFile)}
  npx callbook register ${number} --sip sip:alice@sip.example --member ${first.name} --code-from ${path(layout.outboxFile)}
  npx callbook lookup ${number}
  dig @${loopback} -p ${second.dnsPort} +dnssec NAPTR ${owner}

Let a validating resolver that nobody here wrote check it (Debian: unbound, bind9-dnsutils):

  unbound -d -c ${path(layout.unboundConfigFile)} &
  dig @${loopback} -p ${layout.resolverPort} +dnssec NAPTR ${owner}
  delv @${loopback} -p ${layout.resolverPort} -a ${path(layout.bindAnchorsFile)} +root=. NAPTR ${owner}

Addresses and files: ${path(layout.descriptionFile)}. Ctrl-C stops everything.
`;
}
