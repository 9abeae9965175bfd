import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { Checkout } from '../../../services/storefront/cart/checkout.js';
import { Problem } from '../../../services/storefront/rest/problem.js';

globalThis.crypto ??= webcrypto; // Debian's node 18 has it as a module only.

const ITEMS = [{ productId: 'AZ-104', quantity: 1 }];
const ORDER = { id: 7, correlationId: 'c', status: 'ACCEPTED' };

/** A shop that answers as told, and remembers what it was asked. */
function shop(...answers) {
  const asked = [];
  const stored = new Map();
  return {
    asked,
    storage: { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => void stored.set(key, value), removeItem: (key) => void stored.delete(key) },
    client: {
      placeOrder: async (items, key) => {
        asked.push({ items, key });
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
  };
}

const atOnce = async () => {};

test('an answer that was lost is asked for again under the same key', async () => {
  const { asked, client, storage } = shop(new Problem(0, 'away'), new Problem(503, 'busy'), new Problem(409, 'in flight'), ORDER);
  const checkout = new Checkout(client, storage, atOnce);
  const { order } = await checkout.place('U', ITEMS);
  assert.equal(order.id, 7);
  assert.equal(asked.length, 4);
  assert.equal(new Set(asked.map((one) => one.key)).size, 1);
  assert.equal(checkout.pending('U'), null);
});

test('without an answer the key is kept, and the next try is for the same items', async () => {
  const { asked, client, storage } = shop(...Array(4).fill(new Problem(0, 'away')), ORDER);
  await assert.rejects(new Checkout(client, storage, atOnce).place('U', ITEMS), /away/);
  const later = new Checkout(client, storage, atOnce); // after a reload
  assert.deepEqual(later.pending('U')?.items, ITEMS);
  assert.equal(later.pending('SOMEBODY ELSE'), null);
  const { items } = await later.place('U', [{ productId: 'OTHER', quantity: 9 }]);
  assert.deepEqual(items, ITEMS);
  assert.equal(asked.at(-1).key, asked[0].key);
});

test('a refusal is an answer: the key is forgotten, and nothing is sent again', async () => {
  const { asked, client, storage } = shop(new Problem(404, 'One or more products were not found: X'));
  const checkout = new Checkout(client, storage, atOnce);
  await assert.rejects(checkout.place('U', ITEMS), /not found: X/);
  assert.equal(asked.length, 1);
  assert.equal(checkout.pending('U'), null);
});
