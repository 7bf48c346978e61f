import type {ArtifactRef, StageContext} from '../model/stage-kind.js';
import type {Attempt} from '../store/artifacts.js';
import type {CarryOutTools} from './carry-out-tools.js';
import type {NeededArtifact, RunOrder} from './schedule.js';

/** What a stage may touch during one attempt. */
export function contextOf(
  order: RunOrder,
  attempt: Pick<Attempt, 'out' | 'resume'>,
  tools: CarryOutTools,
): StageContext {
  const {stage} = order;
  const needs = order.needs.map((need) => artifactRef(need, tools.store.layout));
  const declares = (type: string) => stage.kind.inputs.some((input) => input.type === type);
  const optionalNeed: StageContext['optionalNeed'] = (type) => {
    if (!declares(type))
      throw new Error(`Internal error: ${stage.kind.uses} does not declare the input ${type}`);
    return needs.find((need) => need.type === type) ?? null;
  };
  return {
    stage: stage.id,
    params: stage.params,
    need: (type) => {
      const found = optionalNeed(type);
      if (found === null) throw new Error(`Internal error: ${stage.id} was started without its ${type}`);
      return found;
    },
    optionalNeed,
    needs,
    out: attempt.out,
    resume: attempt.resume,
    report: (news) => tools.report({stage: stage.id, ...news}),
    signal: tools.stop,
    concurrency: tools.concurrency,
    runFolder: tools.runFolder,
    digests: tools.digestsOf,
    earlier: async () => {
      if (tools.isForced(order)) return [];
      const records = await tools.earlierOf(order);
      return records.map((record) => artifactRef({stage, record}, tools.store.layout));
    },
    leftovers: async () => (tools.isForced(order) ? [] : tools.leftoversOf(order)),
    python: tools.python,
  };
}

/** An artifact as the stages that need it see it. */
export function artifactRef(
  {stage, record}: NeededArtifact,
  layout: CarryOutTools['store']['layout'],
): ArtifactRef {
  const {uses, type, output, fingerprint} = record;
  const {digest} = fingerprint;
  const path = layout.artifact(digest);
  const {id, member, needs, params} = stage;
  const from = {stage: id, ...(member === undefined ? {} : {member}), needs};
  return {...from, uses, type, path, output, fingerprint: digest, params};
}
