import assert from 'node:assert/strict';
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {JsonObject} from '../../../pipeline/model/json.js';
import {download} from '../../../pipeline/stages/download/stage.js';
import {served} from '../../http/routes.js';
import {type Route, type Site, withSite} from '../../http/site.js';
import {type PlanDocument, type Project, withProject} from '../../rig.js';
import {factsOf, withBench} from '../rig.js';
import {noise, notes, sha256, until, wanted} from './rig.js';

const FILES: Readonly<Record<string, Buffer>> = {
  'a.tgz': noise(30_000, 1),
  'b.tgz': noise(40_000, 2),
  'c.tgz': noise(50_000, 3),
  'd.tgz': noise(60_000, 4),
};

const NAMES = ['a.tgz', 'b.tgz', 'c.tgz'];

function routes(): Record<string, Route> {
  return Object.fromEntries(
    Object.entries(FILES).map(([name, content]): [string, Route] => [
      `/${name}`,
      served(content, {etag: `"${name}"`}),
    ]),
  );
}

/** A configuration that fetches these files, one of them perhaps by a digest that is wrong. */
function configure(
  project: Project,
  {
    site,
    names = NAMES,
    wrong,
    more = {},
  }: {site: Site; names?: readonly string[]; wrong?: string; more?: JsonObject},
): void {
  const params = wanted(site, Object.fromEntries(names.map((name) => [name, FILES[name]!])), more);
  const files = {...(params['files'] as JsonObject)};
  if (wrong !== undefined) files[wrong] = {sha256: '0'.repeat(64)};
  const stages = {download: {uses: 'download', params: {...params, files}}};
  project.write('p.yaml', JSON.stringify({pipeline: 'p', stages}));
}

/** Runs it to its good end. @returns What was fetched, as `path range`. */
async function fetchedBy(project: Project, site: Site, names = NAMES): Promise<readonly string[]> {
  const before = site.requests.length;
  const {stages} = await project.json<PlanDocument>(['run', 'p.yaml']);
  for (const name of names)
    assert.deepEqual(readFileSync(join(stages[0]!.artifact!, name)), FILES[name], name);
  return site.requests
    .slice(before)
    .filter(({method}) => method === 'GET')
    .map(({path, range}) => `${path} ${range}`.trim());
}

describe('a download whose list of files is changed', () => {
  it('fetches nothing again but the file whose digest was wrong', () =>
    withProject((project) =>
      withSite(routes(), async (site) => {
        configure(project, {site, wrong: 'b.tgz'});
        const first = await project.run(['run', 'p.yaml']);
        assert.equal(first.code, 1);
        assert.match(first.stderr, /b\.tgz: .* has the SHA-256 /);
        configure(project, {site});
        assert.deepEqual(await fetchedBy(project, site), ['/b.tgz']);
      }),
    ));

  it('fetches only what was added, and only what is missing from its artifact', () =>
    withProject((project) =>
      withSite(routes(), async (site) => {
        configure(project, {site});
        assert.equal((await fetchedBy(project, site)).length, 3);
        const all = [...NAMES, 'd.tgz'];
        configure(project, {site, names: all});
        assert.deepEqual(await fetchedBy(project, site, all), ['/d.tgz']);
        const plan = await project.json<PlanDocument>(['plan', 'p.yaml']);
        rmSync(join(plan.stages[0]!.artifact!, 'c.tgz'));
        assert.deepEqual(await fetchedBy(project, site, all), [], 'the artifact before has it');
        for (const folder of artifacts(project)) rmSync(join(folder, 'a.tgz'));
        assert.deepEqual(await fetchedBy(project, site, all), ['/a.tgz']);
        const forced = await project.json<PlanDocument>(['run', 'p.yaml', '--force=download']);
        assert.equal(forced.stages[0]!.state, 'succeeded');
        assert.deepEqual(
          site.requests.slice(-8).filter(({method}) => method === 'GET').length,
          4,
          'unless it is to begin afresh',
        );
      }),
    ));

  it('goes on with the part of a file where the last list left it', () =>
    withProject((project) => {
      const cut = served(FILES['b.tgz']!, {etag: '"b"', cuts: [{after: 15_000, end: 'stall'}]});
      return withSite({...routes(), '/b.tgz': cut}, async (site) => {
        configure(project, {site, wrong: 'c.tgz'});
        const running = project.start(['run', 'p.yaml']);
        await until(() => partOf(project, 'b.tgz') === 15_000);
        running.kill('SIGKILL');
        await running;
        configure(project, {site});
        const fetched = await fetchedBy(project, site);
        assert.ok(fetched.includes('/b.tgz bytes=15000-'), fetched.join(', '));
      });
    }));

  it('runs not at all when sizes are given that were not', () =>
    withProject((project) =>
      withSite(routes(), async (site) => {
        configure(project, {site});
        await fetchedBy(project, site);
        const sizes = Object.fromEntries(NAMES.map((name) => [name, FILES[name]!.length]));
        configure(project, {site, more: {sizes}});
        const {stages} = await project.json<PlanDocument>(['plan', 'p.yaml']);
        assert.equal(stages[0]!.decision, 'skip');
      }),
    ));
});

