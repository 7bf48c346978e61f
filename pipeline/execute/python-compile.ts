import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';

// A half-done compilation harms nothing (each file is written whole or not at all), so it may be killed at any time;
// the next run starts it again, and the lock keeps two from doing the same work.
const COMPILE = `import compileall, fcntl, os, pathlib, sys, sysconfig
folder = pathlib.Path(sys.prefix)
os.nice(19)
try:
    lock = open(folder / "ready.json", "r+")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit(0)
compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2)
(folder / "compiled").touch()`;

/**
 * Compiles the environment's packages to byte code in a detached process of the lowest priority, unless that is
 * done: imports are then quick even where PYTHONDONTWRITEBYTECODE forbids each Python to keep its own. Returns at once.
 */
export function compileInBackground(environmentFolder: string): void {
  if (existsSync(join(environmentFolder, 'compiled'))) return;
  const child = execa(join(environmentFolder, 'bin', 'python'), ['-I', '-c', COMPILE], {
    env: {},
    extendEnv: false,
    reject: false,
    detached: true,
    cleanup: false,
    stdio: 'ignore',
  });
  child.unref();
}
