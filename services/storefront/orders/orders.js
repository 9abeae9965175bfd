import { Signal } from '../app/signal.js';
import { Problem } from '../rest/problem.js';
import { isFinal } from './order-status.js';
import { OrderStore } from './order-store.js';

/** @typedef {import('../app/types.js').Order} Order */

const POLL_INTERVAL = 8_000; // milliseconds
const MAX_POLLED = 5; // orders at a time
const UNKNOWN_ORDER_DELAY = 400; // milliseconds

/** The user's orders: fetched over REST, followed by live updates, and polled in case an update was lost. */
export class Orders {
  store = new OrderStore();
  /** Incremented when the pages should fetch again. */
  revision = new Signal(0);
  #api;
  #checkout;
  #unknownOrderTimer = 0;

  /**
   * @param {import('../rest/order-api.js').OrderAPI} api
   * @param {import('../cart/checkout.js').Checkout} checkout
   * @param {import('../live/live-updates.js').LiveUpdates} live
   */
  constructor(api, checkout, live) {
    this.#api = api;
    this.#checkout = checkout;
    live.onUpdate = (update) => {
      if (!this.store.get(update.orderId)) this.#unknownOrderReceived();
      this.store.apply(update);
    };
    live.onResyncRequired = () => {
      this.revision.value += 1;
      void this.#poll();
    };
    setInterval(() => void this.#poll(), POLL_INTERVAL);
  }

  /** @param {number} size @param {string} [after] the `next` of the page before */
  async page(size, after) {
    const page = await this.#api.orders(size, after);
    return { ...page, items: page.items.map((order) => this.store.merge(order)) };
  }

  /** @param {number} id */
  async load(id) {
    return this.store.merge(await this.#api.order(id));
  }

  /** @param {string} userId @param {import('../cart/cart.js').Items} items */
  async place(userId, items) {
    const placed = await this.#checkout.place(userId, items);
    return { order: this.store.merge(placed.order), items: placed.items };
  }

  /** @param {number} id */
  async cancel(id) {
    return this.store.merge(await this.#api.cancelOrder(id));
  }

  /** @param {number} id */
  async delete(id) {
    await this.#api.deleteOrder(id);
    this.store.remove(id);
  }

  /** An order was placed elsewhere: lists are fetched again, once for several updates. */
  #unknownOrderReceived() {
    clearTimeout(this.#unknownOrderTimer);
    this.#unknownOrderTimer = window.setTimeout(() => {
      this.revision.value += 1;
    }, UNKNOWN_ORDER_DELAY);
  }

  /** Fetches orders that are not final. */
  async #poll() {
    if (document.visibilityState === 'hidden' || !navigator.onLine) return;
    const pending = this.store.all().filter((order) => !isFinal(order.status)).slice(-MAX_POLLED);
    await Promise.all(pending.map((order) => this.load(order.id).catch((error) => {
      if (error instanceof Problem && error.status === 404) this.store.remove(order.id);
    })));
  }
}
