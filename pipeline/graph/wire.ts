import type {NeedName, StageConfig} from '../config/config.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {parseMember} from '../model/member.js';
import {didYouMean} from '../model/spelling.js';
import type {Need} from '../model/stage.js';
import type {ArtifactType} from '../model/stage-kind.js';
import {listWords} from '../model/words.js';

/** The edges into one stage, as far as they can be drawn, and what is wrong with the others. */
export type Wiring = {readonly needs: readonly WiredNeed[]; readonly faults: readonly Diagnostic[]};

/** An edge before matrices are taken apart: from a stage as it is written. */
export type WiredNeed = Need &
  Readonly<{
    /** When members were named: the name, and where. */
    name?: NeedName;
  }>;

/** The stages of a configuration. Of those that are `broken` nothing but the name is known. */
export type Known = Readonly<{stages: readonly StageConfig[]; broken: readonly string[]}>;

/**
 * The edges into one stage. What `needs:` names is taken; a type that the kind takes and that is still open comes
 * from the only stage that makes it. An `exec` stage takes what it names, and nothing else.
 */
export function wire(stage: StageConfig, known: Known): Wiring {
  const {needs, faults} = namedNeeds(stage, known);
  // Any of the broken ones may make what is missing, or be the one that was meant.
  if (known.broken.length > 0) return {needs, faults};
  for (const input of stage.kind.inputs) {
    // `needs: []` says that nothing is taken that could be left out.
    if (input.optional && stage.needs?.length === 0) continue;
    if (needs.some(({type}) => type === input.type)) continue;
    const makers = known.stages.filter(({id, kind}) => id !== stage.id && kind.output === input.type);
    const [only] = makers;
    if (input.many && only !== undefined)
      needs.push(...makers.map(({id}) => ({stage: id, type: input.type})));
    else if (only !== undefined && makers.length === 1) needs.push({stage: only.id, type: input.type});
    else if (only !== undefined) faults.push(ambiguous(stage, {type: input.type, makers}));
    else if (!input.optional) faults.push(absent(stage, input.type));
  }
  return {needs, faults};
}

function namedNeeds(stage: StageConfig, {stages, broken}: Known): {needs: WiredNeed[]; faults: Diagnostic[]} {
  const needs: WiredNeed[] = [];
  const faults: Diagnostic[] = [];
  for (const [index, name] of (stage.needs ?? []).entries()) {
    const wanted = parseMember(name.id)?.of ?? name.id;
    const maker = stages.find(({id}) => id === wanted);
    const earlier = stage.needs!.slice(0, index).find(({id}) => id === name.id);
    const fail = (message: string, hint?: string): void => {
      faults.push(fault(`stages.${stage.id}.needs: ${message}`, name.location ?? stage.declaredAt, hint));
    };
    if (earlier !== undefined) faults.push(repeated(stage, {name, earlier}));
    else if (wanted === stage.id) fail('a stage cannot need itself');
    else if (maker === undefined) {
      const others = [...stages.map(({id}) => id), ...broken].filter((id) => id !== stage.id);
      if (!others.includes(wanted)) fail(`there is no stage "${wanted}"`, didYouMean(wanted, others));
    } else {
      const type = maker.kind.output;
      const rival = needs.find((need) => need.type === type);
      const need = {stage: maker.id, type, ...(wanted === name.id ? {} : {name})};
      const input = stage.kind.inputs.find((one) => one.type === type);
      if (stage.kind.work.kind === 'exec' || input?.many) needs.push(need);
      else if (input === undefined) {
        fail(`${stage.kind.uses} takes no ${type}, which "${maker.id}" makes`, takes(stage));
      } else if (rival !== undefined)
        fail(`both "${rival.stage}" and "${maker.id}" make ${type}`, 'name one of them');
      else needs.push(need);
    }
  }
  return {needs, faults};
}

function repeated(stage: StageConfig, {name, earlier}: {name: NeedName; earlier: NeedName}): Diagnostic {
  const diagnostic = fault(
    `stages.${stage.id}.needs: "${name.id}" is named twice`,
    name.location ?? stage.declaredAt,
  );
  if (earlier.location === null) return diagnostic;
  return {...diagnostic, related: [{message: 'first named here', location: earlier.location}]};
}

function takes({kind}: StageConfig): string {
  const types = kind.inputs.map(({type}) => type);
  return types.length === 0 ? `${kind.uses} takes nothing` : `${kind.uses} takes ${listWords(types)}`;
}

function ambiguous(
  stage: StageConfig,
  {type, makers}: {type: ArtifactType; makers: readonly StageConfig[]},
): Diagnostic {
  const names = makers.map(({id}) => id);
  const message = `stages.${stage.id} takes ${type}, which ${listWords(names.map((name) => `"${name}"`))} make`;
  return {
    ...fault(message, stage.declaredAt, `say which: needs: [${names[0]}]`),
    related: makers.map(({id, declaredAt}) => ({message: `"${id}" makes ${type}`, location: declaredAt})),
  };
}

function absent(stage: StageConfig, type: ArtifactType): Diagnostic {
  const uses = MAKERS[type];
  const hint = uses === undefined ? undefined : `add a stage that uses ${uses}`;
  return fault(`stages.${stage.id} takes ${type}, and no stage makes it`, stage.declaredAt, hint);
}

/** Which kinds of stage make a type, for the hint. */
const MAKERS: Readonly<Partial<Record<ArtifactType, string>>> = {
  archives: 'download',
  dataset: 'synthesize or acquire',
  folds: 'split',
  images: 'preprocess',
  audit: 'audit',
  'data-card': 'data-card',
  weights: 'weights',
  model: 'train',
  predictions: 'predict',
  evaluation: 'evaluate',
  leaderboard: 'leaderboard',
};
