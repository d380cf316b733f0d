/**
 * Tells the table of hot answers what has changed, from the thread that writes the store. To be called
 * after the commit: an answer that a worker made from the store of before is then never found again.
 */
import type { Identifier } from '@callbook/protocol';
import { dnsError } from '../errors.ts';
import { AnswerTable } from '../datagram/answer-table.ts';
import type { AnswerKey } from '../datagram/answer-key.ts';
import { parseName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { ownerNames } from '../wire/owner-names.ts';

export class AnswerNotices {
  private readonly table: AnswerTable;
  private readonly key: AnswerKey;
  private readonly apex: DomainName;

  /** Takes the table's memory and the apex of the zone. Code: `dns_zone_setting_invalid`. */
  constructor(memory: SharedArrayBuffer, apex: string) {
    const name = parseName(apex);
    if (name.verdict !== 'accept')
      throw dnsError('dns_zone_setting_invalid', `apex: ${name.message}`);
    this.table = new AnswerTable(memory);
    this.key = this.table.createKey();
    this.apex = name.value;
  }

  /** Ends the answers about identifiers, of every type. Prefixes of a number keep theirs: they say nothing of it. */
  bindingsChanged(identifiers: readonly Identifier[]): void {
    for (const identifier of identifiers) {
      const names = ownerNames(identifier, this.apex);
      if (names === undefined) continue;
      for (const { wire } of [names.binding, names.sipClient, names.openpgpkey]) {
        this.key.setName(wire, 0, wire.length);
        this.table.invalidate(this.key);
      }
    }
  }

  /** Ends all answers. */
  everythingChanged(): void {
    this.table.invalidateAll();
  }
}
