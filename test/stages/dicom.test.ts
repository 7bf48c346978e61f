import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import type {Failure} from '../../pipeline/model/failure.js';
import type {PythonTool} from '../../pipeline/model/stage-kind.js';
import {
  type DicomDecoder,
  type DicomRequest,
  openDicomDecoder,
} from '../../pipeline/stages/preprocess/dicom.js';
import {DicomError} from '../../pipeline/stages/preprocess/dicom-error.js';
import {startTimeOf} from '../../pipeline/store/processes.js';
import {testPython, until} from '../dispatch/rig.js';
import {ROOT} from '../rig.js';
import {DICOM_KINDS, dicomOf} from './dicom-maker.js';
import {grayPicture, grayPng} from './png-maker.js';

const [WIDTH, HEIGHT, SEED] = [37, 23, 5];

describe('the decoder of DICOM files', () => {
  let folder: string;
  let real: PythonTool;
  let faulty: PythonTool;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pipeline-dicom-'));
    const executable = await testPython();
    real = {executable, sources: join(ROOT, 'py')};
    faulty = {executable, sources: join(ROOT, 'test/stages/faulty-dicom')};
  });

  after(() => rmSync(folder, {recursive: true, force: true}));

  async function withDecoder(
    request: Partial<DicomRequest>,
    body: (decoder: DicomDecoder) => Promise<void>,
  ): Promise<void> {
    const signal = new AbortController().signal;
    const decoder = openDicomDecoder({tool: faulty, processes: 1, signal, ...request});
    try {
      await body(decoder);
    } finally {
      await decoder.close();
    }
  }

  /** What a process that does as it is told answers. */
  async function told(decoder: DicomDecoder, words: string): Promise<string> {
    const result = await decoder.decode(Buffer.from(words), 'a.png');
    assert(!result.ok);
    return result.error.reason;
  }

  it('gives the gray values of files of all forms, with what was done to get them', () =>
    withDecoder({tool: real, processes: 2}, async (decoder) => {
      const gray = grayPicture(SEED);
      const expected = Array.from({length: WIDTH * HEIGHT}, (_, place) =>
        gray(place % WIDTH, Math.floor(place / WIDTH)),
      );
      const notes: string[] = [];
      for (const kind of DICOM_KINDS) {
        const file = readFileSync(await dicomOf(folder, grayPng(WIDTH, HEIGHT, SEED), kind));
        const result = await decoder.decode(file, 'a.png');
        assert(result.ok, JSON.stringify(result));
        const {width, height, pixels} = result.value;
        assert.deepEqual([width, height], [WIDTH, HEIGHT]);
        assert.deepEqual([...pixels], expected, kind);
        assert.equal(pixels.buffer.byteLength, pixels.length);
        assert.match(result.value.decoders, /^pydicom \d+\.\d+\.\d+, gdcm \d+\.\d+\.\d+$/);
        notes.push(result.value.notes);
      }
      assert.deepEqual(notes, [
        'MONOCHROME2, 8 bits, Explicit VR Little Endian',
        'MONOCHROME2, 8 bits, Implicit VR Little Endian',
        'MONOCHROME2, 8 bits, Explicit VR Big Endian',
        'MONOCHROME2, 8 bits, Deflated Explicit VR Little Endian',
        'MONOCHROME2, 8 bits, RLE Lossless',
        'MONOCHROME1, 8 bits, Explicit VR Little Endian',
        'MONOCHROME2, 16 bits, Explicit VR Little Endian',
      ]);
    }));

  it('says why a file gives no image, and goes on', () =>
    withDecoder({tool: real}, async (decoder) => {
      assert.equal(await told(decoder, 'a letter'), 'is not a DICOM file');
      const file = readFileSync(await dicomOf(folder, grayPng(WIDTH, HEIGHT, SEED)));
      const cut = await decoder.decode(file.subarray(0, -50), 'a.png');
      assert.deepEqual(cut, {ok: false, error: {reason: 'has 802 of 851 bytes of pixels'}});
      assert((await decoder.decode(file, 'a.png')).ok);
    }));

  it('keeps as many processes busy as it may have, and lets the rest wait', () =>
    withDecoder({processes: 2}, async (decoder) => {
      const place = join(folder, 'meeting');
      mkdirSync(place);
      const answers = await Promise.all([
        ...['1', '2'].map(() => told(decoder, `meet ${place}`)),
        ...['1', '2', '3', '4'].map(() => told(decoder, 'answer')),
      ]);
      assert.equal(new Set(answers).size, 2);
    }));

  it('blames a file that two processes die of, but not for good, and starts another', () =>
    withDecoder({}, async (decoder) => {
      const first = await told(decoder, 'answer');
      assert.deepEqual(await decoder.decode(Buffer.from('die 11'), 'a.png'), {
        ok: false,
        error: {reason: 'makes its decoder fail (SIGSEGV): its pixels may be damaged', passing: true},
      });
      assert.equal(
        await told(decoder, 'leave 3'),
        'makes its decoder fail (exit status 3): its pixels may be damaged',
      );
      assert.notEqual(await told(decoder, 'answer'), first);
    }));

  for (const fault of ['11', '9', 'hang']) {
    it(`gives a file another chance in a fresh process (${fault})`, () =>
      withDecoder({limitMs: 2000}, async (decoder) => {
        const mark = join(folder, `once-${fault}`);
        assert.match(await told(decoder, `once ${mark} ${fault}`), /^is answered by/);
      }));
  }

  it('blames its own packages when every file ends its process', () =>
    withDecoder({processes: 2}, async (decoder) => {
      await told(decoder, 'leave 127');
      await told(decoder, 'leave 127');
      const failure = {
        reason: 'environment',
        message: 'the decoder of DICOM files fails at every file (exit status 127)',
        hint: `are pydicom and gdcm of ${faulty.executable} whole? Install them anew, and run again`,
      };
      assert.deepEqual(await failureOf(decoder, 'leave 127'), failure);
      assert.deepEqual(await failureOf(decoder, 'answer'), failure);
    }));

  it('blames no file for want of memory, when a fresh process has not enough either', () =>
    withDecoder({}, async (decoder) => {
      const failure = await failureOf(decoder, `exhaust ${join(folder, 'exhausted')}`);
      assert.ok(failure.reason === 'system' && failure.code === 'ENOMEM');
      assert.equal(failure.message, 'a.png needs more memory to be unpacked than there is');
      assert.match(await told(decoder, 'answer'), /^is answered by/);
    }));

  it('blames no file for a process that somebody kills', () =>
    withDecoder({}, async (decoder) => {
      assert.deepEqual(await failureOf(decoder, 'die 9'), {
        ...{reason: 'exited', what: 'the DICOM decoder', code: null, signal: 'SIGKILL', rank: null, tail: []},
        message: 'a process that decodes DICOM files was ended from outside; is memory short?',
      });
    }));

  it('ends what takes too long twice, blames no file, and starts another', () =>
    withDecoder({limitMs: 1000}, async (decoder) => {
      assert.deepEqual(await failureOf(decoder, `hang ${join(folder, 'slow')}`), {
        ...{reason: 'system', code: 'ETIMEDOUT', path: null},
        message: 'a.png takes longer than 1 s to decode, tried twice',
        hint: 'run again when the machine is less busy, what is done is kept; an image that never can be decoded must leave the data set',
      });
      assert.match(await told(decoder, 'answer'), /^is answered by/);
    }));

  it('stops in the middle of a file when it is told to, and whatever waits behind it', async () => {
    const stop = new AbortController();
    await withDecoder({signal: stop.signal}, async (decoder) => {
      const mark = join(folder, 'hanging');
      const asked = [`hang ${mark}`, 'answer'].map((words) => decoder.decode(Buffer.from(words), 'a.png'));
      await until(() => existsSync(mark), 'the decoder hangs');
      stop.abort();
      for (const promise of asked) await assert.rejects(promise, {name: 'AbortError'});
    });
  });

  it('can be closed in the middle of a file, and leaves no process', async () => {
    const mark = join(folder, 'closing');
    const decoder = openDicomDecoder({tool: faulty, processes: 1, signal: new AbortController().signal});
    const asked = decoder.decode(Buffer.from(`hang ${mark}`), 'a.png').catch((error: Error) => error.message);
    await until(() => existsSync(mark), 'the decoder hangs');
    await decoder.close();
    assert.equal(await asked, 'Internal error: the DICOM decoder is closed');
    assert.deepEqual(childrenOf(process.pid).filter(isDecoder), []);
  });

  it('says once what Python lacks', async () => {
    const bare = script('bare', `exec ${real.executable} -S "$@"`);
    await withDecoder({tool: {...real, executable: bare}}, async (decoder) => {
      const failures = await Promise.all(['1', '2'].map((words) => failureOf(decoder, words)));
      const install = `-m pip install numpy 'pydicom>=3' python-gdcm`;
      assert.deepEqual(failures[0], {
        reason: 'environment',
        message: 'DICOM files need Python packages that are not there: numpy, pydicom, gdcm',
        hint: `${real.executable} ${install}`,
      });
      assert.equal(failures[1], failures[0]);
    });
  });

  it('says what a Python that does not start has said', async () => {
    const broken = script('broken', 'echo "libfoo.so.1: not found" >&2; exit 127');
    await withDecoder({tool: {...real, executable: broken}}, async (decoder) => {
      assert.deepEqual(await failureOf(decoder, 'any'), {
        reason: 'environment',
        message: 'DICOM files need Python, which does not start: libfoo.so.1: not found',
        hint: `does ${broken} work? See \`pipeline doctor\``,
      });
    });
    const silent = script('silent', 'exit 127');
    await withDecoder({tool: {...real, executable: silent}}, async (decoder) => {
      const failure = await failureOf(decoder, 'any');
      const message = 'DICOM files need Python, which does not start: it ended with exit status 127';
      assert.equal('message' in failure ? failure.message : '', message);
    });
    await withDecoder({tool: {...real, executable: '/nowhere/python3'}}, async (decoder) => {
      const failure = await failureOf(decoder, 'any');
      assert.match('message' in failure ? failure.message : '', /spawn \/nowhere\/python3 ENOENT$/);
    });
  });

  for (const state of ['idle', 'stuck']) {
    it(`ends with the pipeline, also when that is killed while it is ${state}`, async function () {
      if (process.platform !== 'linux') this.skip();
      const file = await dicomOf(folder, grayPng(WIDTH, HEIGHT, SEED));
      const order = JSON.stringify({tool: real, file});
      const parent = spawn(process.execPath, [join(import.meta.dirname, 'dicom-parent.js'), order], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const [line] = await once(createInterface({input: parent.stdout}), 'line');
      assert.equal(line, 'decoded');
      const [child, ...others] = childrenOf(parent.pid!);
      assert.deepEqual(others, []);
      if (state === 'stuck') process.kill(child!, 'SIGSTOP');
      parent.kill('SIGKILL');
      await until(() => startTimeOf(child!) === null, 'the decoder is gone');
    });
  }

  async function failureOf(decoder: DicomDecoder, words: string): Promise<Failure> {
    const error = await decoder.decode(Buffer.from(words), 'a.png').then(JSON.stringify, (thrown) => thrown);
    assert(error instanceof DicomError, String(error));
    return error.failure;
  }

  function script(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  }
});

/** On Linux; elsewhere none are found. */
function childrenOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return [];
  const lists = readdirSync(tasks).map((task) => readFileSync(join(tasks, task, 'children'), 'utf8'));
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  );
}

function isDecoder(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('chexnet.stages.dicom');
}
