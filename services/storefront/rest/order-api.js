import { JSONClient } from './http.js';
import { Problem } from './problem.js';

/** @typedef {import('../app/types.js').Product} Product */
/** @typedef {import('../app/types.js').Order} Order */

/** The REST API of order-accept. */
export class OrderAPI {
  #client;

  /** @param {import('./http.js').TokenSource} session */
  constructor(session) {
    this.#client = new JSONClient(session, 'The shop');
  }

  /** @param {number} offset @param {number} size @returns {Promise<import('../app/types.js').Page<Product>>} */
  products(offset, size) {
    return this.#client.send('GET', `/api/products?offset=${offset}&size=${size}`);
  }

  /**
   * Newest first.
   * @param {number} size at most 100 @param {string} [after] the `next` of the page before
   * @returns {Promise<import('../app/types.js').Page<Order>>}
   */
  orders(size, after) {
    return this.#client.send('GET', `/api/orders?size=${size}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
  }

  /** @param {number} id @returns {Promise<Order>} */
  order(id) {
    return this.#client.send('GET', `/api/orders/${id}`);
  }

  /**
   * @param {{ productId: string, quantity: number }[]} items
   * @param {string} idempotencyKey the same for every attempt to place one order
   * @param {string} userId who orders
   * @returns {Promise<Order>}
   */
  async placeOrder(items, idempotencyKey, userId) {
    const order = await this.#client.send('POST', '/api/orders', { items }, { 'Idempotency-Key': idempotencyKey }, userId);
    // What is no order is no answer: the order may exist.
    if (!Number.isSafeInteger(order?.id)) throw new Problem(0, 'The response is incomplete.');
    return order;
  }

  /** @param {number} id @returns {Promise<Order>} */
  cancelOrder(id) {
    return this.#client.send('POST', `/api/orders/${id}/cancel`);
  }

  /** @param {number} id @returns {Promise<void>} */
  deleteOrder(id) {
    return this.#client.send('DELETE', `/api/orders/${id}`);
  }
}
