import {type Command, Option} from 'commander';
import type {Shell} from './shell.js';

/** The agent of one machine, for drivers on other ones. */
export function addAgentCommand(
  program: Command,
  {shell, finish}: Readonly<{shell(): Shell; finish(code: number): void}>,
): void {
  program
    .command('agent')
    .description('train on this machine for runs that are started on other ones')
    .addOption(
      new Option('--listen <host:port>', 'take one training after another until Ctrl-C').conflicts([
        'makeKeys',
        'stop',
      ]),
    )
    .addOption(new Option('--stop <host:port>', 'have the agent there save and end what it trains'))
    .option('--keys <file>', 'NAME.agent.json to listen, NAME.driver.json to stop')
    .addOption(
      new Option('--make-keys <name>', 'write <name>.agent.json and <name>.driver.json').conflicts('stop'),
    )
    .action(async (options) => {
      const {agentCommand} = await import('./agent.js');
      finish(await agentCommand(shell(), options));
    });
}
