import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailoverTimeline } from '../../../services/storefront/ops/failover-timeline.js';
import { axisMaximum, counterIncrease, HISTORY_LENGTH, MetricsHistory, percentile } from '../../../services/storefront/ops/metrics-history.js';

const snapshot = (at, ...services) => ({ at, away: [], services: services.map(([url, samples]) => ({ name: url, url, isUp: !!samples, samples })) });

test('a counter increase sums services and labels, restarts included and new services excluded', () => {
  const previous = snapshot(0, ['a', { n: 10, 'n{l="x"}': 5, no: 1 }], ['b', { n: 7 }], ['down', undefined]);
  const current = snapshot(1000, ['a', { n: 12, 'n{l="x"}': 6, no: 99 }], ['b', { n: 3 }], ['c', { n: 1000 }], ['down', { n: 50 }]);
  assert.equal(counterIncrease(previous, current, 'n'), 2 + 1 + 3);
});

test('a point has rates per second and the percentiles of the orders since the previous point', () => {
  const history = new MetricsHistory();
  history.addSnapshot(snapshot(0, ['a', { waybill_orders_accepted_total: 0 }]));
  history.addEvents([10, 20, 30, 400].map((tookMs) => ({ type: 'order.processed.v1', tookMs })));
  history.addEvents([{ type: 'order.accepted.v1' }, { type: 'order.failed.v1', tookMs: 9_999 }]);
  history.addSnapshot(snapshot(2000, ['a', { waybill_orders_accepted_total: 50 }]));
  const [point] = history.points;
  assert.deepEqual([point.accepted, point.p50, point.p99, point.pushLatency], [25, 20, 400, null]);
});

test('the history is bounded, and a point without orders has no percentiles', () => {
  const history = new MetricsHistory();
  history.addEvents([{ type: 'order.processed.v1', tookMs: 10 }]);
  for (let second = 0; second < 2 * HISTORY_LENGTH; second++) history.addSnapshot(snapshot(second * 1000, ['a', {}]));
  assert.equal(history.points.length, HISTORY_LENGTH);
  assert.equal(history.points.at(-1).p50, null);
});

test('a percentile is one of the values, or null without values', () => {
  assert.equal(percentile([], 0.5), null);
  assert.equal(percentile([1, 2, 3, 4], 0.5), 2);
  assert.equal(percentile([7], 0.99), 7);
});

test('an axis ends at a round number', () => {
  assert.deepEqual([0, 0.3, 1, 6, 20, 21, 501].map(axisMaximum), [1, 0.5, 1, 10, 20, 50, 1000]);
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
