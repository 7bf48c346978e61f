import type {Failure} from '../model/failure.js';
import type {Result} from '../model/result.js';
import {openStore, type Store} from '../store/store.js';
import type {Shell} from './shell.js';

/** The state directory as this process sees it. */
export function openState(shell: Shell): Result<Store, Failure> {
  return openStore(shell.home, {
    now: shell.now,
    random: Math.random,
    pid: shell.pid,
    host: shell.host,
    command: ['pipeline', ...shell.argv].join(' '),
  });
}
