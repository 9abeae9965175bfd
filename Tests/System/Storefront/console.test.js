import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailoverTimeline } from '../../../services/storefront/ops/failover-timeline.js';
import { MetricsHistory } from '../../../services/storefront/ops/metrics-history.js';

test('a history has the columns that are asked for, in their order', () => {
  const history = new MetricsHistory();
  history.replace({ names: ['at', 'accepted', 'failed'], points: [[1000, 5, null], [6000, 7, 1]] });
  history.add([11_000, 9, 2]);
  history.add([11_000, 99, 99]); // the same point, from the stream and from the first event
  assert.deepEqual(history.rows(['failed', 'accepted', 'unknown']), [
    [new Date(1000), null, 5, null], [new Date(6000), 1, 7, null], [new Date(11_000), 2, 9, null]]);
});

test('the history is bounded', () => {
  const history = new MetricsHistory();
  history.replace({ names: ['at', 'accepted'], points: [] });
  for (let point = 1; point < 1000; point++) history.add([point * 5000, point]);
  assert.equal(history.rows(['accepted']).length, 720);
  assert.equal(history.rows(['accepted']).at(-1)[1], 999);
});

test('the delivery summary counts missing and duplicate updates and the disconnected time', () => {
  const timeline = new FailoverTimeline(2, 0);
  for (const tab of [0, 1]) {
    timeline.recordState(tab, { phase: 'connecting' }, 0);
    timeline.recordState(tab, { phase: 'connected', replica: 'r@1' }, 500);
  }
  timeline.recordOrder(7, 1000);
  timeline.recordDelivery(0, 7, 1020);
  assert.equal(timeline.isComplete, false);
  timeline.recordDelivery(1, 7, 990); // before the response of the POST
  timeline.recordDelivery(1, 7, 1030);
  timeline.recordState(1, { phase: 'waiting', retryAt: 2200 }, 2000);
  timeline.recordState(1, { phase: 'connecting' }, 2200);
  timeline.recordState(1, { phase: 'connected', replica: 'r@2' }, 2250);
  timeline.recordOrder(8, 3000);
  timeline.recordDelivery(1, 8, 3001);
  timeline.end(4000);
  timeline.recordState(0, { phase: 'off' }, 4001); // after the end of the run
  assert.equal(timeline.isComplete, false);
  assert.deepEqual(timeline.summary(0, 9000), { replica: 'r@1', delivered: 1, missing: 1, duplicates: 0, disconnectedMs: 0, maxLatencyMs: 20 });
  assert.deepEqual(timeline.summary(1, 9000), { replica: 'r@2', delivered: 2, missing: 0, duplicates: 1, disconnectedMs: 250, maxLatencyMs: 30 });
});
