import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ceiling, grown, History, percentile, SECONDS } from '../../../services/storefront/ops/figures.js';
import { Story } from '../../../services/storefront/ops/story.js';

const state = (at, ...services) => ({ at, away: [], services: services.map(([url, samples]) => ({ name: url, url, isUp: !!samples, samples })) });

test('what grew is summed over services and labels; a restart counts from nothing, a newcomer not yet', () => {
  const before = state(0, ['a', { n: 10, 'n{l="x"}': 5, no: 1 }], ['b', { n: 7 }], ['away', undefined]);
  const now = state(1000, ['a', { n: 12, 'n{l="x"}': 6, no: 99 }], ['b', { n: 3 }], ['c', { n: 1000 }], ['away', { n: 50 }]);
  assert.equal(grown(before, now, 'n'), 2 + 1 + 3);
});

test('figures are of a second, whatever passed, and of the orders that were told of in between', () => {
  const history = new History();
  history.saw(state(0, ['a', { orders_accepted_total: 0 }]));
  history.heard([10, 20, 30, 400].map((tookMs) => ({ type: 'order.processed.v1', tookMs })));
  history.heard([{ type: 'order.accepted.v1' }, { type: 'order.failed.v1', tookMs: 9_999 }]);
  history.saw(state(2000, ['a', { orders_accepted_total: 50 }]));
  const [point] = history.points;
  assert.deepEqual([point.accepted, point.half, point.most, point.push], [25, 20, 400, null]);
  for (let second = 3; second < 2 * SECONDS; second++) history.saw(state(second * 1000, ['a', { orders_accepted_total: 50 }]));
  assert.equal(history.points.length, SECONDS);
  assert.equal(history.points.at(-1).half, null);
});

test('percentiles are of what there is, scales are round', () => {
  assert.equal(percentile([], 0.5), null);
  assert.equal(percentile([1, 2, 3, 4], 0.5), 2);
  assert.equal(percentile([7], 0.99), 7);
  assert.deepEqual([0, 0.3, 1, 6, 20, 21, 501].map(ceiling), [1, 0.5, 1, 10, 20, 50, 1000]);
});

test('a tab that heard twice, or not at all, is told of; so is the time without connection', () => {
  const story = new Story(2, 0);
  for (const tab of [0, 1]) {
    story.changed(tab, { phase: 'connecting' }, 0);
    story.changed(tab, { phase: 'connected', replica: 'r@1' }, 500);
  }
  story.ordered(7, 1000);
  story.heard(0, 7, 1020);
  assert.equal(story.isComplete, false);
  story.heard(1, 7, 990); // before the answer of the POST
  story.heard(1, 7, 1030);
  story.changed(1, { phase: 'waiting', retryAt: 2200 }, 2000);
  story.changed(1, { phase: 'connecting' }, 2200);
  story.changed(1, { phase: 'connected', replica: 'r@2' }, 2250);
  story.ordered(8, 3000);
  story.heard(1, 8, 3001);
  story.end(4000);
  story.changed(0, { phase: 'off' }, 4001); // the end of the run is not part of it
  assert.equal(story.isComplete, false);
  assert.deepEqual(story.verdict(0, 9000), { replica: 'r@1', heard: 1, missing: 1, twice: 0, away: 0, slowest: 20 });
  assert.deepEqual(story.verdict(1, 9000), { replica: 'r@2', heard: 2, missing: 0, twice: 1, away: 250, slowest: 30 });
});
