import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { Checkout } from '../../../services/storefront/cart/checkout.js';
import { customerText, Problem } from '../../../services/storefront/rest/problem.js';

globalThis.crypto ??= webcrypto; // Debian's node 18 has no global `crypto`.

const ITEMS = [{ productId: 'AZ-104', quantity: 1 }];
const ORDER = { id: 7, correlationId: 'c', status: 'ACCEPTED' };

/** An API that gives the responses in turn and records the requests, and an empty storage. */
function fixture(...responses) {
  const requests = [];
  const stored = new Map();
  return {
    requests,
    storage: { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => void stored.set(key, value), removeItem: (key) => void stored.delete(key) },
    api: {
      placeOrder: async (items, key) => {
        requests.push({ items, key });
        const response = responses.shift();
        if (response instanceof Error) throw response;
        return response;
      },
    },
  };
}

const noDelay = async () => {};

test('a request without an outcome is retried with the same idempotency key', async () => {
  const { requests, api, storage } = fixture(new Problem(0, 'no response'), new Problem(503, 'busy'), new Problem(409, 'in progress'), ORDER);
  const checkout = new Checkout(api, storage, noDelay);
  const { order } = await checkout.place('U', ITEMS);
  assert.equal(order.id, 7);
  assert.equal(requests.length, 4);
  assert.equal(new Set(requests.map((one) => one.key)).size, 1);
  assert.equal(checkout.pending('U'), null);
});

test('a pause that the service asks for is kept, and a long one is left to the customer', async () => {
  const pauses = [];
  const { api, storage, requests } = fixture(new Problem(429, 'slow down', {}, 3_000), ORDER);
  await new Checkout(api, storage, async (pause) => void pauses.push(pause)).place('U', ITEMS);
  assert.equal(pauses.length, 1);
  assert.ok(pauses[0] >= 3_000 && pauses[0] < 6_000);
  assert.equal(requests.length, 2);
  const busy = fixture(new Problem(503, 'busy', {}, 60_000));
  await assert.rejects(new Checkout(busy.api, busy.storage, noDelay).place('U', ITEMS), /busy/);
  assert.equal(busy.requests.length, 1);
});

test('a pending order survives a reload and is placed before other items', async () => {
  const { requests, api, storage } = fixture(...Array(4).fill(new Problem(0, 'no response')), ORDER);
  await assert.rejects(new Checkout(api, storage, noDelay).place('U', ITEMS), /no response/);
  const reloaded = new Checkout(api, storage, noDelay);
  assert.deepEqual(reloaded.pending('U')?.items, ITEMS);
  assert.equal(reloaded.pending('ANOTHER USER'), null);
  const { items } = await reloaded.place('U', [{ productId: 'OTHER', quantity: 9 }]);
  assert.deepEqual(items, ITEMS);
  assert.equal(requests.at(-1).key, requests[0].key);
});

/** A request that an offline browser did not send. */
function unsent() {
  const problem = new Problem(0, 'You are offline.');
  problem.wasNotSent = true;
  return problem;
}

test('an order that was not sent is known not to exist, and its items may change', async () => {
  const { requests, api, storage } = fixture(unsent(), ORDER);
  const checkout = new Checkout(api, storage, noDelay);
  await assert.rejects(checkout.place('U', ITEMS), /offline/);
  assert.equal(requests.length, 1, 'an offline browser sends no better a moment later');
  assert.equal(new Checkout(api, storage, noDelay).pending('U')?.mayExist, false);
  const others = [{ productId: 'OTHER', quantity: 1 }];
  const { items } = await checkout.place('U', others);
  assert.deepEqual([items, requests[1].items], [others, others]);
  assert.equal(requests[1].key, requests[0].key);
});

/** What the edge and order-accept answer when nothing was carried out. */
const refused = () => Problem.from(new Response('{"detail":"No replica answers at the moment.","effect":"none"}', { status: 503 }));

test('an order that was sent and not answered may exist, whatever follows', async () => {
  for (const [first, mayExist] of [
    [new Problem(0, 'no response'), true], [new Problem(503, 'It is not known'), true], [new Problem(500, 'x'), true], [new Problem(409, 'in progress'), true],
    [await refused(), false], [new Problem(503, 'No replica answers at the moment.'), true], [new Problem(429, 'slow down'), false], [new TypeError('x'), true],
  ]) {
    const { api, storage } = fixture(first, unsent());
    const checkout = new Checkout(api, storage, noDelay);
    await assert.rejects(checkout.place('U', ITEMS));
    assert.equal(checkout.pending('U')?.mayExist, mayExist, first.message);
  }
});

test('an order that an earlier version of the page has stored may exist', () => {
  const { api, storage } = fixture();
  storage.setItem('waybill.checkout.U', JSON.stringify({ key: 'k', items: ITEMS, at: Date.now() }));
  assert.equal(new Checkout(api, storage).pending('U')?.mayExist, true);
});

test('while a request is on its way the order may exist, so that a reload repeats it', async () => {
  const { storage } = fixture();
  let checkout;
  let during;
  const api = { placeOrder: async () => {
    during = checkout.pending('U')?.mayExist;
    return ORDER;
  } };
  checkout = new Checkout(api, storage);
  await checkout.place('U', ITEMS);
  assert.equal(during, true);
});

test('what customers read has no words of the services', () => {
  for (const [status, message] of [[503, 'No replica answers at the moment.'], [422, 'This Idempotency-Key was used with another body.'], [429, 'Too Many Requests'], [401, 'The token is expired.']]) {
    assert.doesNotMatch(customerText(new Problem(status, message)), /replica|Idempotency|token|Too Many/);
  }
  assert.equal(customerText(new Problem(404, 'One or more products were not found: X')), 'One or more products were not found: X');
  assert.match(customerText(new TypeError('undefined is not a function')), /Something went wrong/);
});

test('a refused order is not retried and its key is removed', async () => {
  const { requests, api, storage } = fixture(new Problem(404, 'One or more products were not found: X'));
  const checkout = new Checkout(api, storage, noDelay);
  await assert.rejects(checkout.place('U', ITEMS), /not found: X/);
  assert.equal(requests.length, 1);
  assert.equal(checkout.pending('U'), null);
});

test('an order that is older than the life of its key is placed again by decision alone', async () => {
  const { requests, api, storage } = fixture(...Array(4).fill(new Problem(0, 'no response')), ORDER);
  let time = 1_000_000;
  const checkout = new Checkout(api, storage, noDelay, () => time);
  await assert.rejects(checkout.place('U', ITEMS), /no response/);
  assert.equal(checkout.pending('U')?.isOld, false);
  for (const later of [24 * 3_600_000, -1]) {
    time = 1_000_000 + later; // a clock that was set back, too
    assert.equal(checkout.pending('U')?.isOld, true);
    await assert.rejects(checkout.place('U', ITEMS), /Decide first/);
  }
  assert.equal(requests.length, 4);
  checkout.placeAnew('U');
  const { order, items } = await checkout.place('U', []);
  assert.equal(order.id, 7);
  assert.deepEqual(items, ITEMS);
  assert.notEqual(requests.at(-1).key, requests[0].key);
});

test('a pending order can be forgotten', async () => {
  const { api, storage } = fixture(...Array(4).fill(new Problem(0, 'no response')), ORDER);
  const checkout = new Checkout(api, storage, noDelay);
  await assert.rejects(checkout.place('U', ITEMS), /no response/);
  checkout.discard('U');
  assert.equal(checkout.pending('U'), null);
});
