import type {StageKind} from '../../model/stage-kind.js';
import {acquireParams} from './params.js';

const NIH = 'https://nihcc.app.box.com/v/ChestXray-NIHCC';

/** Takes stock of radiographs in local folders and archives: matches them with their metadata, hashes them, says what is missing. */
export const acquire: StageKind = {
  uses: 'acquire',
  version: 3,
  summary: 'takes stock of radiographs in folders and archives and of their metadata',
  inputs: [{type: 'archives', optional: true}],
  output: 'dataset',
  params: acquireParams,
  paths: [
    {
      param: 'images',
      is: 'either',
      // Of the same image in two places the first one is used, and the inventory names places by their number.
      ordered: true,
      hint: `put images_01.tar.gz … images_12.tar.gz from ${NIH} (folder "images") into it, packed or unpacked, or download "nih-chest-xrays/data" from Kaggle; part of the images is enough, and without the parameter there are the tables alone`,
    },
    {
      param: 'metadata',
      is: 'file',
      hint: `download Data_Entry_2017_v2020.csv from ${NIH}; Kaggle's "nih-chest-xrays/data" has it as Data_Entry_2017.csv`,
    },
    {param: 'boxes', is: 'file', hint: `download BBox_List_2017.csv from ${NIH}, or leave the parameter out`},
    {
      param: 'adjudicated',
      is: 'file',
      hint: 'take google2019_nih-chest-xray-labels.csv.gz from torchxrayvision, or leave the parameter out',
    },
  ],
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runAcquire(context)},
};
