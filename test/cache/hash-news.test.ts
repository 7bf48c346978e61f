import assert from 'node:assert/strict';
import {hashNews} from '../../pipeline/cache/hash-news.js';
import type {News} from '../../pipeline/model/event.js';
import {id} from './stages.js';

describe('news of hashing', () => {
  it('come four times a second for each stage that waits, and not at all where nobody does', () => {
    const told: News[] = [];
    let nowMs = 0;
    const progress = hashNews({report: (news) => told.push(news), now: () => nowMs});
    for (let done = 1; done <= 1000; done++) {
      nowMs = done;
      progress({done, total: 1000}, id('acquire'));
      progress({done, total: 1000}, null);
      if (done < 300) progress({done, total: 299}, id('split'));
    }
    const unit = 'files hashed';
    const of = (stage: string, done: number, total: number): News => ({
      type: 'stage-progress',
      ...{stage: id(stage), done, total, unit},
    });
    assert.deepEqual(told, [
      of('acquire', 251, 1000),
      of('split', 251, 299),
      of('acquire', 501, 1000),
      of('acquire', 751, 1000),
    ]);
  });

  it('are none of what takes less than that', () => {
    const told: News[] = [];
    const progress = hashNews({report: (news) => told.push(news), now: () => 7});
    for (let done = 1; done <= 100; done++) progress({done, total: 100}, id('acquire'));
    assert.deepEqual(told, []);
  });
});
