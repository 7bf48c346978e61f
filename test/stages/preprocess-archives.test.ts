import assert from 'node:assert/strict';
import {readFileSync, rmSync, statSync, truncateSync} from 'node:fs';
import {join} from 'node:path';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {testPython} from '../dispatch/rig.js';
import {ROOT} from '../rig.js';
import {imagesOf} from './array.js';
import {dataEntry, datasetOf, entry} from './data.js';
import {makeDicom} from './dicom-maker.js';
import {
  archivedDataset,
  digestOf,
  type Files,
  killAfterSome,
  manyPngs,
  preprocessed,
  tarOf,
} from './preprocess-rig.js';
import {artifactRef, factsOf, faultsOf, spelledOut, withBench} from './rig.js';

/** Three archives of five images each. */
const THREE: Readonly<Record<string, Files>> = Object.fromEntries(
  [1, 2, 3].map((number) => [`images_${number}.tar.gz`, manyPngs(5, {first: 5 * number})]),
);
const ALL: Files = Object.assign({}, ...Object.values(THREE));
const CHANGED = 'since the data set was taken stock of | run again: the data set is then looked at anew';

describe('preprocess from archives', () => {
  it('makes the same bytes as from plain files, with any number of threads', () =>
    withBench(async (bench) => {
      const plain = digestOf(await preprocessed(bench, await datasetOf(bench, ALL)));
      const dataset = await archivedDataset(bench, THREE);
      for (const concurrency of [1, 2, 5]) {
        const finished = await preprocessed(bench, dataset, {concurrency});
        assert.deepEqual(factsOf(finished)['decoded'], 15);
        assert.equal(digestOf(finished), plain);
      }
    }));

  it('reads downloaded archives, named ones and plain files of one data set', () =>
    withBench(async (bench) => {
      const plain = digestOf(await preprocessed(bench, await datasetOf(bench, ALL)));
      const [first, second, third] = Object.values(THREE) as [Files, Files, Files];
      bench.write('downloaded/first.tar.gz', tarOf(first));
      bench.write('downloaded/archives.csv', 'archive,sha256,bytes\n');
      const named = bench.write('second.tar.gz', tarOf(second));
      for (const [name, bytes] of Object.entries(third)) bench.write(`loose/${name}`, bytes);
      const downloaded = artifactRef(acquire, join(bench.folder, 'downloaded'), {});
      const archives = {...downloaded, type: 'archives'} as const;
      const rows = Object.keys(ALL).map((name, index) => entry(name, index + 1));
      const metadata = bench.write('mixed.csv', dataEntry(rows));
      const images = [named, join(bench.folder, 'loose')];
      const dataset = await bench.run(acquire, {images, metadata}, {needs: [archives]});
      assert.equal(digestOf(await preprocessed(bench, dataset, {needs: [archives]})), plain);
    }));

  it('opens no archive of which all is done', () =>
    withBench(async (bench) => {
      const dataset = await archivedDataset(bench, THREE);
      const first = await preprocessed(bench, dataset);
      rmSync(join(bench.folder, 'archived'), {recursive: true});
      const again = await preprocessed(bench, dataset, {resume: first.resume});
      assert.equal(factsOf(again)['decoded'], 0);
      assert.equal(digestOf(again), digestOf(first));
    }));

  it('reads an archive as far as the last image that is wanted', () =>
    withBench(async (bench) => {
      const archive = 'images.tar.gz';
      const dataset = await archivedDataset(bench, {
        [archive]: {...manyPngs(3), ...manyPngs(30, {first: 3, side: 160})},
      });
      const three = dataEntry(['0.png', '1.png', '2.png'].map((name, index) => entry(name, index + 1)));
      const metadata = bench.write('three.csv', three);
      const images = join(bench.folder, 'archived');
      const few = await bench.run(acquire, {images, metadata});
      truncateSync(join(images, archive), statSync(join(images, archive)).size / 2);
      assert.equal(imagesOf(await preprocessed(bench, few)).rows.length, 3);
      assert.match(
        spelledOut(faultsOf(await preprocessed(bench, dataset)))[0]!,
        /images\.tar\.gz is cut off/,
      );
    }));

  it('fails when a member has changed or gone since the data set was made', () =>
    withBench(async (bench) => {
      const dataset = await archivedDataset(bench, {'a.tar.gz': manyPngs(3)});
      const archive = join(bench.folder, 'archived/a.tar.gz');
      const {'1.png': one, ...others} = manyPngs(3) as Readonly<{'1.png': Buffer}> & Files;
      bench.write('archived/a.tar.gz', tarOf(others));
      assert.deepEqual(spelledOut(faultsOf(await preprocessed(bench, dataset))), [
        `- 1.png is no longer as it was in ${archive} ${CHANGED}`,
      ]);
      const flipped = Buffer.from(one);
      flipped[60]! ^= 1;
      bench.write('archived/a.tar.gz', tarOf({...others, '1.png': flipped}));
      assert.deepEqual(spelledOut(faultsOf(await preprocessed(bench, dataset))), [
        `- 1.png has another content ${CHANGED}`,
      ]);
    }));

  it('decodes DICOM files in archives, beside PNG files', () =>
    withBench(async (bench) => {
      const files = manyPngs(4);
      const plain = imagesOf(await preprocessed(bench, await datasetOf(bench, files)));
      const dicom = join(bench.folder, 'one.dcm');
      const png = join(bench.folder, 'images/1.png');
      await makeDicom([{png, dicom, as: 'inverted'}]);
      const {'1.png': _, ...others} = files;
      const members = {...others, '1.dcm': readFileSync(dicom)};
      bench.write('archived/a.tar.gz', tarOf(members));
      const rows = Object.keys(files).map((name, index) => entry(name, index + 1));
      const metadata = bench.write('archived.csv', dataEntry(rows));
      const dataset = await bench.run(acquire, {images: join(bench.folder, 'archived'), metadata});
      const tool = {executable: await testPython(), sources: join(ROOT, 'py')};
      const python = async () => ({ok: true, value: tool}) as const;
      const finished = await preprocessed(bench, dataset, {python});
      assert.deepEqual(factsOf(finished)['modes'], {L: 3, DICOM: 1});
      assert.deepEqual(imagesOf(finished), plain);
    }));

  it('quarantines unreadable members as it does files', () =>
    withBench(async (bench) => {
      const dataset = await archivedDataset(bench, {
        'a.tar.gz': {...manyPngs(2), 'empty.png': Buffer.alloc(0), 'text.png': Buffer.from('text')},
      });
      const faults = spelledOut(faultsOf(await preprocessed(bench, dataset)));
      assert.deepEqual(faults.slice(0, 2), [
        '- empty.png is empty (zero bytes)',
        '- text.png is not a PNG file but text',
      ]);
    }));

  it('goes on after a SIGKILL in the middle of an archive, to the same bytes', () =>
    withBench(async (bench) => {
      const archives = Object.fromEntries(
        [0, 1, 2].map((number) => [`${number}.tar.gz`, manyPngs(50, {first: 50 * number, side: 160})]),
      );
      const dataset = await archivedDataset(bench, archives);
      const undisturbed = await preprocessed(bench, dataset);
      const resume = join(bench.folder, 'kept');
      bench.write('kept/.keep', '');
      let last = 0;
      for (let kill = 0; kill < 3; kill++) {
        const out = join(bench.folder, `killed-${kill}`);
        last = await killAfterSome(last, {dataset: dataset.artifact, out, resume, params: {size: 64}});
      }
      const finished = await preprocessed(bench, dataset, {resume});
      const decoded = Number(factsOf(finished)['decoded']);
      assert.ok(decoded <= 150 - last, `${decoded} decoded after ${last} were done`);
      assert.equal(digestOf(finished), digestOf(undisturbed));
    }));

  it('stops at once when it is told to, and goes on later', () =>
    withBench(async (bench) => {
      const dataset = await archivedDataset(bench, {'a.tar.gz': manyPngs(100, {side: 128})});
      const resume = join(bench.folder, 'kept');
      bench.write('kept/.keep', '');
      const abort = new AbortController();
      const onNews = (): void => abort.abort(new Error('enough'));
      await assert.rejects(preprocessed(bench, dataset, {resume, signal: abort.signal, onNews}), /enough/);
      factsOf(await preprocessed(bench, dataset, {resume}));
    }));
});
