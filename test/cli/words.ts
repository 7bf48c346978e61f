import type {Project} from '../rig.js';

/** Two stages that need no Python: copy a file, then put it in capitals. */
export const WORDS = `pipeline: words
stages:
  copy:
    uses: exec
    params:
      command: cp words.txt $PIPELINE_OUT_DIR/copy.txt
      deps: [words.txt]
      outs: [copy.txt]
  shout:
    uses: exec
    needs: [copy]
    params:
      command: tr a-z A-Z < $PIPELINE_NEED_COPY/copy.txt > $PIPELINE_OUT_DIR/shout.txt
      outs: [shout.txt]
`;

export function writeWords(project: Project, config = WORDS): void {
  project.write('words.txt', 'rib\nheart\n');
  project.write('words.yaml', config);
}
