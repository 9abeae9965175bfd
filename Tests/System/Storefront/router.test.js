import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressWithFragment, match, parseRoute, positiveInteger } from '../../../services/storefront/app/router.js';

test('a fragment is parsed into a path and a query', () => {
  assert.equal(parseRoute('').path, '/');
  assert.equal(parseRoute('#/orders/7').path, '/orders/7');
  assert.equal(parseRoute('#/?q=a%20b').query.get('q'), 'a b');
});

test('a pattern matches paths with the same segments and returns the parameters', () => {
  assert.deepEqual(match('/orders/:id', '/orders/7'), { id: '7' });
  assert.equal(match('/orders/:id', '/orders'), null);
  assert.equal(match('/products/:id', '/products/%'), null);
});

test('an address without a fragment gets one', () => {
  const address = (url) => addressWithFragment(new URL(url, 'http://shop'));
  assert.equal(address('/orders/7'), '/#/orders/7');
  assert.equal(address('/orders/?shown=20'), '/#/orders?shown=20');
  assert.equal(address('/products/KS%2F201'), '/#/products/KS%2F201');
  assert.equal(address('/orders/7#/cart'), '/#/cart');
  for (const url of ['/', '/?code=1&state=2', '/#/orders/7', '/index.html', '/index.html#/cart']) assert.equal(address(url), null, url);
});

test('an id has one spelling', () => {
  assert.equal(positiveInteger('7'), 7);
  assert.equal(positiveInteger('9007199254740991'), 9007199254740991);
  for (const text of ['', '0', '01', '1e3', '0x1', ' 1', '1 ', '+1', '-1', '1.0', '９', '9007199254740993']) {
    assert.equal(positiveInteger(text), null);
  }
});
