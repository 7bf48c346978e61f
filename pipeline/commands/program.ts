import {type Command, Option} from 'commander';
import {addAgentCommand} from './agent-options.js';
import {addPlaceOptions, takeOverOption} from './agent-place.js';
import {addMeasuringCommands} from './measuring.js';
import {
  addConfigOptions,
  addJson,
  addSelectOptions,
  eventsOption,
  keyValue,
  positiveInteger,
  repeatable,
  slotCounts,
} from './options.js';
import type {Shell} from './shell.js';

export type Wiring = Readonly<{version: string; shell(): Shell; finish(code: number): void}>;

/** Every verb of the command line. What a verb does is loaded when it is used: `ls` does not pay for `run`. */
export function addCommands(program: Command, wiring: Wiring): void {
  program
    .description('From the NIH ChestX-ray14 radiographs to a trained, evaluated and reported classifier.')
    .version(wiring.version)
    .option('--home <folder>', 'state directory (default: .pipeline, or PIPELINE_HOME)')
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .option('-q, --quiet', 'errors only', false)
    .option('-v, --verbose', 'more; -vv for everything', (_: string, count: number) => count + 1, 0)
    .showHelpAfterError('(pipeline <command> --help tells the options)')
    .exitOverride();
  addRunCommand(program, wiring);
  addPlanCommand(program, wiring);
  addGoingOn(program, wiring);
  addReportCommand(program, wiring);
  addDoctorCommand(program, wiring);
  addAgentCommand(program, wiring);
  addMeasuringCommands(program, wiring);
  addRunReaders(program, wiring);
  addConfigReaders(program, wiring);
}

function addRunCommand(program: Command, {shell, finish}: Wiring): void {
  const run = program
    .command('run <config> [stages...]')
    .description('run what is not up to date, and say why');
  addPlaceOptions(addConfigOptions(addSelectOptions(addJson(run))))
    .addOption(new Option('-n, --dry-run', 'decide and say why, do nothing').conflicts('events'))
    .option('-k, --keep-going', 'after a failure go on with what does not depend on it')
    .option('-j, --jobs <n>', 'at most this many stages at once', positiveInteger)
    .addOption(
      repeatable('--slots <name=n>', 'how many of a resource there are, e.g. gpu=2', {
        parse: slotCounts,
        start: {},
      }),
    )
    .option('--name <name>', 'name of the run (default: two words)')
    .option('-m, --message <text>', 'a note kept with the run')
    .addOption(repeatable('--tag <key=value>', 'a label kept with the run', {parse: keyValue, start: {}}))
    .option('--no-wait', 'exit 5 instead of waiting for another run')
    .addOption(eventsOption())
    .action(async (config, stages, options) => {
      const {runCommand} = await import('./run.js');
      finish(await runCommand(shell(), {...options, file: config, stages}));
    });
}

function addPlanCommand(program: Command, {shell, finish}: Wiring): void {
  const plan = program.command('plan <config> [stages...]').description('what run would do, and why');
  addConfigOptions(addSelectOptions(addJson(plan)))
    .option('--check', 'exit 3 when a stage is not up to date')
    .action(async (config, stages, options) => {
      const {planCommand} = await import('./plan.js');
      finish(await planCommand(shell(), {...options, file: config, stages}));
    });
}

/** With a run that did not come to its end, and the end of one that is under way. */
function addGoingOn(program: Command, {shell, finish}: Wiring): void {
  addJson(program.command('resume [run]'))
    .description('go on with a run that did not come to its end (default: @last)')
    .addOption(new Option('-n, --dry-run', 'decide and say why, do nothing').conflicts('events'))
    .option('--no-wait', 'exit 5 instead of waiting for another run')
    .addOption(takeOverOption())
    .addOption(eventsOption())
    .action(async (run, options) => {
      const {resumeCommand} = await import('./resume.js');
      finish(await resumeCommand(shell(), {...options, run: run ?? '@last'}));
    });

  addJson(program.command('stop [run]'))
    .description('let a run save what it has and end (default: the one that runs)')
    .option('--now', 'end it at once: what was not saved is lost')
    .action(async (run, options) => {
      const {stopCommand} = await import('./stop.js');
      finish(await stopCommand(shell(), {...options, run: run ?? null}));
    });
}