function artifacts(project: Project): readonly string[] {
  const folder = join(project.folder, '.pipeline/artifacts');
  return readdirSync(folder).map((name) => join(folder, name));
}

function partOf(project: Project, name: string): number {
  const resume = join(project.folder, '.pipeline/resume');
  const folders = existsSync(resume) ? readdirSync(resume).filter((name) => /^[0-9a-f]{64}$/.test(name)) : [];
  const sizes = folders.map(
    (folder) => statSync(join(resume, folder, `${name}.part`), {throwIfNoEntry: false})?.size ?? 0,
  );
  return Math.max(0, ...sizes);
}

describe('what earlier runs left of a download', () => {
  const A = FILES['a.tgz']!;

  it('is read before it counts, and said when it is something else', () =>
    withBench((bench) =>
      withSite(routes(), async (site) => {
        bench.write('artifact/archives.csv', `archive,sha256,bytes\nold.tgz,${sha256(A)},30000\n`);
        const leftovers = [join(bench.folder, 'artifact'), join(bench.folder, 'gone')];
        bench.write('artifact/old.tgz', A);
        const good = await bench.run(download, wanted(site, {'a.tgz': A}), {leftovers});
        assert.equal(factsOf(good)['fetched_bytes'], 0);
        assert.deepEqual(notes(good.news, site), [
          'reads 30 kB that are here, to be sure of them',
          '30 kB are here from an earlier attempt, 1 file of 1 whole',
        ]);
        const progress = good.news.filter(({type}) => type === 'stage-progress');
        assert.deepEqual(progress[0], {type: 'stage-progress', done: 30_000, total: 30_000, unit: 'bytes'});

        const other = noise(30_000, 9);
        bench.write('artifact/old.tgz', other);
        const bad = await bench.run(download, wanted(site, {'a.tgz': A}), {leftovers});
        assert.equal(factsOf(bad)['fetched_bytes'], 30_000);
        assert.equal(
          notes(bad.news, site)[1],
          `a.tgz: what is here has the SHA-256 ${sha256(other)}, not ${sha256(A)}: it is deleted`,
        );
        assert.deepEqual(readFileSync(join(bench.folder, 'artifact/old.tgz')), other, 'but not over there');
      }),
    ));

  it('is passed over where its list is damaged, leads elsewhere, or is of other files', () =>
    withBench((bench) =>
      withSite(routes(), async (site) => {
        bench.write('a.tgz', A);
        bench.write('leads/archives.csv', `archive,sha256,bytes\n../a.tgz,${sha256(A)},30000\n`);
        bench.write('torn/archives.csv', 'archive,"sha');
        bench.write('torn/x.state.json', '{"is": "whole"');
        bench.write('other/archives.csv', `archive,sha256,bytes\na.tgz,${'0'.repeat(64)},30000\n`);
        bench.write('other/a.tgz', A);
        bench.write('lost/archives.csv', `archive,sha256,bytes\na.tgz,${sha256(A)},30000\n`);
        mkdirSync(join(bench.folder, 'empty'));
        const leftovers = ['leads', 'torn', 'other', 'lost', 'empty'].map((name) => join(bench.folder, name));
        const finished = await bench.run(download, wanted(site, {'a.tgz': A}), {leftovers});
        assert.equal(factsOf(finished)['fetched_bytes'], 30_000);
      }),
    ));

  it('may be read-only: nothing is written over it', () =>
    withBench((bench) =>
      withSite(routes(), async (site) => {
        const old = bench.write('artifact/a.tgz', A);
        bench.write('artifact/archives.csv', `archive,sha256,bytes\na.tgz,${sha256(A)},30000\n`);
        chmodSync(old, 0o444);
        const leftovers = [join(bench.folder, 'artifact')];
        const finished = await bench.run(download, wanted(site, {'a.tgz': A}), {leftovers});
        assert.equal(
          statSync(join(finished.artifact.path, 'a.tgz')).ino,
          statSync(old).ino,
          'one copy on the disk',
        );
      }),
    ));
});
