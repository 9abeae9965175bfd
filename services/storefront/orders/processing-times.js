import { session } from '../app/storage.js';

const KEY = 'waybill.processing-times';
const MAX_ORDERS = 50;

/**
 * When this tab heard that an order is being processed. The API's history has the times that are recorded, and this is
 * none of them: it is kept across a reload here.
 */
export class ProcessingTimes {
  #storage;
  /** @type {Map<number, string>} RFC 3339, oldest first */
  #times = new Map();

  /** @param {Pick<Storage, 'getItem'|'setItem'|'removeItem'>} [storage] */
  constructor(storage = session) {
    this.#storage = storage;
    try {
      this.#times = new Map(JSON.parse(storage.getItem(KEY) ?? '[]'));
    } catch {
      // It was stored by another version.
    }
  }

  /** @param {number} orderId */
  get(orderId) {
    return this.#times.get(orderId);
  }

  /** @param {number} orderId @param {string} time */
  record(orderId, time) {
    if (this.#times.has(orderId)) return;
    this.#times.set(orderId, time);
    const oldest = this.#times.keys().next();
    if (this.#times.size > MAX_ORDERS && !oldest.done) this.#times.delete(oldest.value);
    this.#storage.setItem(KEY, JSON.stringify([...this.#times]));
  }

  clear() {
    this.#times.clear();
    this.#storage.removeItem(KEY);
  }
}
