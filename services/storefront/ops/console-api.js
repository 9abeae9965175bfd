import { JSONClient } from '../rest/http.js';

/** @typedef {import('./types.js').DeadLetter} DeadLetter */

/** The requests of the console service. */
export class ConsoleAPI {
  #client;

  /** @param {import('../rest/http.js').TokenSource} session */
  constructor(session) {
    this.#client = new JSONClient(session, 'The console service');
  }

  /** @param {string} queue @returns {Promise<{ total: number, items: DeadLetter[] }>} the oldest hundred */
  deadLetters(queue) {
    return this.#client.send('GET', `/ops/api/dead-letters/${queue}`);
  }

  /** @param {string} queue @param {string[]} ids @returns {Promise<{ replayed: number }>} */
  replay(queue, ids) {
    return this.#client.send('POST', `/ops/api/dead-letters/${queue}/replay`, { ids });
  }

  /** @param {string} queue @param {string[]} ids @returns {Promise<{ dropped: number }>} */
  drop(queue, ids) {
    return this.#client.send('POST', `/ops/api/dead-letters/${queue}/drop`, { ids });
  }

  /** @param {string} replica @param {'kill'|'drain'} kind @returns {Promise<{ pid: number }>} */
  stopReplica(replica, kind) {
    return this.#client.send('POST', '/ops/api/lab/stop', { replica, way: kind });
  }
}