function addReportCommand(program: Command, {shell, finish}: Wiring): void {
  addJson(program.command('report <run>'))
    .description('write the report of a run')
    .option('--member <stage>', 'of a matrix, e.g. train[seed=1] (default: the first that was scored)')
    .option('-o, --output <file.html>', 'where to (default: report.html in the folder of the run)')
    .action(async (run, options) => {
      const {reportCommand} = await import('./report.js');
      finish(await reportCommand(shell(), {...options, run}));
    });
}

function addDoctorCommand(program: Command, {shell, finish}: Wiring): void {
  addJson(program.command('doctor'))
    .description('what this machine has and what is missing')
    .action(async (options) => {
      const {doctorCommand} = await import('./doctor.js');
      finish(await doctorCommand(shell(), options));
    });
}

function addRunReaders(program: Command, {shell, finish}: Wiring): void {
  addJson(program.command('ls'))
    .description('runs, newest first')
    .option('--limit <n>', 'at most this many', positiveInteger)
    .action(async (options) => {
      const {lsCommand} = await import('./ls.js');
      finish(await lsCommand(shell(), options));
    });

  addJson(program.command('show [run]'))
    .description('one run: decisions, reasons, times, results (default: @last)')
    .action(async (run, options) => {
      const {showCommand} = await import('./show.js');
      finish(await showCommand(shell(), {...options, run: run ?? '@last'}));
    });

  addJson(program.command('logs [run] [stage]'))
    .description('what happened and what the stages printed (default: @last)')
    .addOption(new Option('-f, --follow', 'go on until the run ends').conflicts('json'))
    .addOption(eventsOption())
    .action(async (run, stage, options) => {
      const {logsCommand} = await import('./logs.js');
      finish(await logsCommand(shell(), {...options, run: run ?? '@last', stage: stage ?? null}));
    });
}

function addConfigReaders(program: Command, {shell, finish}: Wiring): void {
  const status = program
    .command('status [config]')
    .description('is each stage up to date? (default: the last run’s file)');
  addConfigOptions(addJson(status)).action(async (config, options) => {
    const {statusCommand} = await import('./plan.js');
    finish(await statusCommand(shell(), {...options, file: config ?? null}));
  });

  const why = program.command('why <stage> [config]').description('why a stage would run, or would not');
  addConfigOptions(addJson(why)).action(async (stage, config, options) => {
    const {whyCommand} = await import('./plan.js');
    finish(await whyCommand(shell(), {...options, stage, file: config ?? null}));
  });

  addConfigOptions(addJson(program.command('validate <config>')))
    .description('every fault of a configuration, with its place')
    .action(async (config, options) => {
      const {validateCommand} = await import('./validate.js');
      finish(await validateCommand(shell(), {...options, file: config}));
    });

  const config = program.command('config <config>').description('the configuration as resolved');
  addConfigOptions(addJson(config))
    .option('--resolve', 'with defaults (always on; accepted for clarity)')
    .option('--show-origin', 'where each value came from')
    .action(async (file, options) => {
      const {configCommand} = await import('./config.js');
      finish(await configCommand(shell(), {...options, file}));
    });

  const dag = program.command('dag <config>').description('the graph of stages');
  addConfigOptions(addJson(dag))
    .addOption(new Option('--format <format>', 'drawing').choices(['text', 'mermaid']).default('text'))
    .action(async (file, options) => {
      const {dagCommand} = await import('./dag.js');
      finish(await dagCommand(shell(), {...options, file}));
    });

  program
    .command('completion <shell>')
    .description('a completion script for bash, zsh or fish')
    .action(async (name) => {
      const {completionCommand} = await import('./completion.js');
      finish(completionCommand(shell(), {name, program}));
    });
}
