import {checkAccelerators} from './accelerators.js';
import type {Check} from './check.js';
import {checkMachine} from './machine.js';
import {checkPackages} from './packages.js';
import {checkPython, type PythonQuestion} from './python.js';

/** `node`: process.version. `home`: the state directory, absolute. */
export type DoctorQuestion = PythonQuestion & Readonly<{node: string; home: string}>;

/** Looks at everything that a run depends on. A check that finds a fault does not end the others. */
export async function examine(question: DoctorQuestion): Promise<readonly Check[]> {
  const groups = await Promise.all([
    checkMachine(question),
    checkPackages(question.environment),
    checkPython(question),
    checkAccelerators(question.environment),
  ]);
  return groups.flat();
}

/** Whether something that a run needs is not there. */
export function isMissingSomething(checks: readonly Check[]): boolean {
  return checks.some((check) => check.status === 'missing');
}
