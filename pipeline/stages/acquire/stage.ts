import type {StageKind} from '../../model/stage-kind.js';
import {acquireParams} from './params.js';

const NIH = 'https://nihcc.app.box.com/v/ChestXray-NIHCC';

/** Takes stock of radiographs in a local folder: matches them with their metadata, hashes them, says what is missing. */
export const acquire: StageKind = {
  uses: 'acquire',
  version: 1,
  summary: 'takes stock of radiographs in a folder and of their metadata',
  inputs: [],
  output: 'dataset',
  params: acquireParams,
  paths: [
    {
      param: 'images',
      is: 'folder',
      hint: `unpack images_001.tar.gz … images_012.tar.gz from ${NIH} (folder "images") into it, or download "nih-chest-xrays/data" from Kaggle; part of the images is enough`,
    },
    {
      param: 'metadata',
      is: 'file',
      hint: `download Data_Entry_2017_v2020.csv from ${NIH}; Kaggle's "nih-chest-xrays/data" has it as Data_Entry_2017.csv`,
    },
    {param: 'boxes', is: 'file', hint: `download BBox_List_2017.csv from ${NIH}, or leave the parameter out`},
  ],
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runAcquire(context)},
};
