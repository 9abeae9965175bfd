import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adding, items, LINES, MOST, parse, pieces, total, withQuantity } from '../../../services/storefront/cart/cart.js';

test('adding the same product again raises its quantity, up to the limit', () => {
  const cart = adding(adding({}, 'AZ-104'), 'AZ-104', 2);
  assert.deepEqual(cart, { 'AZ-104': 3 });
  assert.equal(adding(cart, 'AZ-104', MOST)['AZ-104'], MOST);
});

test('a quantity below one removes the line; a cart is never changed in place', () => {
  const cart = Object.freeze({ A: 1, B: 2 });
  assert.deepEqual(withQuantity(cart, 'A', 0), { B: 2 });
  assert.deepEqual(withQuantity(cart, 'A', Number.NaN), { B: 2 });
  assert.deepEqual(cart, { A: 1, B: 2 });
});

test('the line after the last one that an order may have is not added', () => {
  const full = Object.fromEntries(Array.from({ length: LINES }, (_, i) => [`P-${i}`, 1]));
  assert.equal(items(adding(full, 'ONE-MORE')).length, LINES);
  assert.equal(adding(full, 'P-0')['P-0'], 2);
});

test('a line keeps its place when its quantity changes', () => {
  const cart = withQuantity({ 'AZ-104': 1, 'DP-900': 1 }, 'AZ-104', 5);
  assert.deepEqual(items(cart).map((line) => line.productId), ['AZ-104', 'DP-900']);
});

test('the total is exact in cents', () => {
  const products = new Map([['A', { price: 0.1 }], ['B', { price: 0.2 }], ['C', { price: 33.49 }]]);
  assert.equal(total({ A: 1, B: 1 }, products), 0.3);
  assert.equal(total({ C: 1000 }, products), 33490);
  assert.equal(total({ UNKNOWN: 3 }, products), 0);
});

test('what was stored by somebody else does no harm', () => {
  assert.deepEqual(parse(null), {});
  assert.deepEqual(parse('nonsense'), {});
  assert.deepEqual(parse('null'), {});
  assert.deepEqual(parse('{"A":"2","B":-1,"C":{},"D":1e9}'), { A: 2, D: MOST });
  assert.equal(pieces(parse('{"A":2,"B":3}')), 5);
});
