import { Problem } from '../rest/problem.js';
import { delay, fullJitter } from '../live/backoff.js';

/** @typedef {import('../app/types.js').Order} Order */
/** @typedef {{ productId: string, quantity: number }[]} Items */
/** @typedef {{ key: string, items: Items }} Attempt */

const ATTEMPTS = 4;

/**
 * Places an order once, however often it must be asked for.
 *
 * The Idempotency-Key is stored before the first request and forgotten only when the answer is known. Until then it
 * is not known whether there is an order: the same items go out again under the same key, also after a reload.
 */
export class Checkout {
  #client;
  #storage;
  #pause;

  /**
   * @param {{ placeOrder(items: Items, key: string): Promise<Order> }} client
   * @param {{ getItem(key: string): string|null, setItem(key: string, value: string): void, removeItem(key: string): void }} storage
   * @param {(milliseconds: number) => Promise<void>} [pause]
   */
  constructor(client, storage, pause = delay) {
    this.#client = client;
    this.#storage = storage;
    this.#pause = pause;
  }

  /** @param {string} userId @returns {Attempt|null} an order whose answer never came */
  pending(userId) {
    try {
      return JSON.parse(this.#storage.getItem(place(userId)) ?? 'null');
    } catch {
      return null;
    }
  }

  /**
   * @param {string} userId
   * @param {Items} items not used while an earlier attempt is undecided: that one comes first
   * @returns {Promise<{ order: Order, items: Items }>}
   */
  async place(userId, items) {
    const attempt = this.pending(userId) ?? { key: newKey(), items };
    this.#storage.setItem(place(userId), JSON.stringify(attempt));
    for (let count = 0; ; count++) {
      try {
        const order = await this.#client.placeOrder(attempt.items, attempt.key);
        this.#storage.removeItem(place(userId));
        return { order, items: attempt.items };
      } catch (error) {
        if (error instanceof Problem && !error.isUndecided) {
          this.#storage.removeItem(place(userId));
          throw error;
        }
        if (count + 1 === ATTEMPTS) throw error;
        await this.#pause(fullJitter(count, Math.random, { base: 400, cap: 3_000 }));
      }
    }
  }
}

/** 128 random bits; `crypto.randomUUID` exists on secure origins only. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {string} userId */
function place(userId) {
  return `waybill.checkout.${userId}`;
}
