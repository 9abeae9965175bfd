import { fullJitter } from './backoff.js';
import { Connection } from './connection.js';
import { transports } from './transports.js';

const TOKEN_BACKOFF = { base: 1_000, cap: 60_000 }; // milliseconds
const TOKEN_TIMEOUT = 30_000; // milliseconds

/** @type {typeof import('./client').connect} */
export const connect = (options) => new LiveClient(options);

/** One connection, with the tokens that it needs. In a page it follows the browser's `online` and `offline` events. */
class LiveClient {
  #options;
  /** @type {Connection|null} until there is a token */
  #connection = null;
  #isOnline = true;
  #isClosed = false;
  #isRenewing = false;
  /** Tokens that were rejected, or not supplied, since the last welcome. */
  #rejections = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #page = typeof document === 'undefined' ? null : globalThis;
  #followPage = () => {
    this.setOnline(navigator.onLine);
    if (document.visibilityState === 'visible') this.reconnectNow();
  };

  /** @param {import('./client').LiveOptions} options */
  constructor(options) {
    this.#options = options;
    if (this.#page) this.#isOnline = navigator.onLine;
    for (const name of ['online', 'offline', 'visibilitychange']) this.#page?.addEventListener(name, this.#followPage);
    if (typeof options.token === 'string') this.#start(options.token);
    else this.#renew();
  }

  /** @returns {import('./client').LiveState} */
  get state() {
    return this.#connection?.state ?? { phase: this.#isClosed ? 'off' : 'connecting' };
  }

  get position() {
    return this.#connection ? this.#connection.position : this.#options.position ?? null;
  }

  /** @param {string} token of the same user */
  setToken(token) {
    if (this.#isClosed) return;
    if (this.#connection) this.#connection.setToken(token);
    else this.#start(token);
  }

  /** @param {boolean} isOnline */
  setOnline(isOnline) {
    this.#isOnline = isOnline;
    if (!this.#isClosed) this.#connection?.setOnline(isOnline);
  }

  reconnectNow() {
    this.#connection?.reconnectNow();
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const name of ['online', 'offline', 'visibilitychange']) this.#page?.removeEventListener(name, this.#followPage);
    this.#connection?.stop();
  }

  /** @param {string} token */
  #start(token) {
    const { origin, position = null, onUpdate, onGap, onState } = this.#options;
    const opening = this.#options.transports ?? transports(origin ?? location.origin);
    /** @type {Connection} */
    const connection = new Connection(opening, {
      state: (state) => {
        if (state.phase === 'connected') this.#rejections = 0;
        onState?.(state);
      },
      update: (update) => onUpdate?.(update, connection.position),
      resyncRequired: () => onGap?.(connection.position),
      tokenRejected: (rejected) => {
        this.#options.onTokenRejected?.(rejected);
        this.#renew();
      },
    }, { token, position });
    this.#connection = connection;
    connection.setOnline(this.#isOnline);
    connection.start();
  }

  /** Asks for another token: at once, and then with growing pauses until the service welcomes one. */
  #renew() {
    const { token: source } = this.#options;
    if (typeof source === 'string' || this.#isRenewing || this.#isClosed) return;
    this.#isRenewing = true;
    const pause = this.#rejections === 0 ? 0 : fullJitter(this.#rejections, Math.random, TOKEN_BACKOFF);
    this.#rejections += 1;
    /** @param {unknown} [token] nothing when there was none, or none in time */
    const supplied = (token) => {
      if (!this.#isRenewing || this.#isClosed) return;
      clearTimeout(this.#timer);
      this.#isRenewing = false;
      if (typeof token === 'string') this.setToken(token);
      else this.#renew();
    };
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(supplied, TOKEN_TIMEOUT);
      Promise.resolve().then(source).then(supplied, () => supplied());
    }, pause);
  }
}
