import {writeFileSync} from 'node:fs';
import {schemaText} from './config/schema.js';
import {stageKinds} from './stages/index.js';

// Run after a parameter of a stage or a key of the configuration has changed: node dist/pipeline/publish-schema.js
writeFileSync(new URL('../../configs/pipeline.schema.json', import.meta.url), schemaText(stageKinds));
