import { deadline } from '../rest/deadline.js';
import { Problem } from '../rest/problem.js';

/** @typedef {import('./types.js').Letter} Letter */

/** The console's few requests. */
export class ConsoleAPI {
  #session;

  /** @param {{ token(): Promise<string>, refused(): Promise<string> }} session */
  constructor(session) {
    this.#session = session;
  }

  /** @param {string} queue @returns {Promise<{ queue: string, total: number, items: Letter[] }>} the oldest hundred */
  deadLetters(queue) {
    return this.#json('GET', `dead-letters/${queue}`);
  }

  /** @param {string} queue @param {string[]} ids @returns {Promise<{ replayed: number }>} */
  replay(queue, ids) {
    return this.#json('POST', `dead-letters/${queue}/replay`, { ids });
  }

  /** @param {string} queue @param {string[]} ids @returns {Promise<{ dropped: number }>} */
  drop(queue, ids) {
    return this.#json('POST', `dead-letters/${queue}/drop`, { ids });
  }

  /** @param {string} replica @param {'kill'|'drain'} way @returns {Promise<{ pid: number }>} */
  stop(replica, way) {
    return this.#json('POST', 'lab/stop', { replica, way });
  }

  /** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
  async #json(method, path, body) {
    const send = async (/** @type {string} */ token) => fetch(`/ops/api/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
      body: body && JSON.stringify(body), signal: deadline(15_000), cache: 'no-store',
    });
    let response;
    try {
      response = await send(await this.#session.token());
      if (response.status === 401) response = await send(await this.#session.refused());
    } catch (error) {
      throw error instanceof Problem ? error : new Problem(0, 'The console cannot be reached.');
    }
    if (!response.ok) throw await Problem.of(response);
    return response.json();
  }
}
