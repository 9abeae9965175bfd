import { Problem } from '../rest/problem.js';
import { Signal } from '../app/signal.js';
import { OrderBook } from './order-book.js';
import { isFinal } from './status.js';

/** @typedef {import('../app/types.js').Order} Order */

const LOOK_EVERY = 8_000; // milliseconds
const STRANGER_AFTER = 400; // milliseconds
const LOOK_AT = 5; // orders at a time

/** The user's orders: fetched, followed live, and looked at now and then in case nothing was heard. */
export class Orders {
  book = new OrderBook();
  /** Counts up when what is shown should be fetched again. */
  revision = new Signal(0);
  #client;
  #checkout;
  #stranger = 0;

  /**
   * @param {import('../rest/client.js').Client} client
   * @param {import('../cart/checkout.js').Checkout} checkout
   * @param {import('../live/live.js').Live} live
   */
  constructor(client, checkout, live) {
    this.#client = client;
    this.#checkout = checkout;
    live.onUpdate = (update) => {
      if (!this.book.get(update.orderId)) this.#strangerHeard();
      this.book.apply(update);
    };
    live.onTruth = () => {
      this.revision.value += 1;
      void this.#look();
    };
    setInterval(() => void this.#look(), LOOK_EVERY);
  }

  /** @param {number} offset @param {number} size */
  async page(offset, size) {
    const page = await this.#client.orders(offset, size);
    return { ...page, items: page.items.map((order) => this.book.merge(order)) };
  }

  /** @param {number} id */
  async load(id) {
    return this.book.merge(await this.#client.order(id));
  }

  /** @param {string} userId @param {{ productId: string, quantity: number }[]} items */
  async place(userId, items) {
    const placed = await this.#checkout.place(userId, items);
    return { order: this.book.merge(placed.order), items: placed.items };
  }

  /** @param {number} id */
  async cancel(id) {
    return this.book.merge(await this.#client.cancel(id));
  }

  /** @param {number} id */
  async remove(id) {
    await this.#client.remove(id);
    this.book.forget(id);
  }

  /** An order that was placed elsewhere: lists are fetched again, once for several of them. */
  #strangerHeard() {
    clearTimeout(this.#stranger);
    this.#stranger = window.setTimeout(() => {
      this.revision.value += 1;
    }, STRANGER_AFTER);
  }

  /**
   * Live updates are fast, REST is the truth: an order that is still under way is asked for, so that a page never
   * waits for news that were lost.
   */
  async #look() {
    if (document.visibilityState === 'hidden' || !navigator.onLine) return;
    const pending = this.book.all().filter((order) => !isFinal(order.status)).slice(-LOOK_AT);
    await Promise.all(pending.map((order) => this.load(order.id).catch((error) => {
      if (error instanceof Problem && error.status === 404) this.book.forget(order.id);
    })));
  }
}
