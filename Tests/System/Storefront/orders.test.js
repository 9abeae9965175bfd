import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrderBook } from '../../../services/storefront/orders/order-book.js';
import { later } from '../../../services/storefront/orders/status.js';
import { way } from '../../../services/storefront/parts/order-timeline.js';

const order = (status = 'ACCEPTED') => (
  { id: 7, correlationId: 'c', createdAt: '2026-01-01T00:00:00Z', status, total: 1, currency: 'EUR', items: [] });
const update = (status) => ({ id: 1, correlationId: 'c', orderId: 7, status, occurredAt: '2026-01-01T00:00:01Z' });

test('a completion that came before the answer of the POST is not lost', () => {
  const book = new OrderBook();
  book.apply(update('PROCESSING'));
  book.apply(update('COMPLETED'));
  assert.equal(book.merge(order()).status, 'COMPLETED');
  assert.deepEqual(Object.keys(book.times(7)).sort(), ['ACCEPTED', 'COMPLETED', 'PROCESSING']);
});

test('a status never goes backwards, from whichever side the old one comes', () => {
  const book = new OrderBook();
  book.merge(order());
  book.apply(update('COMPLETED'));
  book.apply(update('PROCESSING'));
  assert.equal(book.merge(order('ACCEPTED')).status, 'COMPLETED');
});

test('listeners hear each change once, with what was before', () => {
  const book = new OrderBook();
  const heard = [];
  book.listen((now, before) => heard.push([before, now.status]));
  book.merge(order());
  book.apply(update('COMPLETED'));
  book.apply(update('COMPLETED'));
  assert.deepEqual(heard, [[null, 'ACCEPTED'], ['ACCEPTED', 'COMPLETED']]);
});

test('an end is final, but for a failed order that is sent again', () => {
  assert.equal(later('COMPLETED', 'CANCELLED'), 'COMPLETED');
  assert.equal(later('CANCELLED', 'COMPLETED'), 'CANCELLED');
  assert.equal(later('FAILED', 'COMPLETED'), 'COMPLETED');
  assert.equal(later('PROCESSING', 'A STATUS OF TOMORROW'), 'PROCESSING');
});

test('updates of orders that are never asked for do not pile up', () => {
  const book = new OrderBook();
  for (let id = 1; id <= 1000; id++) book.apply({ ...update('COMPLETED'), orderId: id });
  assert.equal(book.merge({ ...order(), id: 1 }).status, 'ACCEPTED');
  assert.equal(book.merge({ ...order(), id: 1000 }).status, 'COMPLETED');
});

test('the timeline ends where the order ended', () => {
  assert.deepEqual(way('ACCEPTED'), ['ACCEPTED', 'PROCESSING', 'COMPLETED']);
  assert.deepEqual(way('CANCELLED'), ['ACCEPTED', 'CANCELLED']);
  assert.deepEqual(way('FAILED'), ['ACCEPTED', 'PROCESSING', 'FAILED']);
});
