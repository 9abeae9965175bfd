import { inOneTab } from '../app/locks.js';
import { Signal } from '../app/signal.js';
import { fullJitter } from '../live/backoff.js';
import { readEvents } from '../live/server-sent-events.js';
import { withToken } from '../rest/http.js';

/** @typedef {{ phase: 'off'|'connecting'|'connected'|'waiting'|'refused' }} StreamState */

const IDLE_TIMEOUT = 10_000; // milliseconds; the service sends a snapshot every second
const BACKOFF = { base: 500, cap: 8_000 }; // milliseconds

/**
 * The console's stream of events while a user is signed in: one for all visible tabs, since HTTP/1.1 gives an origin six
 * connections. The tab that holds a Web Lock reads it, and passes the events on.
 */
export class ConsoleStream {
  /** @type {Signal<StreamState>} */
  state = new Signal(/** @type {StreamState} */ ({ phase: 'off' }));
  /** @type {Signal<import('./types.js').Hello|null>} */
  hello = new Signal(/** @type {import('./types.js').Hello|null} */ (null));
  /** @type {(snapshot: import('./types.js').StatusSnapshot) => void} */
  onSnapshot = () => {};
  /** @type {(events: import('./types.js').OrderEvent[]) => void} */
  onEvents = () => {};
  /** @type {(history: import('./types.js').History) => void} */
  onHistory = () => {};
  /** @type {(point: (number|null)[]) => void} */
  onPoint = () => {};
  #session;
  /** @type {AbortController|null} */
  #controller = null;
  #attempt = 0;
  #timer = 0;
  #userId = '';
  #isReading = false;
  #tabs = openChannel();

  /** @param {import('../session/session.js').Session} session */
  constructor(session) {
    this.#session = session;
    session.current.watch((current) => {
      // A renewed token does not end the stream.
      if ((current?.userId ?? '') === this.#userId) return;
      this.#userId = current?.userId ?? '';
      this.#restart();
    });
    addEventListener('visibilitychange', () => this.#restart());
    if (this.#tabs) this.#tabs.onmessage = ({ data }) => this.#heard(data);
  }

  #restart() {
    this.#close();
    if (this.#userId && document.visibilityState === 'visible') void this.#connect();
    else this.state.value = { phase: 'off' };
  }

  /** @param {{ userId: string, event: string, data: any }} message of another tab; the event `join` of one that has just opened */
  #heard({ userId, event, data }) {
    if (userId !== this.#userId) return;
    if (event !== 'join') {
      if (!this.#isReading && this.#controller) this.#received(event, data);
    } else if (this.#isReading && this.hello.value) this.#passOn('hello', this.hello.value);
  }

  /** @param {string} event @param {any} [data] */
  #passOn(event, data) {
    this.#tabs?.postMessage({ userId: this.#userId, event, data });
  }

  #close() {
    clearTimeout(this.#timer);
    this.#controller?.abort();
    this.#controller = null;
    this.hello.value = null;
  }

  async #connect() {
    const controller = new AbortController();
    this.#controller = controller;
    this.state.value = { phase: 'connecting' };
    this.#passOn('join');
    const isRefused = await inOneTab('waybill.console', () => this.#read(controller), controller.signal).catch(() => false);
    if (this.#controller !== controller) return;
    this.#controller = null;
    if (isRefused) {
      this.state.value = { phase: 'refused' };
      return;
    }
    this.state.value = { phase: 'waiting' };
    this.#timer = window.setTimeout(() => void this.#connect(), fullJitter(this.#attempt, Math.random, BACKOFF));
    this.#attempt += 1;
  }

  /** @param {AbortController} controller @returns {Promise<boolean>} whether the user is not an operator */
  async #read(controller) {
    let idleTimer = 0;
    const restartIdleTimer = () => {
      clearTimeout(idleTimer);
      idleTimer = window.setTimeout(() => controller.abort(), IDLE_TIMEOUT);
    };
    restartIdleTimer();
    this.#isReading = true;
    try {
      const response = await withToken(this.#session, (authorization) => fetch('/ops/api/stream', {
        headers: { ...authorization, Accept: 'text/event-stream' }, cache: 'no-store', signal: controller.signal,
      }));
      if (response.status === 403) return true;
      if (!response.ok || !response.body) return false;
      for await (const { event, data } of readEvents(response.body, restartIdleTimer)) {
        const parsed = JSON.parse(data);
        this.#received(event, parsed);
        this.#passOn(event, parsed);
      }
      return false;
    } finally {
      this.#isReading = false;
      clearTimeout(idleTimer);
    }
  }

  /** @param {string} event @param {any} data */
  #received(event, data) {
    switch (event) {
      case 'hello':
        this.#attempt = 0;
        this.state.value = { phase: 'connected' };
        this.hello.value = data;
        this.onHistory(data.history);
        if (data.recent.length > 0) this.onEvents(data.recent);
        break;
      case 'orders':
        this.onEvents(data);
        break;
      case 'point':
        if (this.hello.value) this.hello.value.history.points.push(data);
        this.onPoint(data);
        break;
      case 'state':
        this.onSnapshot(data);
        break;
    }
  }
}

/** @returns {BroadcastChannel|null} null where the browser has none, or refuses it */
function openChannel() {
  try {
    return new BroadcastChannel('waybill.console');
  } catch {
    return null;
  }
}
