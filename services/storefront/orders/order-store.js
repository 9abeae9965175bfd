import { later } from './status.js';

/** @typedef {import('../app/types.js').Order} Order */
/** @typedef {import('../app/types.js').OrderUpdate} OrderUpdate */
/** @typedef {import('../app/types.js').OrderStatus} OrderStatus */
/** @typedef {Partial<Record<OrderStatus, string>>} Times  when each status was reached, as far as it was heard */

const MOST_EARLY = 256;

/**
 * What this tab knows of the user's orders, from REST and from live updates, whichever came first. An update for an
 * order that is not known yet is kept: a completion can arrive before the answer of the POST that placed the order.
 */
export class OrderBook {
  /** @type {Map<number, Order>} */
  #orders = new Map();
  /** @type {Map<number, Times>} */
  #times = new Map();
  /** @type {Map<number, OrderUpdate[]>} */
  #early = new Map();
  /** @type {Set<(order: Order, before: OrderStatus|null) => void>} */
  #listeners = new Set();

  /** @param {(order: Order, before: OrderStatus|null) => void} listener @returns {() => void} stops it */
  listen(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @param {number} id */
  get(id) {
    return this.#orders.get(id);
  }

  /** @returns {Order[]} */
  all() {
    return [...this.#orders.values()];
  }

  /** @param {number} id @returns {Times} */
  times(id) {
    return this.#times.get(id) ?? {};
  }

  /** @param {Order} fetched @returns {Order} with the latest status that was heard from anywhere */
  merge(fetched) {
    const known = this.#orders.get(fetched.id);
    const order = known ? { ...fetched, status: later(known.status, fetched.status) } : fetched;
    this.#note(order.id, 'ACCEPTED', order.createdAt);
    this.#put(order, known?.status ?? null);
    const early = this.#early.get(order.id) ?? [];
    this.#early.delete(order.id);
    for (const update of early) this.apply(update);
    return this.#orders.get(order.id) ?? order;
  }

  /** @param {OrderUpdate} update */
  apply(update) {
    const known = this.#orders.get(update.orderId);
    if (!known) return this.#keep(update);
    this.#note(known.id, update.status, update.occurredAt);
    const status = later(known.status, update.status);
    if (status !== known.status) this.#put({ ...known, status }, known.status);
  }

  /** @param {number} id */
  forget(id) {
    this.#orders.delete(id);
    this.#times.delete(id);
  }

  clear() {
    this.#orders.clear();
    this.#times.clear();
    this.#early.clear();
  }

  /** @param {OrderUpdate} update */
  #keep(update) {
    const updates = this.#early.get(update.orderId) ?? [];
    this.#early.set(update.orderId, [...updates, update]);
    const oldest = this.#early.keys().next();
    if (this.#early.size > MOST_EARLY && !oldest.done) this.#early.delete(oldest.value);
  }

  /** @param {number} id @param {OrderStatus} status @param {string} [time] */
  #note(id, status, time) {
    if (time) this.#times.set(id, { [status]: time, ...this.#times.get(id) });
  }

  /** @param {Order} order @param {OrderStatus|null} before */
  #put(order, before) {
    this.#orders.set(order.id, order);
    for (const listener of [...this.#listeners]) listener(order, before);
  }
}
