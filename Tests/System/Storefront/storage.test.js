import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOneTab } from '../../../services/storefront/app/locks.js';
import { local } from '../../../services/storefront/app/storage.js';

/** @param {string} name @param {any} value @param {() => Promise<void>|void} work */
async function having(name, value, work) {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { configurable: true, ...value });
  try {
    await work();
  } finally {
    if (before) Object.defineProperty(globalThis, name, before);
    else delete globalThis[name];
  }
}

test('a storage that the browser refuses is one in memory', async () => {
  const refuse = () => {
    throw new DOMException('site data is blocked', 'SecurityError');
  };
  await having('localStorage', { get: refuse }, () => {
    assert.equal(local.getItem('k'), null);
    local.setItem('k', 'v');
    assert.equal(local.getItem('k'), 'v');
    local.removeItem('k');
    assert.equal(local.getItem('k'), null);
  });
});

test('what a full storage does not take is kept in memory, until it does', async () => {
  const stored = new Map([['k', 'old']]);
  let isFull = true;
  const storage = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => {
      if (isFull) throw new DOMException('full', 'QuotaExceededError');
      stored.set(key, value);
    },
    removeItem: (key) => stored.delete(key),
  };
  await having('localStorage', { value: storage }, () => {
    local.setItem('k', 'new');
    assert.equal(local.getItem('k'), 'new');
    isFull = false;
    local.setItem('k', 'newer');
    assert.equal(stored.get('k'), 'newer');
    local.removeItem('k');
    assert.equal(local.getItem('k'), null);
  });
});

test('work is done without a lock where locks are refused, and once', async () => {
  let count = 0;
  const work = async () => ++count;
  await having('navigator', { value: { locks: { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } } }, async () => {
    assert.equal(await inOneTab('name', work), 1);
  });
  const fail = async () => {
    count += 1;
    throw new Error('of the work');
  };
  await having('navigator', { value: { locks: { request: (_name, _options, begin) => begin() } } }, async () => {
    await assert.rejects(inOneTab('name', fail), /of the work/);
    assert.equal(count, 2);
  });
});
