import { JSONClient } from '../rest/http.js';

/** @typedef {import('./types.js').DeadLetterPage} DeadLetterPage */
/** @typedef {import('./types.js').Replay} Replay */
/** @typedef {{ ids: string[] } | { reason: string }} Choice  of dead letters: some, or all of a reason */

/** The requests of the console service. */
export class ConsoleAPI {
  #client;

  /** @param {import('../rest/http.js').TokenSource} session */
  constructor(session) {
    this.#client = new JSONClient(session, 'The console service');
  }

  /** @param {Record<string, string>} filter @returns {Promise<{ items: import('./types.js').FoundOrder[], next: number|null }>} */
  orders(filter) {
    return this.#client.send('GET', `/ops/api/orders?${new URLSearchParams(filter)}`);
  }

  /** @param {string} reference an order's number or its correlation id @returns {Promise<import('./types.js').Explanation>} */
  explanation(reference) {
    return this.#client.send('GET', `/ops/api/orders/${encodeURIComponent(reference)}`);
  }

  /** @param {string} queue @param {Record<string, string>} filter @returns {Promise<DeadLetterPage>} the oldest first */
  deadLetters(queue, filter) {
    return this.#client.send('GET', `/ops/api/dead-letters/${queue}?${new URLSearchParams(filter)}`);
  }

  /** @param {string} queue @param {Choice} choice @returns {Promise<Replay>} which goes on by itself */
  startReplay(queue, choice) {
    return this.#client.send('POST', `/ops/api/dead-letters/${queue}/replay`, choice);
  }

  /** @param {number} id @returns {Promise<Replay>} */
  replay(id) {
    return this.#client.send('GET', `/ops/api/replays/${id}`);
  }

  /** @param {string} queue @param {Choice} choice @returns {Promise<{ dropped: string[] }>} */
  drop(queue, choice) {
    return this.#client.send('POST', `/ops/api/dead-letters/${queue}/drop`, choice);
  }

  /** @param {string} user @returns {Promise<import('./types.js').ConnectedSession[]>} */
  sessions(user) {
    return this.#client.send('GET', `/ops/api/sessions?${new URLSearchParams({ user })}`);
  }

  /** @param {string} userId @param {string} [id] of one session; else all @returns {Promise<{ closed: number, unanswered: string[] }>} */
  closeSessions(userId, id) {
    return this.#client.send('POST', '/ops/api/sessions/close', id === undefined ? { userId } : { userId, id });
  }

  /** @returns {Promise<import('./types.js').Act[]>} newest first */
  acts() {
    return this.#client.send('GET', '/ops/api/acts');
  }

  /** @param {string} replica @param {'kill'|'drain'} kind @returns {Promise<{ pid: number }>} */
  stopReplica(replica, kind) {
    return this.#client.send('POST', '/ops/api/lab/stop', { replica, way: kind });
  }
}
