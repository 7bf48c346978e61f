import {join} from 'node:path';
import {ROOT} from '../rig.js';

export const PYTHON_SOURCE = join(ROOT, 'py');
