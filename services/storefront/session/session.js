import { inOneTab } from '../app/locks.js';
import { Signal } from '../app/signal.js';
import { local } from '../app/storage.js';
import { Problem } from '../rest/problem.js';
import { developmentToken, oidcClient } from './sign-in-options.js';
import { RenewalPace } from './renewal-pace.js';
import { readToken } from './token.js';

/**
 * A token, when it was received, and the source of the next one: the issuer, by a refresh token, or the development sign-in.
 * `receivedAt` is of this tab's clock that is never set (`performance.now`).
 * @typedef {import('./token.js').TokenInfo & { from: 'issuer'|'development', refreshToken: string|null, receivedAt: number }} Credentials
 */

const MAX_TIMER = 2 ** 31 - 1; // milliseconds
const STORAGE_DELAY = 200; // milliseconds
const RENEWAL_DUE = 0.8; // of the lifetime, which leaves time for failed attempts

/** The signed-in user of all tabs of this browser. Renews the token before it expires. */
export class Session {
  /** @type {Signal<Credentials|null>} */
  current;
  /** Completes the sign-in for which the issuer opened this page; rejects with a `Problem`; null without one. */
  signInCompletion;
  #key;
  #roles;
  #timer = 0;
  /** @type {Promise<void>|null} */
  #renewal = null;
  #pace = new RenewalPace(now);

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

  get userId() {
    return this.current.value?.userId ?? null;
  }

  /**
   * @param {string|null} userId
   * @throws {Problem} unless this user is still signed in; one without an answer, since what was sent may be carried out
   */
  requireUser(userId) {
    if (userId === null) throw new Problem(401, 'Please sign in.');
    if (userId !== this.userId) throw new Problem(0, 'You have signed out, or as another user.');
  }

  /**
   * A token that has not expired, unless it was renewed a moment ago.
   * @param {string|null} [userId] whose
   */
  async token(userId = this.userId) {
    this.requireUser(userId);
    const { value } = this.current;
    if (value && age(value) >= value.lifetime && this.#pace.wait === 0) await this.renew();
    return this.#tokenOf(userId);
  }

  /**
   * A token to use after a service rejected the current one.
   * @param {string|null} [userId] whose
   */
  async replaceRejectedToken(userId = this.userId) {
    this.requireUser(userId);
    const stored = this.#stored();
    if (isSame(stored, this.current.value)) await this.renew();
    else this.#setCurrent(stored);
    return this.#tokenOf(userId);
  }

  /** @param {string|null} userId */
  #tokenOf(userId) {
    this.requireUser(userId);
    return /** @type {Credentials} */ (this.current.value).token;
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
    return inOneTab(`${this.#key}.renewal`, async () => {
      if (await this.#isReplacedSoon(previous)) return this.#adoptStored();
      if (this.#pace.wait > 0) throw new Problem(0, 'The sign-in was renewed a moment ago, and does not help. Trying again in a while.');
      this.#pace.begin();
      try {
        const renewed = await this.#nextCredentials(previous);
        if (this.#isReplaced(previous)) return this.#adoptStored();
        if (renewed.userId !== previous.userId) throw new Problem(401, 'Please sign in.');
        this.#store(renewed);
      } catch (error) {
        const isFinal = error instanceof Problem && error.status >= 400 && !error.isUndecided;
        if (isFinal ? await this.#isReplacedSoon(previous) : this.#isReplaced(previous)) return this.#adoptStored();
        if (!isFinal) throw error;
        this.#clear();
        throw new Problem(401, error.message); // not a refusal of what the token was for
      }
    });
  }

  /**
   * Whether the user has signed out or in, or another tab has renewed the token, since.
   * @param {Credentials} previous
   */
  #isReplaced(previous) {
    return !isSame(this.#stored(), previous);
  }

  /**
   * The same, a moment later: the lock may come from another tab before what that tab has stored. A refresh token is used once.
   * @param {Credentials} previous
   */
  async #isReplacedSoon(previous) {
    if (previous.refreshToken !== null && !this.#isReplaced(previous)) {
      await new Promise((resolve) => {
        addEventListener('storage', resolve, { once: true });
        setTimeout(resolve, STORAGE_DELAY);
      });
    }
    return this.#isReplaced(previous);
  }

  #adoptStored() {
    this.#setCurrent(this.#stored());
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
    // Other tabs, and this one after a reload, count from another start: they compare the same wall clock with itself.
    local.setItem(this.#key, JSON.stringify({ token, from, refreshToken, storedAt: Date.now() }));
    this.#setCurrent(credentials);
  }

  #clear() {
    local.removeItem(this.#key);
    this.#setCurrent(null);
  }

  /** @param {Credentials|null} credentials */
  #setCurrent(credentials) {
    if (isSame(credentials, this.current.value)) return;
    this.current.value = credentials;
    this.#scheduleRenewal();
  }

  #scheduleRenewal() {
    clearTimeout(this.#timer);
    const current = this.current.value;
    if (!current) return;
    // Without a refresh token the session ends with its token.
    const isRenewable = current.from === 'development' || current.refreshToken !== null;
    const due = current.lifetime * (isRenewable ? RENEWAL_DUE : 1) - age(current);
    this.#timer = window.setTimeout(() => {
      this.renew().catch(() => {
        if (this.current.value) this.#scheduleRenewal();
      });
    }, Math.min(Math.max(due, this.#pace.wait, 0), MAX_TIMER));
  }

  /** @returns {Credentials|null} */
  #stored() {
    try {
      const { token, from, refreshToken, storedAt } = JSON.parse(local.getItem(this.#key) ?? '{}');
      if (typeof token !== 'string') return null;
      const credentials = makeCredentials(token, from === 'issuer' ? from : 'development', refreshToken ?? null);
      // A clock that was set back says nothing of the age: the token counts as old.
      const passed = Date.now() - storedAt;
      return { ...credentials, receivedAt: now() - (passed >= 0 ? passed : credentials.lifetime) };
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
  const info = readToken(token);
  if (!info) throw new Problem(400, 'The sign-in service issued a malformed token.');
  return { ...info, from, refreshToken, receivedAt: now() };
}

/**
 * An issuer may rotate the refresh token alone.
 * @param {Credentials|null} one @param {Credentials|null} other
 */
function isSame(one, other) {
  return one?.token === other?.token && one?.refreshToken === other?.refreshToken;
}

/** Milliseconds of a clock that is never set. */
function now() {
  return performance.now();
}

/** @param {Credentials} credentials @returns {number} milliseconds */
function age(credentials) {
  return now() - credentials.receivedAt;
}
