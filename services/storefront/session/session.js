import { Problem } from '../rest/problem.js';
import { Signal } from '../app/signal.js';
import { credentials } from './token.js';
import { developmentToken, issuer } from './ways.js';

/**
 * Credentials, and how the next ones are got: from the issuer by a refresh token, or a development token.
 * @typedef {import('./token.js').Credentials & { from: 'issuer'|'development', refreshToken: string|null }} Current
 */

const RETRY = 5_000; // milliseconds
const LONGEST_TIMER = 2 ** 31 - 1;

/** Who is signed in, in every tab of the browser, with a token that is renewed in time. */
export class Session {
  /** @type {Signal<Current|null>} */
  current;
  /** The end of a sign-in with the issuer, when that is what this page was opened for; rejects with a Problem. */
  returning;
  #key;
  #roles;
  #timer = 0;
  /** @type {Promise<string>|null} */
  #renewal = null;

  /**
   * @param {string} [key] where it is kept in `localStorage`
   * @param {string[]} [roles] asked of the development sign-in; an issuer decides for itself
   */
  constructor(key = 'waybill.session', roles = []) {
    this.#key = key;
    this.#roles = roles;
    this.current = new Signal(this.#stored());
    addEventListener('storage', (event) => {
      if (event.key === key || event.key === null) this.#adopt(this.#stored());
    });
    // Timers sleep with the machine; a tab that comes back looks at the clock.
    addEventListener('visibilitychange', () => this.#schedule());
    this.#schedule();
    const answer = new URLSearchParams(location.search);
    this.returning = answer.has('state') && (answer.has('code') || answer.has('error')) ? this.#finish(answer) : null;
    this.returning?.catch(() => {}); // The sign-in page shows it.
  }

  /** @param {string} userId */
  async signIn(userId) {
    this.#keep(made(await developmentToken(userId, this.#roles), 'development', null));
  }

  /** Leaves the page for the issuer's; it comes back with an answer. */
  async redirect() {
    location.assign(await (await issuer()).begin(location.hash));
  }

  async signOut() {
    const was = this.current.value;
    this.#forget();
    if (was?.from !== 'issuer') return;
    const farewell = await issuer().then((one) => one.farewell()).catch(() => null);
    if (farewell) location.assign(farewell);
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
    const inStore = this.#stored();
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
    return exclusively(this.#key, async () => {
      const other = this.#stored();
      if (other && other.userId === before.userId && other.token !== before.token && other.expiresAt > Date.now()) {
        this.#adopt(other);
        return other.token;
      }
      try {
        const fresh = await this.#next(before);
        // Signed out while the answer was on its way: it stays so. Nor may it be somebody else's.
        if (!this.#stored() || fresh.userId !== before.userId) throw new Problem(401, 'Please sign in.');
        this.#keep(fresh);
        return fresh.token;
      } catch (error) {
        const isFinal = error instanceof Problem && error.status >= 400 && !error.isUndecided;
        if (isFinal) this.#forget();
        throw error;
      }
    });
  }

  /** @param {Current} before @returns {Promise<Current>} */
  async #next(before) {
    if (before.from === 'development') return made(await developmentToken(before.userId, this.#roles), 'development', null);
    if (!before.refreshToken) throw new Problem(401, 'Please sign in again.');
    const { token, refreshToken } = await (await issuer()).refresh(before.refreshToken);
    return made(token, 'issuer', refreshToken);
  }

  /** @param {URLSearchParams} answer */
  async #finish(answer) {
    try {
      const { token, refreshToken, returnTo } = await (await issuer()).finish(answer);
      history.replaceState(null, '', location.pathname + returnTo);
      this.#keep(made(token, 'issuer', refreshToken));
    } catch (error) {
      history.replaceState(null, '', location.pathname + location.hash); // A code is good once: a reload must not send it again.
      throw error;
    }
  }

  /** @param {Current} fresh */
  #keep(fresh) {
    const { token, from, refreshToken } = fresh;
    localStorage.setItem(this.#key, JSON.stringify({ token, from, refreshToken }));
    this.#adopt(fresh);
  }

  #forget() {
    localStorage.removeItem(this.#key);
    this.#adopt(null);
  }

  /** @param {Current|null} next */
  #adopt(next) {
    if (next?.token === this.current.value?.token) return;
    this.current.value = next;
    this.#schedule();
  }

  #schedule() {
    clearTimeout(this.#timer);
    const current = this.current.value;
    // Without a refresh token the session lasts as long as its token.
    if (!current) return;
    const isRenewable = current.from === 'development' || current.refreshToken !== null;
    const due = isRenewable ? current.refreshAt : current.expiresAt;
    this.#timer = window.setTimeout(() => {
      this.renew().catch(() => {
        if (this.current.value) this.#timer = window.setTimeout(() => this.#schedule(), RETRY);
      });
    }, Math.min(Math.max(due - Date.now(), 0), LONGEST_TIMER));
  }

  /** @returns {Current|null} */
  #stored() {
    try {
      const { token, from, refreshToken } = JSON.parse(localStorage.getItem(this.#key) ?? '{}');
      return typeof token === 'string' ? made(token, from === 'issuer' ? from : 'development', refreshToken ?? null) : null;
    } catch {
      return null;
    }
  }
}

/**
 * @param {string} token @param {Current['from']} from @param {string|null} refreshToken
 * @returns {Current}
 */
function made(token, from, refreshToken) {
  const found = credentials(token, Date.now());
  if (!found) throw new Problem(400, 'The sign-in service gave a token that this page cannot read.');
  return { ...found, from, refreshToken };
}

/**
 * Across the tabs of this browser, where it has locks.
 * @template T
 * @param {string} key @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function exclusively(key, work) {
  return navigator.locks ? navigator.locks.request(`${key}.renewal`, work) : work();
}
