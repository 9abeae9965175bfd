import { delay, fullJitter } from '../live/backoff.js';
import { Problem } from '../rest/problem.js';

/** @typedef {import('../app/types.js').Order} Order */
/** @typedef {import('./cart.js').Items} Items */
/** @typedef {{ key: string, items: Items }} PendingOrder */

const MAX_ATTEMPTS = 4;
const BACKOFF = { base: 400, cap: 3_000 }; // milliseconds

/**
 * Places an order exactly once.
 *
 * The Idempotency-Key is stored before the first request and removed when the outcome is known. Until then the same
 * items are sent again with the same key, after a reload too.
 */
export class Checkout {
  #api;
  #storage;
  #sleep;

  /**
   * @param {{ placeOrder(items: Items, idempotencyKey: string): Promise<Order> }} api
   * @param {Pick<Storage, 'getItem'|'setItem'|'removeItem'>} storage
   * @param {(milliseconds: number) => Promise<void>} [sleep]
   */
  constructor(api, storage, sleep = delay) {
    this.#api = api;
    this.#storage = storage;
    this.#sleep = sleep;
  }

  /** @param {string} userId @returns {PendingOrder|null} an order whose outcome is unknown */
  pending(userId) {
    try {
      return JSON.parse(this.#storage.getItem(storageKey(userId)) ?? 'null');
    } catch {
      return null;
    }
  }

  /**
   * @param {string} userId
   * @param {Items} items not used when there is a pending order, which is placed first
   * @returns {Promise<{ order: Order, items: Items }>}
   */
  async place(userId, items) {
    const pending = this.pending(userId) ?? { key: randomKey(), items };
    this.#storage.setItem(storageKey(userId), JSON.stringify(pending));
    for (let attempt = 0; ; attempt++) {
      try {
        const order = await this.#api.placeOrder(pending.items, pending.key);
        this.#storage.removeItem(storageKey(userId));
        return { order, items: pending.items };
      } catch (error) {
        if (error instanceof Problem && !error.isUndecided) {
          this.#storage.removeItem(storageKey(userId));
          throw error;
        }
        if (attempt + 1 === MAX_ATTEMPTS) throw error;
        await this.#sleep(fullJitter(attempt, Math.random, BACKOFF));
      }
    }
  }
}

/** 128 random bits; `crypto.randomUUID` exists on secure origins only. */
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {string} userId */
function storageKey(userId) {
  return `waybill.checkout.${userId}`;
}
