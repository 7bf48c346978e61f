import type {StageKind} from '../model/stage-kind.js';
import {acquire} from './acquire/stage.js';
import {audit} from './audit/stage.js';
import {dataCard} from './data-card-page/stage.js';
import {download} from './download/stage.js';
import {evaluate} from './evaluate.js';
import {execKind} from './exec.js';
import {leaderboard} from './leaderboard/stage.js';
import {predict} from './predict.js';
import {preprocess} from './preprocess/stage.js';
import {report} from './report/stage.js';
import {split} from './split/stage.js';
import {synthesize} from './synthesize/stage.js';
import {train} from './train.js';
import {weights} from './weights/stage.js';

const KINDS: readonly StageKind[] = [
  synthesize,
  download,
  acquire,
  split,
  preprocess,
  audit,
  dataCard,
  weights,
  train,
  predict,
  evaluate,
  report,
  leaderboard,
  execKind,
];

/** Every kind of stage that `uses:` can name. */
export const stageKinds: ReadonlyMap<string, StageKind> = new Map(KINDS.map((kind) => [kind.uses, kind]));
