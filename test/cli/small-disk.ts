import {type Project, withProject} from '../rig.js';
import {withMount} from '../store/workplace.js';

export type SmallDisk = Readonly<{project: Project; home: string; remount(options: string): void}>;

/** Runs the body with the state on a small file system, or skips the test aloud where nobody may mount. */
export async function onSmallDisk(
  {context, size = '512k'}: {context: Mocha.Context; size?: string},
  body: (on: SmallDisk) => Promise<void>,
): Promise<void> {
  await withProject(async (project) => {
    const mount = {folder: project.folder, options: `size=${size}`};
    if (await withMount(mount, (home, remount) => body({project, home, remount}))) return;
    console.log('      skipped: a file system can be mounted by root only');
    context.skip();
  });
}
