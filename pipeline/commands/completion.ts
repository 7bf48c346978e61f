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

type Verb = Readonly<{name: string; summary: string; options: readonly Flag[]; words: readonly string[]}>;
type Flag = Readonly<{flag: string; summary: string; choices: readonly string[]}>;

function describe(program: Command): readonly Verb[] {
  const shared = program.options;
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.description(),
    // Those of the verbs below a verb count as its own.
    options: [command, ...command.commands]
      .flatMap(({options}) => options)
      .concat(shared)
      .map((option: Option) => ({
        flag: option.long ?? option.flags,
        summary: option.description,
        choices: option.argChoices ?? [],
      })),
    // What stands after these is no file.
    words:
      command.name() === 'completion' ? Object.keys(WRITERS) : command.commands.map((below) => below.name()),
  }));
}

const WRITERS: Readonly<Record<string, (verbs: readonly Verb[]) => string>> = {bash, zsh, fish};

/** The choices of every option that has some, once. */
function choicesOf(verbs: readonly Verb[]): ReadonlyMap<string, readonly string[]> {
  const flags = verbs.flatMap(({options}) => options).filter(({choices}) => choices.length > 0);
  return new Map(flags.map(({flag, choices}) => [flag, choices]));
}

/** source <(pipeline completion bash) */
function bash(verbs: readonly Verb[]): string {
  const cases = verbs.map(({name, options, words}) => {
    const files = words.length > 0 ? ` files='${words.join(' ')}'` : '';
    return `    ${name}) words='${options.map(({flag}) => flag).join(' ')}'${files} ;;`;
  });
  const choices = [...choicesOf(verbs)].map(
    ([flag, words]) => `    ${flag}) words='${words.join(' ')}' verb=choice ;;`,
  );
  return `_pipeline() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} verb='' words='' files='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    --home|--color) ((i++)) ;;
    -*) ;;
    *) verb=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $verb in
    '') words='${verbs.map(({name}) => name).join(' ')}' ;;
${cases.join('\n')}
  esac
  case $before in
${choices.join('\n')}
  esac
  if [[ $word == -* || -z $verb || $verb == choice ]]; then COMPREPLY=($(compgen -W "$words" -- "$word"))
  elif [[ -n $files && $before != -* ]]; then COMPREPLY=($(compgen -W "$files" -- "$word"))
  else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _pipeline pipeline
`;
}

/** pipeline completion zsh > a folder of $fpath/_pipeline */
function zsh(verbs: readonly Verb[]): string {
  const cases = verbs.map(({name, options, words}) => {
    const flags = options.map(({flag, summary, choices}) => {
      const values = choices.length > 0 ? `:value:(${choices.join(' ')})` : '';
      return `'${flag}[${plain(summary, /[[\]':]/g)}]${values}'`;
    });
    const rest = words.length > 0 ? `'1:word:(${words.join(' ')})'` : `'*:file:_files'`;
    return `    ${name}) _arguments ${flags.join(' ')} ${rest} ;;`;
  });
  return `#compdef pipeline
_pipeline() {
  local -a verbs
  local state line
  verbs=(${verbs.map((verb) => `'${verb.name}:${plain(verb.summary, /[':]/g)}'`).join(' ')})
  _arguments -C '--home[state directory]:folder:_files -/' '--color[colours]:when:(auto always never)' \\
    '1:command:->verb' '*::arguments:->rest'
  case $state in
  verb) _describe 'command' verbs ;;
  rest) case $line[1] in
${cases.join('\n')}
  esac ;;
  esac
}
_pipeline "$@"
`;
}

/** pipeline completion fish | source */
function fish(verbs: readonly Verb[]): string {
  const lines = verbs.flatMap(({name, summary, options, words}) => {
    const when = `'__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c pipeline -n __fish_use_subcommand -f -a ${name} -d '${plain(summary, /'/g)}'`,
      ...(words.length > 0 ? [`complete -c pipeline -n ${when} -f -a '${words.join(' ')}'`] : []),
      ...options
        .filter(({flag}) => flag.startsWith('--'))
        .map(({flag, summary: text, choices}) => {
          const values = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : '';
          return `complete -c pipeline -n ${when} -l ${flag.slice(2)}${values} -d '${plain(text, /'/g)}'`;
        }),
    ];
  });
  return `${lines.join('\n')}\n`;
}

function plain(text: string, without: RegExp): string {
  return text.replace(without, ' ');
}
