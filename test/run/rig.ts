import type {Event} from '../../pipeline/model/event.js';
import type {Stage} from '../../pipeline/model/stage.js';
import {type RunEffects, run} from '../../pipeline/run.js';
import type {Store} from '../../pipeline/store/store.js';
import {digest, graphOf} from '../cache/stages.js';

type Played = Readonly<{
  folder: string;
  store: Store;
  stages: readonly Stage[];
  receive?(event: Event): void;
  /** Of the run. */
  name?: string;
}>;

/** One run of these stages in a folder that is project and program at once. */
export async function play({
  folder,
  store,
  stages,
  receive,
  name = 'calm-carina',
}: Played): ReturnType<typeof run> {
  const graph = graphOf(...stages);
  const file = 'demo.yaml';
  const config = {name: 'demo', file, path: `${folder}/${file}`, folder, digest: digest('demo')};
  const never = new AbortController().signal;
  const effects: RunEffects = {
    store,
    root: folder,
    pythonSources: folder,
    environment: {},
    facts: {argv: ['run', file], pid: process.pid, host: 'here', version: '0', node: process.versions.node},
    cores: 1,
    agentPort: 0,
    place: {where: 'here'},
    receive: (event) => receive?.(event),
    onWait: () => {},
    ...{stop: never, kill: never, now: () => new Date()},
  };
  return run(
    {
      config: {
        ...config,
        python: null,
        slots: {},
        stages: stages.map((each) => ({...each, needs: null, matrix: null})),
      },
      ...{graph, selected: new Set(graph.keys()), forced: new Set(), slots: {}, tags: {}},
      ...{width: 1, keepGoing: false, wait: true, name, message: null},
    },
    effects,
  );
}
