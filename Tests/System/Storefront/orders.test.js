import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { FAILURE_TEXTS, failureText } from '../../../services/storefront/orders/failure-text.js';
import { latestStatus } from '../../../services/storefront/orders/order-status.js';
import { OrderStore } from '../../../services/storefront/orders/order-store.js';
import { ProcessingTimes } from '../../../services/storefront/orders/processing-times.js';
import { expectedStatuses } from '../../../services/storefront/ui/order-timeline.js';

const order = (status = 'ACCEPTED') => (
  { id: 7, correlationId: 'c', createdAt: '2026-01-01T00:00:00Z', status, total: 1, currency: 'EUR', items: [] });
const update = (status) => ({ id: 1, correlationId: 'c', orderId: 7, status, occurredAt: '2026-01-01T00:00:01Z' });

test('an update that arrives before the response of the POST is applied', () => {
  const store = new OrderStore();
  store.apply(update('PROCESSING'));
  store.apply(update('COMPLETED'));
  assert.equal(store.merge(order()).status, 'COMPLETED');
  assert.deepEqual(Object.keys(store.times(7)).sort(), ['ACCEPTED', 'COMPLETED', 'PROCESSING']);
});

test('an order that is fetched has the times of its history', () => {
  const store = new OrderStore();
  const at = '2026-01-01T00:00:02Z';
  store.merge({ ...order('COMPLETED'), history: [{ status: 'ACCEPTED', at: '2026-01-01T00:00:00Z' }, { status: 'COMPLETED', at }] });
  assert.equal(store.times(7).COMPLETED, at);
});

test('the times of all steps are the same after a reload', () => {
  const stored = new Map();
  const storage = { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value), removeItem: (key) => stored.delete(key) };
  const open = () => new OrderStore(new ProcessingTimes(storage));
  const history = [{ status: 'ACCEPTED', at: '2026-01-01T00:00:00Z' }, { status: 'COMPLETED', at: '2026-01-01T00:00:02.5Z' }];
  const store = open();
  store.merge(order());
  store.apply(update('PROCESSING'));
  store.apply({ ...update('COMPLETED'), occurredAt: '2026-01-01T00:00:03Z' });
  store.merge({ ...order('COMPLETED'), history });
  const reloaded = open();
  reloaded.merge({ ...order('COMPLETED'), history });
  assert.deepEqual(reloaded.times(7), store.times(7));
  assert.equal(reloaded.times(7).COMPLETED, '2026-01-01T00:00:02.5Z', 'the record decides');
  assert.equal(reloaded.times(7).PROCESSING, '2026-01-01T00:00:01Z');
  reloaded.clear();
  assert.deepEqual(open().times(7), {}, 'of the user before');
});

test('every failure code of the service has its text, and an unknown one a general text', () => {
  const source = readFileSync(new URL('../../../libs/Orders/Order/OrderFailureCode.swift', import.meta.url), 'utf8');
  const codes = [...source.matchAll(/case \w+ = "(\w+)"/g)].map(([, code]) => code);
  assert.ok(codes.length >= 3);
  assert.deepEqual(Object.keys(FAILURE_TEXTS).sort(), codes.sort());
  assert.match(failureText({ code: 'product_unavailable' }), /no longer sold.* Nothing was charged/);
  for (const code of ['something_new', 'constructor']) assert.match(failureText({ code }), /could not be carried out.* order again/);
  assert.match(failureText(undefined), /could not be carried out/);
});

test('neither an older update nor an older response moves the status backwards', () => {
  const store = new OrderStore();
  store.merge(order());
  store.apply(update('COMPLETED'));
  store.apply(update('PROCESSING'));
  assert.equal(store.merge(order('ACCEPTED')).status, 'COMPLETED');
});

test('each change is reported once, with the previous status', () => {
  const store = new OrderStore();
  const changes = [];
  store.lastChange.listen(({ order: { status }, previousStatus }) => changes.push([previousStatus, status]));
  store.merge(order());
  store.apply(update('COMPLETED'));
  store.apply(update('COMPLETED'));
  assert.deepEqual(changes, [[null, 'ACCEPTED'], ['ACCEPTED', 'COMPLETED']]);
});

test('a final status does not change, except for a FAILED order that is replayed', () => {
  assert.equal(latestStatus('COMPLETED', 'CANCELLED'), 'COMPLETED');
  assert.equal(latestStatus('CANCELLED', 'COMPLETED'), 'CANCELLED');
  assert.equal(latestStatus('FAILED', 'COMPLETED'), 'COMPLETED');
  assert.equal(latestStatus('PROCESSING', 'AN UNKNOWN STATUS'), 'PROCESSING');
});

test('early updates of orders that are never fetched are bounded', () => {
  const store = new OrderStore();
  for (let id = 1; id <= 1000; id++) store.apply({ ...update('COMPLETED'), orderId: id });
  assert.equal(store.merge({ ...order(), id: 1 }).status, 'ACCEPTED');
  assert.equal(store.merge({ ...order(), id: 1000 }).status, 'COMPLETED');
});

test('the timeline ends with the final status', () => {
  assert.deepEqual(expectedStatuses('ACCEPTED'), ['ACCEPTED', 'PROCESSING', 'COMPLETED']);
  assert.deepEqual(expectedStatuses('CANCELLED'), ['ACCEPTED', 'CANCELLED']);
  assert.deepEqual(expectedStatuses('FAILED'), ['ACCEPTED', 'PROCESSING', 'FAILED']);
});
