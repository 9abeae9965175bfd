import { Signal } from '../app/signal.js';
import { Problem } from '../rest/problem.js';
import { developmentToken, oidcClient } from './sign-in-options.js';
import { readToken } from './token.js';

/**
 * A token and the source of the next one: the issuer, by a refresh token, or the development sign-in.
 * @typedef {import('./token.js').TokenInfo & { from: 'issuer'|'development', refreshToken: string|null }} Credentials
 */

const RETRY_DELAY = 5_000; // milliseconds
const MAX_TIMER = 2 ** 31 - 1; // milliseconds

/** The signed-in user of all tabs of this browser. Renews the token before it expires. */
export class Session {
  /** @type {Signal<Credentials|null>} */
  current;
  /** Completes the sign-in for which the issuer opened this page; rejects with a `Problem`; null without one. */
  signInCompletion;
  #key;
  #roles;
  #timer = 0;
  /** @type {Promise<string>|null} */
  #renewal = null;

  /**
   * @param {string} [key] in `localStorage`
   * @param {string[]} [roles] requested from the development sign-in; an issuer assigns its own
   */
  constructor(key = 'waybill.session', roles = []) {
    this.#key = key;
    this.#roles = roles;
    this.current = new Signal(this.#stored());
    addEventListener('storage', (event) => {
      if (event.key === key || event.key === null) this.#setCurrent(this.#stored());
    });
    // Timers do not run while the machine sleeps.
    addEventListener('visibilitychange', () => this.#scheduleRenewal());
    this.#scheduleRenewal();
    const response = new URLSearchParams(location.search);
    this.signInCompletion = response.has('state') && (response.has('code') || response.has('error')) ? this.#completeSignIn(response) : null;
    this.signInCompletion?.catch(() => {}); // The sign-in page shows the error.
  }

  /** @param {string} userId */
  async signInForDevelopment(userId) {
    this.#store(makeCredentials(await developmentToken(userId, this.#roles), 'development', null));
  }

  /** Redirects to the issuer, which redirects back with a response. */
  async signInWithIssuer() {
    location.assign(await (await oidcClient()).startSignIn(location.hash));
  }

  async signOut() {
    const previous = this.current.value;
    this.#clear();
    if (previous?.from !== 'issuer') return;
    const url = await oidcClient().then((client) => client.endSessionURL()).catch(() => null);
    if (url) location.assign(url);
  }

  /** A token that has not expired. */
  async token() {
    const current = this.current.value;
    if (!current) throw new Problem(401, 'Please sign in.');
    return current.expiresAt > Date.now() ? current.token : this.renew();
  }

  /** A token to use after a service rejected the current one. */
  async replaceRejectedToken() {
    const rejected = this.current.value?.token;
    const stored = this.#stored();
    if (stored && stored.token !== rejected) {
      this.#setCurrent(stored);
      return stored.token;
    }
    return this.renew();
  }

  /** Runs one renewal at a time in this tab and, by a lock, in this browser. */
  renew() {
    this.#renewal ??= this.#renewed().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewed() {
    const previous = this.current.value;
    if (!previous) throw new Problem(401, 'Please sign in.');
    return withLock(this.#key, async () => {
      const stored = this.#stored();
      if (stored && stored.userId === previous.userId && stored.token !== previous.token && stored.expiresAt > Date.now()) {
        this.#setCurrent(stored);
        return stored.token;
      }
      try {
        const renewed = await this.#nextCredentials(previous);
        // The user may have signed out meanwhile; a token of another user is not accepted.
        if (!this.#stored() || renewed.userId !== previous.userId) throw new Problem(401, 'Please sign in.');
        this.#store(renewed);
        return renewed.token;
      } catch (error) {
        const isFinal = error instanceof Problem && error.status >= 400 && !error.isUndecided;
        if (isFinal) this.#clear();
        throw error;
      }
    });
  }

  /** @param {Credentials} previous @returns {Promise<Credentials>} */
  async #nextCredentials(previous) {
    if (previous.from === 'development') return makeCredentials(await developmentToken(previous.userId, this.#roles), 'development', null);
    if (!previous.refreshToken) throw new Problem(401, 'Please sign in again.');
    const { token, refreshToken } = await (await oidcClient()).refresh(previous.refreshToken);
    return makeCredentials(token, 'issuer', refreshToken);
  }

  /** @param {URLSearchParams} response */
  async #completeSignIn(response) {
    try {
      const { token, refreshToken, returnTo } = await (await oidcClient()).completeSignIn(response);
      history.replaceState(null, '', location.pathname + returnTo);
      this.#store(makeCredentials(token, 'issuer', refreshToken));
    } catch (error) {
      // A code is valid once: a reload must not send it again.
      history.replaceState(null, '', location.pathname + location.hash);
      throw error;
    }
  }

  /** @param {Credentials} credentials */
  #store(credentials) {
    const { token, from, refreshToken } = credentials;
    localStorage.setItem(this.#key, JSON.stringify({ token, from, refreshToken }));
    this.#setCurrent(credentials);
  }

  #clear() {
    localStorage.removeItem(this.#key);
    this.#setCurrent(null);
  }

  /** @param {Credentials|null} credentials */
  #setCurrent(credentials) {
    if (credentials?.token === this.current.value?.token) return;
    this.current.value = credentials;
    this.#scheduleRenewal();
  }

  #scheduleRenewal() {
    clearTimeout(this.#timer);
    const current = this.current.value;
    if (!current) return;
    // Without a refresh token the session ends with its token.
    const isRenewable = current.from === 'development' || current.refreshToken !== null;
    const due = isRenewable ? current.renewAt : current.expiresAt;
    this.#timer = window.setTimeout(() => {
      this.renew().catch(() => {
        if (this.current.value) this.#timer = window.setTimeout(() => this.#scheduleRenewal(), RETRY_DELAY);
      });
    }, Math.min(Math.max(due - Date.now(), 0), MAX_TIMER));
  }

  /** @returns {Credentials|null} */
  #stored() {
    try {
      const { token, from, refreshToken } = JSON.parse(localStorage.getItem(this.#key) ?? '{}');
      return typeof token === 'string' ? makeCredentials(token, from === 'issuer' ? from : 'development', refreshToken ?? null) : null;
    } catch {
      return null;
    }
  }
}

/**
 * @param {string} token @param {Credentials['from']} from @param {string|null} refreshToken
 * @returns {Credentials}
 */
function makeCredentials(token, from, refreshToken) {
  const info = readToken(token, Date.now());
  if (!info) throw new Problem(400, 'The sign-in service issued a malformed token.');
  return { ...info, from, refreshToken };
}

/**
 * Runs work in one tab of this browser at a time, where the browser has locks.
 * @template T
 * @param {string} key @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function withLock(key, work) {
  return navigator.locks ? navigator.locks.request(`${key}.renewal`, work) : work();
}
