import type {Command, Option} from 'commander';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Shell} from './shell.js';

/** Prints a completion script: verbs, their options, and files after a verb. */
export function completionCommand(shell: Shell, request: {name: string; program: Command}): ExitCode {
  const write = WRITERS[request.name];
  if (write === undefined) {
    shell.say(
      `error: no completion for '${request.name}'; there is one for ${Object.keys(WRITERS).join(', ')}\n`,
    );
    return EXIT.usage;
  }
  shell.print(write(describe(request.program)));
  return EXIT.ok;
}

type Verb = Readonly<{
  name: string;
  summary: string;
  options: readonly Readonly<{flag: string; summary: string}>[];
}>;

function describe(program: Command): readonly Verb[] {
  const shared = program.options;
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    options: [...command.options, ...shared].map((option: Option) => ({
      flag: option.long ?? option.flags,
      summary: option.description,
    })),
  }));
}

const WRITERS: Readonly<Record<string, (verbs: readonly Verb[]) => string>> = {bash, zsh, fish};

/** source <(pipeline completion bash) */
function bash(verbs: readonly Verb[]): string {
  const cases = verbs.map(
    (verb) => `    ${verb.name}) words='${verb.options.map((o) => o.flag).join(' ')}' ;;`,
  );
  return `_pipeline() {
  local word=\${COMP_WORDS[COMP_CWORD]} verb='' words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in -*) ;; *) verb=\${COMP_WORDS[i]}; break ;; esac
  done
  case $verb in
    '') words='${verbs.map((verb) => verb.name).join(' ')}' ;;
${cases.join('\n')}
  esac
  if [[ $word == -* || -z $verb ]]; then COMPREPLY=($(compgen -W "$words" -- "$word"))
  else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _pipeline pipeline
`;
}

/** pipeline completion zsh > a folder of $fpath/_pipeline */
function zsh(verbs: readonly Verb[]): string {
  const cases = verbs.map((verb) => {
    const options = verb.options.map((o) => `'${o.flag}[${plain(o.summary, /[[\]']/g)}]'`).join(' ');
    return `    ${verb.name}) _arguments ${options} '*:file:_files' ;;`;
  });
  return `#compdef pipeline
_pipeline() {
  local -a verbs
  verbs=(${verbs.map((verb) => `'${verb.name}:${plain(verb.summary, /[':]/g)}'`).join(' ')})
  if (( CURRENT == 2 )); then _describe 'command' verbs; return; fi
  case $words[2] in
${cases.join('\n')}
  esac
}
_pipeline "$@"
`;
}

/** pipeline completion fish | source */
function fish(verbs: readonly Verb[]): string {
  const lines = verbs.flatMap((verb) => [
    `complete -c pipeline -n __fish_use_subcommand -f -a ${verb.name} -d '${plain(verb.summary, /'/g)}'`,
    ...verb.options
      .filter((option) => option.flag.startsWith('--'))
      .map((option) => {
        const when = `'__fish_seen_subcommand_from ${verb.name}'`;
        return `complete -c pipeline -n ${when} -l ${option.flag.slice(2)} -d '${plain(option.summary, /'/g)}'`;
      }),
  ]);
  return `${lines.join('\n')}\n`;
}

function plain(text: string, without: RegExp): string {
  return text.replace(without, ' ');
}
