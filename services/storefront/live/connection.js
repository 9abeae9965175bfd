import { fullJitter } from './backoff.js';

/** @typedef {import('./types.js').Position} Position */
/** @typedef {import('./types.js').LiveState} LiveState */

/**
 * @typedef {object} ConnectionEvents
 * @property {(state: LiveState) => void} state
 * @property {(update: import('./client').OrderUpdate) => void} update  in order, without duplicates
 * @property {() => void} resyncRequired  updates may be missing: fetch the state over REST
 * @property {(token: string) => void} tokenRejected  setToken() reconnects at once
 */

const PING_INTERVAL = 15_000; // milliseconds
const PONG_TIMEOUT = 5_000; // milliseconds
const MOST_SILENT_TICKS = 2; // of a stream, which has a heartbeat every 15 s and takes no pings
const WELCOME_TIMEOUT = 10_000; // milliseconds
const REFUSED_DELAY = 60_000; // milliseconds
const TOKEN_REJECTED = 4401;
const REFUSED = new Set([1008, 4403, 4429]);
const ABNORMAL_CLOSURE = 1006;

/**
 * Keeps one live connection: reconnects with backoff, resumes from its position, refreshes its token in band, and
 * falls back to server-sent events when WebSockets fail.
 */
export class Connection {
  /** @type {Position|null} */
  position;
  /** @type {LiveState} */
  state = { phase: 'off' };
  #transports;
  #events;
  #random;
  #token;
  #isOnline = true;
  /** @type {import('./types.js').OpenTransport|null} */
  #open = null;
  /** @type {'websocket'|'sse'} */
  #transport = 'websocket';
  #attempt = 0;
  #webSocketFailures = 0;
  #isConnected = false;
  /** @type {number|null} of a draining replica, in milliseconds */
  #retryAfter = null;
  /** @type {Position|null} of the welcome; used when nothing can be resumed */
  #latestPosition = null;
  /** Ticks of the ping timer without anything received. */
  #silentTicks = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} of the welcome, or of the next attempt */
  #timer;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #pingTimer;
  /** @type {ReturnType<typeof setTimeout>|undefined} for an answer to a ping */
  #pongTimer;

  /**
   * @param {import('./types.js').Transports} transports
   * @param {ConnectionEvents} events
   * @param {{ token: string, position: Position|null, random?: () => number }} options
   */
  constructor(transports, events, { token, position, random = Math.random }) {
    this.#transports = transports;
    this.#events = events;
    this.#random = random;
    this.#token = token;
    this.position = position;
  }

