import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {served} from '../../http/routes.js';
import {type Route, withSite} from '../../http/site.js';
import {type PlanDocument, withProject} from '../../rig.js';
import {withMount} from '../../store/workplace.js';
import {noise, sha256} from './rig.js';

describe('a download to a small disk', () => {
  it('that gets full half-way is said, and with space again it goes on from there', async function () {
    await withProject(async (project) => {
      const file = noise(900_000);
      const good = served(file, {etag: '"v1"', pieceBytes: 8192});
      // A server that keeps the size to itself until the file is asked for: the room cannot be checked before.
      const silent: Route = async (exchange) => {
        const {request, response, seen} = exchange;
        if (request.method === 'HEAD' || seen.range === 'bytes=0-0')
          return void response.writeHead(403).end();
        await good(exchange);
      };
      await withSite({'/f.tgz': silent}, async (site) => {
        const params = {files: {'f.tgz': {sha256: sha256(file)}}, urls: {'f.tgz': site.url('/f.tgz')}};
        const stages = {download: {uses: 'download', params}};
        project.write('p.yaml', JSON.stringify({pipeline: 'p', stages}));
        const mount = {folder: project.folder, options: 'size=600k'};
        const isMounted = await withMount(mount, async (home, remount) => {
          const environment = {PIPELINE_HOME: home};
          const first = await project.run(['run', 'p.yaml'], {environment});
          assert.equal(first.code, 1, first.stderr);
          assert.match(first.stderr, /no space left on the device/);
          assert.match(first.stderr, /free some space and run again, nothing is lost/);
          assert.doesNotMatch(first.stderr, /\n\s+at /);
          remount('size=750k');
          const second = await project.run(['run', 'p.yaml'], {environment});
          assert.match(second.stderr, /the download needs \d+ kB, and \d+ k?B are free in .*\(ENOSPC\)/);
          remount('size=4m');
          const third = await project.json<PlanDocument>(['run', 'p.yaml'], {environment});
          assert.deepEqual(readFileSync(join(third.stages[0]!.artifact!, 'f.tgz')), file);
          assert.match(site.requests.at(-1)!.range, /^bytes=[1-9]\d{5}-$/);
        });
        if (isMounted) return;
        console.log('      skipped: a file system can be mounted by root only');
        this.skip();
      });
    });
  });
});
