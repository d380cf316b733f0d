/**
 * Loaded before anything else by the members of a run: a clock that can be set, and what ended the process, with
 * its stack, in the member's log. The product keeps that to itself, as it may tell of somebody; the people
 * of a run are made up.
 */
import '../moved-clock.ts';

process.on('uncaughtExceptionMonitor', (error) => console.error(error));
