/** `callbook-node serve --role front`: runs a front end until it is told to stop. */
import { assertOthersCannotWrite } from '../configuration/config-rights.ts';
import { createEventLog, errorCodes } from '../event-log.ts';
import { readFrontConfig } from './front-config.ts';
import { startFront } from './front.ts';

/** Resolves when SIGINT or SIGTERM has come and all is closed. */
export async function serveFront(configFile: string): Promise<void> {
  const config = await readFrontConfig(configFile);
  await assertOthersCannotWrite(configFile);
  const log = createEventLog('front', config.log?.level ?? 'info');
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    const end = (): void => {
      stop.abort();
      resolve();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
  // As the member: codes only, then end.
  process.on('uncaughtException', (error) => {
    log.error(errorCodes(error), 'defect');
    process.exit(70);
  });
  const starting = startFront(config, log, stop.signal);
  // Whoever waits for the database has nothing to lose.
  if ((await Promise.race([starting, stopped])) === undefined) process.exit(0);
  await using front = await starting;
  log.info(front.addresses, 'serving');
  await stopped;
  log.info('stopping');
}
