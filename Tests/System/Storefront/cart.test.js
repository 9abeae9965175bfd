import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftOutText, reorder } from '../../../services/storefront/cart/reorder.js';
import { addToCart, cartTotal, itemCount, MAX_LINES, MAX_QUANTITY, orderItems, parseCart, removeItems, setQuantity } from '../../../services/storefront/cart/cart.js';

test('adding a product again increases its quantity up to the limit', () => {
  const cart = addToCart(addToCart({}, 'AZ-104'), 'AZ-104', 2);
  assert.deepEqual(cart, { 'AZ-104': 3 });
  assert.equal(addToCart(cart, 'AZ-104', MAX_QUANTITY)['AZ-104'], MAX_QUANTITY);
});

test('a quantity below one removes the line without changing the given cart', () => {
  const cart = Object.freeze({ A: 1, B: 2 });
  assert.deepEqual(setQuantity(cart, 'A', 0), { B: 2 });
  assert.deepEqual(setQuantity(cart, 'A', Number.NaN), { B: 2 });
  assert.deepEqual(cart, { A: 1, B: 2 });
});

test('a line beyond the limit of an order is not added', () => {
  const full = Object.fromEntries(Array.from({ length: MAX_LINES }, (_, i) => [`P-${i}`, 1]));
  assert.equal(orderItems(addToCart(full, 'ONE-MORE')).length, MAX_LINES);
  assert.equal(addToCart(full, 'P-0')['P-0'], 2);
});

test('a line keeps its position when its quantity changes', () => {
  const cart = setQuantity({ 'AZ-104': 1, 'DP-900': 1 }, 'AZ-104', 5);
  assert.deepEqual(orderItems(cart).map((line) => line.productId), ['AZ-104', 'DP-900']);
});

test('removing ordered items keeps what was added since', () => {
  const ordered = [{ productId: 'A', quantity: 2 }, { productId: 'B', quantity: 1 }];
  assert.deepEqual(removeItems({ A: 3, B: 1, C: 1 }, ordered), { A: 1, C: 1 });
});

test('ordering again adds the lines whose products are still sold, and names the others', () => {
  const lines = [{ productId: 'A', productName: 'One', quantity: 2 }, { productId: 'GONE', productName: 'Another', quantity: 1 }];
  const result = reorder({ A: 1, B: 1 }, lines, new Map([['A', {}], ['B', {}]]));
  assert.deepEqual([result.cart, result.added], [{ A: 3, B: 1 }, 1]);
  assert.equal(leftOutText(result), 'No longer sold, and left out: Another.');
  const full = Object.fromEntries(Array.from({ length: MAX_LINES }, (_, i) => [`P-${i}`, 1]));
  const rest = reorder(full, lines, new Map([['A', {}], ['GONE', {}]]));
  assert.equal(rest.added, 0);
  assert.equal(leftOutText(rest), 'The cart is full, and this was left out: One, Another.');
  assert.equal(leftOutText(reorder({}, [], new Map())), '');
});

test('the total is exact in cents', () => {
  const products = new Map([['A', { price: 0.1 }], ['B', { price: 0.2 }], ['C', { price: 33.49 }]]);
  assert.equal(cartTotal({ A: 1, B: 1 }, products), 0.3);
  assert.equal(cartTotal({ C: 1000 }, products), 33490);
  assert.equal(cartTotal({ UNKNOWN: 3 }, products), 0);
});

test('a malformed stored cart is read without its invalid lines', () => {
  assert.deepEqual(parseCart(null), {});
  assert.deepEqual(parseCart('nonsense'), {});
  assert.deepEqual(parseCart('null'), {});
  assert.deepEqual(parseCart('{"A":"2","B":-1,"C":{},"D":1e9}'), { A: 2, D: MAX_QUANTITY });
  assert.equal(itemCount(parseCart('{"A":2,"B":3}')), 5);
});
