import { delay, fullJitter } from '../live/backoff.js';
import { Problem } from '../rest/problem.js';

/** @typedef {import('../app/types.js').Order} Order */
/** @typedef {import('./cart.js').Items} Items */
/**
 * `at` in milliseconds since 1970. One that certainly does not exist was not sent, or was refused for the moment.
 * @typedef {{ key: string, items: Items, at: number, mayExist: boolean, isOld: boolean }} PendingOrder
 */

const MAX_ATTEMPTS = 4;
const KEY_LIFETIME = 23 * 3_600_000; // milliseconds; the service keeps a key for 24 h at least
const BACKOFF = { base: 400, cap: 3_000 }; // milliseconds
const REFUSED_TOKEN = new Set([401, 403]); // statuses
const LONGEST_PAUSE = 10_000; // milliseconds; after more the customer decides

/**
 * Places an order exactly once.
 *
 * The Idempotency-Key is stored before the first request and removed when the outcome is known. Until then the same
 * items are sent again with the same key, after a reload too. Once the service may have forgotten the key, the customer
 * decides: the order may exist. While it certainly does not exist, the customer may still change the items.
 */
export class Checkout {
  #api;
  #storage;
  #sleep;
  #now;

  /**
   * @param {{ placeOrder(items: Items, idempotencyKey: string, userId: string): Promise<Order> }} api
   * @param {Pick<Storage, 'getItem'|'setItem'|'removeItem'>} storage
   * @param {(milliseconds: number) => Promise<void>} [sleep]
   * @param {() => number} [now] milliseconds since 1970
   */
  constructor(api, storage, sleep = delay, now = Date.now) {
    this.#now = now;
    this.#api = api;
    this.#storage = storage;
    this.#sleep = sleep;
  }

  /** @param {string} userId @returns {PendingOrder|null} an order whose outcome is unknown */
  pending(userId) {
    try {
      const pending = JSON.parse(this.#storage.getItem(storageKey(userId)) ?? 'null');
      if (!pending) return null;
      // A clock that was set says nothing of the age.
      const age = this.#now() - pending.at;
      const mayExist = pending.mayExist !== false;
      return { ...pending, mayExist, isOld: mayExist && !(age >= 0 && age < KEY_LIFETIME) };
    } catch {
      return null;
    }
  }

  /**
   * Forgets the pending order.
   * @param {string} userId
   */
  discard(userId) {
    this.#storage.removeItem(storageKey(userId));
  }

  /**
   * Makes the pending order a new one, which may be a second.
   * @param {string} userId
   */
  placeAnew(userId) {
    const pending = this.pending(userId);
    if (pending) this.#store(userId, { key: randomKey(), items: pending.items, at: this.#now(), mayExist: true });
  }

  /** @param {string} userId @param {Omit<PendingOrder, 'isOld'>} pending */
  #store(userId, { key, items, at, mayExist }) {
    this.#storage.setItem(storageKey(userId), JSON.stringify({ key, items, at, mayExist }));
  }

  /**
   * @param {string} userId
   * @param {Items} items not used when there is a pending order that may exist, which is placed first
   * @returns {Promise<{ order: Order, items: Items }>}
   */
  async place(userId, items) {
    const earlier = this.pending(userId);
    if (earlier?.isOld) throw new Problem(409, 'Decide first what becomes of the earlier order.');
    // The key stays the same all the same: should the order exist after all, another one is refused.
    const pending = earlier?.mayExist ? earlier : { key: randomKey(), at: this.#now(), mayExist: false, ...earlier, items };
    // Until there is an answer nothing is known, not even after a reload.
    this.#store(userId, { ...pending, mayExist: true });
    let { mayExist } = pending;
    for (let attempt = 0; ; attempt++) {
      try {
        const order = await this.#api.placeOrder(pending.items, pending.key, userId);
        this.#storage.removeItem(storageKey(userId));
        return { order, items: pending.items };
      } catch (error) {
        if (error instanceof Problem && !error.isUndecided) {
          // A token that is refused says nothing of an earlier attempt.
          if (!mayExist || !REFUSED_TOKEN.has(error.status)) this.#storage.removeItem(storageKey(userId));
          throw error;
        }
        mayExist ||= !(error instanceof Problem && error.isWithoutEffect);
        this.#store(userId, { ...pending, mayExist });
        const pause = error instanceof Problem ? error.retryAfter : 0;
        const isOffline = error instanceof Problem && error.wasNotSent;
        if (attempt + 1 === MAX_ATTEMPTS || pause > LONGEST_PAUSE || isOffline) throw error;
        await this.#sleep(pause + fullJitter(attempt, Math.random, BACKOFF));
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