  start() {
    if (this.#isOnline) this.#connect();
    else this.#setState({ phase: 'offline' });
  }

  stop() {
    this.#closeTransport();
    this.#setState({ phase: 'off' });
  }

  /** @param {string} token of the same user */
  setToken(token) {
    if (token === this.#token) return;
    this.#token = token;
    if (!this.#isConnected) this.reconnectNow();
    else if (this.#transport === 'websocket') this.#open?.send({ type: 'refresh', token });
    else this.#connect(); // A stream cannot take a token: a new stream resumes.
  }

  /** @param {boolean} isOnline */
  setOnline(isOnline) {
    if (isOnline === this.#isOnline) return;
    this.#isOnline = isOnline;
    this.#attempt = 0;
    this.#closeTransport();
    this.start();
  }

  /** Skips the rest of the delay before the next attempt. */
  reconnectNow() {
    if (this.state.phase === 'waiting') this.#connect();
  }

  #connect() {
    this.#closeTransport();
    this.#setState({ phase: 'connecting' });
    this.#timer = setTimeout(() => this.#closed(ABNORMAL_CLOSURE), WELCOME_TIMEOUT);
    const options = { token: this.#token, position: this.position };
    /** @type {import('./types.js').OpenTransport|null} */
    let opened = null;
    /** @type {(handle: () => void) => void} ignores late events of a transport that was replaced */
    const ifCurrent = (handle) => {
      if (opened === this.#open) handle();
    };
    try {
      opened = this.#transports[this.#transport](options, {
        message: (message) => ifCurrent(() => this.#received(message, options.position !== null)),
        activity: () => ifCurrent(() => void (this.#silentTicks = 0)),
        closed: (code) => ifCurrent(() => this.#closed(code)),
      });
      this.#open = opened;
    } catch {
      this.#closed(ABNORMAL_CLOSURE); // The browser has no WebSocket.
    }
  }

  #closeTransport() {
    clearTimeout(this.#timer);
    clearInterval(this.#pingTimer);
    clearTimeout(this.#pongTimer);
    const opened = this.#open;
    this.#open = null;
    this.#isConnected = false;
    opened?.close();
  }

  /** @param {any} message @param {boolean} isResuming */
  #received(message, isResuming) {
    switch (message.type) {
      case 'welcome':
        this.#latestPosition = { epoch: message.epoch, lastEventId: message.lastEventId };
        this.#connected(message.replica);
        if (!isResuming) this.#startFromLatest();
        break;
      case 'resumed':
        if (message.recovered) break;
        // The session may go on in another epoch, whose ids begin anew.
        if (message.epoch) this.#latestPosition = { epoch: message.epoch, lastEventId: message.lastEventId };
        this.#startFromLatest(message.jitterMs);
        break;
      case 'order.status':
        this.#receivedUpdate(message);
        break;
      case 'draining':
        this.#retryAfter = message.retryAfterMs;
        break;
    }
  }

  /** @param {string} replica */
  #connected(replica) {
    clearTimeout(this.#timer);
    this.#isConnected = true;
    this.#attempt = 0;
    if (this.#transport === 'websocket') this.#webSocketFailures = 0;
    this.#silentTicks = 0;
    this.#pingTimer = setInterval(() => this.#ping(), PING_INTERVAL);
    this.#setState({ phase: 'connected', replica, transport: this.#transport });
  }

  /** @param {number} [delay]  in milliseconds: a reconnecting crowd does not fetch at once */
  #startFromLatest(delay = 0) {
    this.position = this.#latestPosition;
    if (delay > 0) setTimeout(() => this.#events.resyncRequired(), delay);
    else this.#events.resyncRequired();
  }

  /** @param {import('./client').OrderUpdate} update */
  #receivedUpdate(update) {
    if (update.id !== undefined && this.position) {
      if (update.id <= this.position.lastEventId) return;
      this.position = { ...this.position, lastEventId: update.id };
    }
    this.#events.update(update);
  }

  /**
   * A half-open connection never closes by itself: unanswered pings close it. They are counted, since browsers stretch the
   * timers of hidden pages.
   */
  #ping() {
    if (this.#silentTicks >= MOST_SILENT_TICKS) return this.#closed(ABNORMAL_CLOSURE);
    this.#silentTicks += 1;
    if (this.#transport === 'sse') return;
    this.#open?.send({ type: 'ping' });
    // A timer that the browser delays is no false alarm: by then an answer has been received.
    clearTimeout(this.#pongTimer);
    this.#pongTimer = setTimeout(() => {
      if (this.#silentTicks > 0) this.#closed(ABNORMAL_CLOSURE);
    }, PONG_TIMEOUT);
  }

  /** @param {number} code */
  #closed(code) {
    const wasConnected = this.#isConnected;
    this.#closeTransport();
    this.#selectTransport(wasConnected);
    const pause = this.#reconnectDelay(code);
    this.#attempt += 1;
    this.#retryAfter = null;
    this.#setState({ phase: 'waiting', retryAt: Date.now() + pause });
    this.#timer = setTimeout(() => this.#connect(), pause);
    if (code === TOKEN_REJECTED) this.#events.tokenRejected(this.#token);
  }

  /** After two WebSockets in a row without a welcome, tries a stream; after that a WebSocket again. */
  #selectTransport(/** @type {boolean} */ wasConnected) {
    if (this.#transport === 'websocket' && !wasConnected) this.#webSocketFailures += 1;
    const trySSE = this.#transport === 'websocket' && this.#webSocketFailures >= 2;
    this.#transport = trySSE ? 'sse' : 'websocket';
  }

  /** @param {number} code @returns {number} milliseconds */
  #reconnectDelay(code) {
    if (REFUSED.has(code)) return REFUSED_DELAY;
    return this.#retryAfter ?? fullJitter(this.#attempt, this.#random);
  }

  /** @param {LiveState} state */
  #setState(state) {
    this.state = state;
    this.#events.state(state);
  }
}
