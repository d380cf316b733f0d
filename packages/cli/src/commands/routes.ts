/** `callbook routes`: shows and changes the addresses that a held number publishes. */
import { holdingPayload } from '@callbook/client';
import type { Route } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld, selectRecord } from '../journal.ts';
import type { KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import { readPreference, readRoute, writeRoute } from '../route-text.ts';
import type { Session } from '../session.ts';

export interface RoutesOptions {
  readonly number?: string;
  readonly preference?: string;
}

/** Preference of the first route, and the step to the next one. */
const preferenceStep = 10;

/** Lists what the key file says; asks nobody. */
export async function listRoutes(session: Session, options: RoutesOptions): Promise<ExitCode> {
  return reportRoutes(session, await selectRecord(session, options.number));
}

export async function addRoute(
  session: Session,
  uri: string,
  options: RoutesOptions,
): Promise<ExitCode> {
  return changeRoutes(session, options, (routes) => {
    const last = Math.max(0, ...routes.map(({ preference }) => preference));
    const preference =
      options.preference === undefined
        ? Math.min(last + preferenceStep, 65_535)
        : readPreference(options.preference);
    return [...routes.filter((route) => route.uri !== uri), readRoute(uri, preference)];
  });
}

export async function removeRoute(
  session: Session,
  uri: string,
  options: RoutesOptions,
): Promise<ExitCode> {
  return changeRoutes(session, options, (routes) => {
    const kept = routes.filter((route) => route.uri !== uri);
    if (kept.length === routes.length) {
      throw cliError('route_malformed', `none of the ${routes.length} routes has this address`);
    }
    return kept;
  });
}

/** Publishes exactly these routes, in this order of preference. */
export async function setRoutes(
  session: Session,
  uris: readonly string[],
  options: RoutesOptions,
): Promise<ExitCode> {
  return changeRoutes(session, options, () =>
    uris.map((uri, index) => readRoute(uri, (index + 1) * preferenceStep)),
  );
}

async function changeRoutes(
  session: Session,
  options: RoutesOptions,
  change: (routes: readonly Route[]) => Route[],
): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  const { holding } = record;
  const routes = change(holdingPayload(holding).routes);
  const { onProgress } = session;
  const changed = await journal(session, record, (savePending) =>
    session.directory.publish(holding, { routes }, { onProgress, savePending }),
  );
  return reportRoutes(session, changed);
}

function reportRoutes(session: Session, { identifier, holding }: KeyRecord): ExitCode {
  if (holding === null) {
    throw cliError('holding_missing', 'the claim of this number was never completed');
  }
  const { routes } = holdingPayload(holding);
  session.report.result({ identifier, seq: holding.seq, routes }, [
    writeIdentifier(identifier),
    ...(routes.length === 0 ? ['  no routes'] : routes.map(writeRoute)),
  ]);
  return exitCodes.ok;
}
