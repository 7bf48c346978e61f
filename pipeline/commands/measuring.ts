import {type Command, InvalidArgumentError, Option} from 'commander';
import {addConfigOptions, addJson, positiveInteger} from './options.js';
import type {Shell} from './shell.js';

/** Commands that measure, and that set measured things side by side. */
export function addMeasuringCommands(
  program: Command,
  {shell, finish}: Readonly<{shell(): Shell; finish(code: number): void}>,
): void {
  const train = program
    .command('bench')
    .description('measure how fast this machine trains')
    .command('train')
    .description('train once on this machine’s device and record how long what took');
  addConfigOptions(addJson(train))
    .option('--images <n>', 'how many images (default: 15,000 synthetic ones)', positiveInteger)
    .option('--device <name>', 'cpu, cuda, hpu, mps, xpu or auto')
    .option('--ranks <n>', 'processes, each on a device of its own', positiveInteger)
    .option('--epochs <n>', 'times that every image is seen', positiveInteger)
    .option('--batch-size <n>', 'images of one step over all ranks', positiveInteger)
    .option('--precision <name>', 'fp32, tf32, bf16, fp16 or fp64')
    .option('--crop <pixels>', 'side of what the model sees', positiveInteger)
    .option('--preset <name>', 'a recipe by name, e.g. origin: ten crops, four images a step')
    .option('--seed <n>', 'of the initial weights and the order', wholeNumber)
    .option('--data <config|run>', 'train on these prepared images (default: synthetic ones)')
    .option('--stage <name>', 'which training of --data, where there are several')
    .option('-o, --output <record.json>', 'also write the record here')
    .option('--no-wait', 'exit 5 instead of waiting for another run')
    .action(async (options) => {
      const {benchTrainCommand} = await import('./bench.js');
      finish(await benchTrainCommand(shell(), options));
    });

  addJson(program.command('compare <record...>'))
    .description('measured trainings side by side: times, and whether their losses differ')
    .option('--margin <share>', 'a difference of the mean loss that counts as none', share, 0.01)
    .option('--with-published', 'the origin’s published times below, which nobody measured here')
    .addOption(new Option('--md', 'as Markdown').conflicts('json'))
    .action(async (given, options) => {
      const {compareCommand} = await import('./compare.js');
      finish(compareCommand(shell(), {...options, given}));
    });
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(value);
}

function share(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number > 0 && number < 1))
    throw new InvalidArgumentError('It must lie between 0 and 1, e.g. 0.01 for a hundredth of the loss.');
  return number;
}
