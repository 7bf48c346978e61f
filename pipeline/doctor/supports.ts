import {listWords} from '../model/words.js';
import {type Check, good, type Supports, warning} from './check.js';

/** As py/chexnet/accelerators/survey.py prints them. */
export type SurveyedAccelerator = Readonly<
  {name: string} & ({description: string; supports: Supports} | {fault: string})
>;

/** A device that torch sees, what it supports and what it does not. */
export function checkSurveyed(accelerator: SurveyedAccelerator): Check {
  const {name} = accelerator;
  if ('fault' in accelerator) {
    const fault = accelerator.fault.split('\n', 1)[0];
    return warning(
      name,
      `torch sees it, and it does not work: ${fault}`,
      'is its driver of the right version?',
    );
  }
  const {description, supports} = accelerator;
  return {...good(name, `${description}: ${inWords(supports)}`), supports};
}

function inWords(supports: Supports): string {
  const {precisions, compiler} = supports;
  const able = {
    channels_last: supports.channels_last,
    deterministic: supports.deterministic,
    sync_batch_norm: supports.sync_batch_norm,
    'AVG in collectives': supports.average,
  };
  const has = Object.entries(able).flatMap(([name, is]) => (is ? [name] : []));
  const lacks = Object.entries(able).flatMap(([name, is]) => (is ? [] : [name]));
  return [
    precisions.join(', '),
    compiler === null ? 'no compile' : `compile by ${compiler}`,
    ...has,
    ...(lacks.length === 0 ? [] : [`no ${listWords(lacks, 'or')}`]),
  ].join('; ');
}
