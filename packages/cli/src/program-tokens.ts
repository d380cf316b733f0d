/** The commands about tokens, which pay for look-ups of what is not published for everybody. */
import type { Command } from 'commander';
import { numberHelp, numberOption, type AddCommand } from './add-command.ts';
import type { GetTokensOptions } from './commands/tokens.ts';

export function addTokens(program: Command, add: AddCommand): void {
  const tokens = program.command('tokens').description('tokens that pay for look-ups');
  const load = () => import('./commands/tokens.ts');
  add(tokens, 'get', async (session, command) =>
    (await load()).getTokens(session, command.opts<GetTokensOptions>()),
  )
    .description('get some from the members, as the holder of a number')
    .option('--count <n>', 'how many, 1 to 250', '48')
    .option(numberOption, numberHelp);
  add(tokens, 'status', async (session) => (await load()).tokenStatus(session)).description(
    'tell how many are left',
  );
}
