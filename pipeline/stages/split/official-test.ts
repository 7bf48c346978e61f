import {formatCount} from '../../model/words.js';
import {type CheckOutcome, notChecked} from '../audit/document.js';
import type {FoldRow} from './overlap.js';
import {publishedFolds} from './published.js';

const TITLE = 'Images of the published official test part in train';

/**
 * What a model trained on these folds must not be scored on. It is no leak between the folds themselves.
 * @param known - Whether the images are those of ChestX-ray14.
 */
export function checkOfficialTest(rows: readonly FoldRow[], known: boolean): CheckOutcome {
  if (!known) return notChecked('official-test', TITLE, 'the images are not those of ChestX-ray14');
  const {foldOf} = publishedFolds('official');
  const official = rows.filter(({image}) => foldOf(image) === 'test');
  const trained = official.filter(({fold}) => fold === 'train');
  const found = `${formatCount(trained.length)} of ${formatCount(official.length)} are in this train fold`;
  return {
    name: 'official-test',
    title: TITLE,
    status: trained.length === 0 ? 'passed' : 'noted',
    count: trained.length,
    of: official.length,
    detail:
      trained.length === 0
        ? found
        : `${found}: a model trained on it must not be scored on the official test part`,
    examples: trained.slice(0, 5).map(({image}) => image),
  };
}
