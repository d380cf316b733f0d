/** What the members say of a number that is held here, also where it is published for tokens alone. */
import { holdingPayload, type Holding, type Survey } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import type { Session } from './session.ts';

/** Asks every member; signs as the holder only where that is needed, as a key may be on a card. */
export async function surveyOwn(
  { directory }: Pick<Session, 'directory'>,
  { identifier, holding }: { readonly identifier: Identifier; readonly holding: Holding | null },
): Promise<Survey> {
  const isHidden = holding !== null && holdingPayload(holding).visibility === 'api';
  return await directory.survey(identifier, isHidden ? { holding } : {});
}
