/** `callbook completion`: shell scripts made from the command tree itself, so that they fit it. */
import type { Command } from 'commander';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** Prints the script for `shell`; it completes commands and options, never numbers. */
export function printCompletion(terminal: Terminal, program: Command, shell: Shell): ExitCode {
  const words = wordsByCommand(program);
  const script = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](words);
  terminal.out(script);
  return exitCodes.ok;
}

/** The words that may follow each command; the empty path is `callbook` itself. */
type WordsByCommand = ReadonlyMap<string, readonly string[]>;

function wordsByCommand(program: Command): WordsByCommand {
  const words = new Map<string, string[]>();
  const global = program.options.flatMap(({ long }) => long ?? []);
  const visit = (command: Command, path: readonly string[]): void => {
    const own = command.options.flatMap(({ long }) => long ?? []);
    const below = command.commands.map((child) => child.name());
    words.set(path.join(' '), [...new Set([...below, ...own, ...global, '--help'])]);
    for (const child of command.commands) visit(child, [...path, child.name()]);
  };
  visit(program, []);
  return words;
}

function bashScript(words: WordsByCommand): string {
  const cases = [...words].map(([path, list]) => `    '${path}') words='${list.join(' ')}' ;;`);
  return `_callbook() {
  local words path='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ "$word" == -* ]] && continue
    case "$path $word" in
${nestedPaths(words)}
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _callbook callbook
`;
}

function nestedPaths(words: WordsByCommand): string {
  const paths = [...words.keys()].filter((path) => path !== '');
  return paths
    .map((path) => {
      const typed = path.includes(' ') ? path : ` ${path}`;
      return `      '${typed}') path='${path}' ;;`;
    })
    .join('\n');
}

function zshScript(words: WordsByCommand): string {
  return `#compdef callbook
autoload -U +X bashcompinit && bashcompinit
${bashScript(words)}`;
}

function fishScript(words: WordsByCommand): string {
  const lines = [...words].flatMap(([path, list]) => {
    const names = path === '' ? [] : path.split(' ');
    const condition =
      names.length === 0
        ? '__fish_use_subcommand'
        : names.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
    return list.map((word) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c callbook -n '${condition}' ${what}`;
    });
  });
  return `${['complete -c callbook -f', ...lines].join('\n')}\n`;
}
