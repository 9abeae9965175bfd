import { Signal } from '../app/signal.js';
import { latestStatus } from './order-status.js';
import { ProcessingTimes } from './processing-times.js';

/** @typedef {import('../app/types.js').Order} Order */
/** @typedef {import('../app/types.js').OrderUpdate} OrderUpdate */
/** @typedef {import('../app/types.js').OrderStatus} OrderStatus */
/** @typedef {Partial<Record<OrderStatus, string>>} StatusTimes  RFC 3339, as far as they are known */
/** @typedef {{ order: Order, previousStatus: OrderStatus|null }} Change  null for a new order */

const MAX_EARLY_ORDERS = 256;

/**
 * The user's orders as this tab knows them, merged from REST and live updates. Updates of an unknown order are kept: a
 * completion can arrive before the response of the POST that placed the order.
 */
export class OrderStore {
  /** @type {Signal<Change>} for listeners: it has no value before the first change */
  lastChange = new Signal(/** @type {any} */ (null));
  /** @type {Map<number, Order>} */
  #orders = new Map();
  /** @type {Map<number, StatusTimes>} */
  #times = new Map();
  #processingTimes;
  /** @type {Map<number, OrderUpdate[]>} */
  #earlyUpdates = new Map();

  /** @param {ProcessingTimes} [processingTimes] */
  constructor(processingTimes = new ProcessingTimes()) {
    this.#processingTimes = processingTimes;
  }

  /** @param {number} id */
  get(id) {
    return this.#orders.get(id);
  }

  /** @returns {Order[]} */
  all() {
    return [...this.#orders.values()];
  }

  /** @param {number} id @returns {StatusTimes} */
  times(id) {
    const processing = this.#processingTimes.get(id);
    return { ...(processing ? { PROCESSING: processing } : {}), ...this.#times.get(id) };
  }

  /** @param {Order} fetched @returns {Order} with the latest known status */
  merge(fetched) {
    const known = this.#orders.get(fetched.id);
    const order = known ? { ...fetched, status: latestStatus(known.status, fetched.status) } : fetched;
    this.#recordTime(order.id, 'ACCEPTED', order.createdAt);
    // What is recorded replaces what was heard, so that a reload shows the same times.
    for (const { status, at } of fetched.history ?? []) this.#times.set(order.id, { ...this.#times.get(order.id), [status]: at });
    this.#set(order, known?.status ?? null);
    const early = this.#earlyUpdates.get(order.id) ?? [];
    this.#earlyUpdates.delete(order.id);
    for (const update of early) this.apply(update);
    return this.#orders.get(order.id) ?? order;
  }

  /** @param {OrderUpdate} update */
  apply(update) {
    const known = this.#orders.get(update.orderId);
    if (!known) return this.#keepEarly(update);
    this.#recordTime(known.id, update.status, update.occurredAt);
    const status = latestStatus(known.status, update.status);
    if (status !== known.status) this.#set({ ...known, status }, known.status);
  }

  /** @param {number} id */
  remove(id) {
    this.#orders.delete(id);
    this.#times.delete(id);
  }

  clear() {
    this.#orders.clear();
    this.#times.clear();
    this.#processingTimes.clear();
    this.#earlyUpdates.clear();
  }

  /** @param {OrderUpdate} update */
  #keepEarly(update) {
    const updates = this.#earlyUpdates.get(update.orderId) ?? [];
    this.#earlyUpdates.set(update.orderId, [...updates, update]);
    const oldest = this.#earlyUpdates.keys().next();
    if (this.#earlyUpdates.size > MAX_EARLY_ORDERS && !oldest.done) this.#earlyUpdates.delete(oldest.value);
  }

  /** @param {number} id @param {OrderStatus} status @param {string} [time] */
  #recordTime(id, status, time) {
    if (!time) return;
    this.#times.set(id, { [status]: time, ...this.#times.get(id) });
    if (status === 'PROCESSING') this.#processingTimes.record(id, time);
  }

  /** @param {Order} order @param {OrderStatus|null} previousStatus */
  #set(order, previousStatus) {
    this.#orders.set(order.id, order);
    this.lastChange.value = { order, previousStatus };
  }
}
