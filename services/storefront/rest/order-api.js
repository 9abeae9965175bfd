import { deadline } from './deadline.js';
import { Problem } from './problem.js';

/** @typedef {import('../app/types.js').Product} Product */
/** @typedef {import('../app/types.js').Order} Order */

const TIMEOUT = 15_000; // milliseconds

/** The REST interface, with the user's token. */
export class Client {
  #session;

  /** @param {{ token(): Promise<string>, refused(): Promise<string> }} session */
  constructor(session) {
    this.#session = session;
  }

  /** @param {number} offset @param {number} size @returns {Promise<import('../app/types.js').Page<Product>>} */
  products(offset, size) {
    return this.#json('GET', `/api/products?offset=${offset}&size=${size}`);
  }

  /** @param {number} offset @param {number} size @returns {Promise<import('../app/types.js').Page<Order>>} */
  orders(offset, size) {
    return this.#json('GET', `/api/orders?offset=${offset}&size=${size}`);
  }

  /** @param {number} id @returns {Promise<Order>} */
  order(id) {
    return this.#json('GET', `/api/orders/${id}`);
  }

  /**
   * @param {{ productId: string, quantity: number }[]} items
   * @param {string} key the same for every attempt at one order, so that it is placed once
   * @returns {Promise<Order>}
   */
  placeOrder(items, key) {
    return this.#json('POST', '/api/orders', { items }, { 'Idempotency-Key': key });
  }

  /** @param {number} id @returns {Promise<Order>} */
  cancel(id) {
    return this.#json('POST', `/api/orders/${id}/cancel`);
  }

  /** @param {number} id @returns {Promise<void>} */
  async remove(id) {
    await this.#send('DELETE', `/api/orders/${id}`);
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @param {Record<string, string>} [headers] */
  async #json(method, path, body, headers) {
    const response = await this.#send(method, path, body, headers);
    try {
      return await response.json();
    } catch {
      throw new Problem(0, 'The answer was cut off.');
    }
  }

  /**
   * @param {string} method @param {string} path @param {unknown} [body] @param {Record<string, string>} [headers]
   * @returns {Promise<Response>} a successful one
   */
  async #send(method, path, body, headers) {
    let response = await exchange(method, path, await this.#session.token(), body, headers);
    if (response.status === 401) {
      // It may have expired a moment ago: one new token, one more attempt.
      response = await exchange(method, path, await this.#session.refused(), body, headers);
    }
    if (!response.ok) throw await Problem.of(response);
    return response;
  }
}

/**
 * @param {string} method @param {string} path @param {string} token @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
async function exchange(method, path, token, body, headers = {}) {
  try {
    return await fetch(path, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: deadline(TIMEOUT),
      cache: 'no-store',
    });
  } catch {
    throw new Problem(0, navigator.onLine ? 'The service cannot be reached.' : 'You are offline.');
  }
}
