/**
 * `callbook-node completion`: shell scripts made from the command tree itself, so that they fit it. Files
 * are completed by the shell. The tool for people has the same for its own tree; neither imports the other.
 */
import { Argument, Command } from 'commander';
import type { Print } from './keys.ts';

type Shell = 'bash' | 'zsh' | 'fish';

/** Returns the command; the tree is that of `program` when it runs. */
export function completionCommand(print: Print, program: Command): Command {
  return new Command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action((shell: Shell) => {
      const words = wordsByCommand(program);
      print({ bash: bashScript, zsh: zshScript, fish: fishScript }[shell](words));
    });
}

/** The words that may follow each command; the empty path is `callbook-node` itself. */
type WordsByCommand = ReadonlyMap<string, readonly string[]>;

function wordsByCommand(program: Command): WordsByCommand {
  const words = new Map<string, string[]>();
  const visit = (command: Command, path: readonly string[]): void => {
    const options = command.options.flatMap(({ long }) => long ?? []);
    const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
    const below = command.commands.map((child) => child.name());
    words.set(path.join(' '), [...new Set([...below, ...choices, ...options, '--help'])]);
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(program, []);
  return words;
}

function bashScript(words: WordsByCommand): string {
  const paths = [...words.keys()].filter((path) => path !== '');
  const steps = paths.map((path) => {
    const typed = path.includes(' ') ? path : ` ${path}`;
    return `      '${typed}') path='${path}' ;;`;
  });
  const cases = [...words].map(([path, list]) => `    '${path}') words='${list.join(' ')}' ;;`);
  return `_callbook_node() {
  local words path='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ "$word" == -* ]] && continue
    case "$path $word" in
${steps.join('\n')}
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _callbook_node callbook-node
`;
}

function zshScript(words: WordsByCommand): string {
  return `#compdef callbook-node
autoload -U +X bashcompinit && bashcompinit
${bashScript(words)}`;
}

function fishScript(words: WordsByCommand): string {
  const lines = [...words].flatMap(([path, list]) => {
    const names = path === '' ? [] : path.split(' ');
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`);
    const condition = seen.length === 0 ? '__fish_use_subcommand' : seen.join('; and ');
    return list.map((word) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c callbook-node -n '${condition}' ${what}`;
    });
  });
  return `${lines.join('\n')}\n`;
}
