import { deadline } from '../rest/deadline.js';
import { Problem } from '../rest/problem.js';
import { Signal } from '../app/signal.js';
import { credentials } from './token.js';

/** @typedef {import('./token.js').Credentials} Credentials */

const KEY = 'waybill.session';
const RETRY = 5_000; // milliseconds
const LONGEST_TIMER = 2 ** 31 - 1;

/** Who is signed in, in every tab of the browser, with a token that is renewed in time. */
export class Session {
  /** @type {Signal<Credentials|null>} */
  current;
  #timer = 0;
  /** @type {Promise<string>|null} */
  #renewal = null;

  constructor() {
    this.current = new Signal(stored());
    addEventListener('storage', (event) => {
      if (event.key === KEY || event.key === null) this.#adopt(stored());
    });
    // Timers sleep with the machine; a tab that comes back looks at the clock.
    addEventListener('visibilitychange', () => this.#schedule());
    this.#schedule();
  }

  /** @param {string} userId */
  async signIn(userId) {
    this.#keep(await issue(userId));
  }

  signOut() {
    localStorage.removeItem(KEY);
    this.#adopt(null);
  }

  /** A token that is good now. */
  async token() {
    const current = this.current.value;
    if (!current) throw new Problem(401, 'Please sign in.');
    return current.expiresAt > Date.now() ? current.token : this.renew();
  }

  /** What to use after the services refused the token. */
  async refused() {
    const known = this.current.value?.token;
    const inStore = stored();
    if (inStore && inStore.token !== known) {
      this.#adopt(inStore);
      return inStore.token;
    }
    return this.renew();
  }

  /** One renewal at a time in this tab, and by the lock in this browser. */
  renew() {
    this.#renewal ??= this.#renewed().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewed() {
    const before = this.current.value;
    if (!before) throw new Problem(401, 'Please sign in.');
    return exclusively(async () => {
      const other = stored();
      if (other && other.userId === before.userId && other.token !== before.token && other.expiresAt > Date.now()) {
        this.#adopt(other);
        return other.token;
      }
      try {
        const fresh = await issue(before.userId);
        // Signed out while the answer was on its way: it stays so.
        if (!stored()) throw new Problem(401, 'Please sign in.');
        this.#keep(fresh);
        return fresh.token;
      } catch (error) {
        const isFinal = error instanceof Problem && error.status >= 400 && !error.isUndecided;
        if (isFinal) this.signOut();
        throw error;
      }
    });
  }

  /** @param {Credentials} fresh */
  #keep(fresh) {
    localStorage.setItem(KEY, JSON.stringify({ token: fresh.token }));
    this.#adopt(fresh);
  }

  /** @param {Credentials|null} next */
  #adopt(next) {
    if (next?.token === this.current.value?.token) return;
    this.current.value = next;
    this.#schedule();
  }

  #schedule() {
    clearTimeout(this.#timer);
    const current = this.current.value;
    if (!current) return;
    const delay = Math.min(Math.max(current.refreshAt - Date.now(), 0), LONGEST_TIMER);
    this.#timer = window.setTimeout(() => {
      this.renew().catch(() => {
        if (this.current.value) this.#timer = window.setTimeout(() => this.#schedule(), RETRY);
      });
    }, delay);
  }
}

/** @returns {Credentials|null} */
function stored() {
  try {
    const token = JSON.parse(localStorage.getItem(KEY) ?? '{}').token;
    return typeof token === 'string' ? credentials(token, Date.now()) : null;
  } catch {
    return null;
  }
}

/** @param {string} userId @returns {Promise<Credentials>} */
async function issue(userId) {
  let response;
  try {
    response = await fetch('/dev/token', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ userId }),
      signal: deadline(10_000),
    });
  } catch {
    throw new Problem(0, 'The sign-in service cannot be reached.');
  }
  if (response.status === 404) throw new Problem(404, 'This server gives no development tokens.');
  if (!response.ok) throw await Problem.of(response);
  const answer = credentials((await response.json()).token, Date.now());
  if (!answer) throw new Problem(0, 'The sign-in service answered something else.');
  return answer;
}

/**
 * Across the tabs of this browser, where it has locks.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function exclusively(work) {
  return navigator.locks ? navigator.locks.request('waybill.renewal', work) : work();
}
