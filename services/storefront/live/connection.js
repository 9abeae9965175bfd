import { fullJitter } from './backoff.js';

/** @typedef {import('./types.js').Position} Position */
/** @typedef {import('./types.js').LiveState} LiveState */
/** @typedef {import('./types.js').OpenChannel} OpenChannel */

/**
 * @typedef {object} Events
 * @property {(state: LiveState) => void} state
 * @property {(update: import('../app/types.js').OrderUpdate) => void} update  in order, none twice
 * @property {() => void} truth  something may have been missed: ask over REST
 * @property {(token: string) => void} tokenRefused  reconnects when a new one is given
 */

const PING_EVERY = 20_000; // milliseconds
const DEAD_AFTER = 45_000; // milliseconds without anything; streams have a heartbeat every 15 s
const WELCOME_WITHIN = 10_000; // milliseconds
const LONG_PAUSE = 60_000; // milliseconds, after the server said not to come back
const TOKEN_REFUSED = 4401;
const STAY_AWAY = new Set([1008, 4403, 4429]);

/**
 * Keeps one live connection: reconnects with full jitter, resumes where it was, refreshes its token in band, and
 * changes to server-sent events when WebSockets do not get through.
 */
export class Connection {
  /** @type {Position|null} */
  position;
  /** @type {LiveState} */
  state = { phase: 'off' };
  #channels;
  #events;
  #random;
  #token;
  #isOnline = true;
  /** @type {import('./types.js').Channel|null} */
  #channel = null;
  /** @type {'socket'|'events'} */
  #via = 'socket';
  #attempt = 0;
  #socketFailures = 0;
  #isWelcome = false;
  /** @type {number|null} the server's own wish, in milliseconds */
  #wait = null;
  /** @type {Position|null} of the welcome; ours once it is known that nothing can be resumed */
  #tail = null;
  #lastHeard = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #pulse;

  /**
   * @param {{ socket: OpenChannel, events: OpenChannel }} channels
   * @param {Events} events
   * @param {{ token: string, position: Position|null, random?: () => number }} options
   */
  constructor(channels, events, { token, position, random = Math.random }) {
    this.#channels = channels;
    this.#events = events;
    this.#random = random;
    this.#token = token;
    this.position = position;
  }

  start() {
    if (this.#isOnline) this.#connect();
    else this.#tell({ phase: 'offline' });
  }

  stop() {
    this.#drop();
    this.#tell({ phase: 'off' });
  }

  /** @param {string} token of the same user */
  setToken(token) {
    if (token === this.#token) return;
    this.#token = token;
    if (!this.#isWelcome) this.nudge();
    else if (this.#via === 'socket') this.#channel?.send({ type: 'refresh', token });
    else this.#connect(); // A stream hears nothing: another takes its place, and resumes.
  }

  /** @param {boolean} isOnline */
  setOnline(isOnline) {
    if (isOnline === this.#isOnline) return;
    this.#isOnline = isOnline;
    this.#attempt = 0;
    this.#drop();
    this.start();
  }

  /** Does not wait any longer, when it waits. */
  nudge() {
    if (this.state.phase === 'waiting') this.#connect();
  }

  #connect() {
    this.#drop();
    this.#tell({ phase: 'connecting' });
    this.#timer = setTimeout(() => this.#closed(1006), WELCOME_WITHIN);
    const opening = { token: this.#token, position: this.position };
    /** @type {import('./types.js').Channel|null} */
    let channel = null;
    /** @type {(work: () => void) => void} ignores what comes late from a channel that was replaced */
    const ifCurrent = (work) => {
      if (channel === this.#channel) work();
    };
    try {
      channel = this.#channels[this.#via](opening, {
        message: (message) => ifCurrent(() => this.#received(message, opening.position !== null)),
        alive: () => ifCurrent(() => void (this.#lastHeard = Date.now())),
        closed: (code) => ifCurrent(() => this.#closed(code)),
      });
      this.#channel = channel;
    } catch {
      this.#closed(1006); // No WebSocket here at all.
    }
  }

  #drop() {
    clearTimeout(this.#timer);
    clearInterval(this.#pulse);
    const channel = this.#channel;
    this.#channel = null;
    this.#isWelcome = false;
    channel?.close();
  }

  /** @param {any} message @param {boolean} isResuming */
  #received(message, isResuming) {
    switch (message.type) {
      case 'welcome':
        this.#tail = { epoch: message.epoch, lastEventId: message.lastEventId };
        this.#welcome(message.replica);
        if (!isResuming) this.#startFromTail();
        break;
      case 'resumed':
        if (!message.recovered) this.#startFromTail();
        break;
      case 'order.status':
        this.#update(message);
        break;
      case 'draining':
        this.#wait = message.retryAfterMs;
        break;
    }
  }

  /** @param {string} replica */
  #welcome(replica) {
    clearTimeout(this.#timer);
    this.#isWelcome = true;
    this.#attempt = 0;
    if (this.#via === 'socket') this.#socketFailures = 0;
    this.#lastHeard = Date.now();
    this.#pulse = setInterval(() => this.#beat(), PING_EVERY);
    this.#tell({ phase: 'connected', replica, via: this.#via });
  }

  #startFromTail() {
    this.position = this.#tail;
    this.#events.truth();
  }

  /** @param {import('../app/types.js').OrderUpdate} update */
  #update(update) {
    if (update.id !== undefined && this.position) {
      if (update.id <= this.position.lastEventId) return;
      this.position = { ...this.position, lastEventId: update.id };
    }
    this.#events.update(update);
  }

  /** A half-open connection says nothing and never ends: silence is taken for its end. */
  #beat() {
    if (Date.now() - this.#lastHeard > DEAD_AFTER) this.#closed(1006);
    else this.#channel?.send({ type: 'ping' });
  }

  /** @param {number} code */
  #closed(code) {
    const wasWelcome = this.#isWelcome;
    this.#drop();
    this.#chooseChannel(wasWelcome);
    const pause = this.#pause(code);
    this.#attempt += 1;
    this.#wait = null;
    this.#tell({ phase: 'waiting', retryAt: Date.now() + pause });
    this.#timer = setTimeout(() => this.#connect(), pause);
    if (code === TOKEN_REFUSED) this.#events.tokenRefused(this.#token);
  }

  /** Two sockets in a row that were never greeted: a stream is tried, and after it a socket again. */
  #chooseChannel(/** @type {boolean} */ wasWelcome) {
    if (this.#via === 'socket' && !wasWelcome) this.#socketFailures += 1;
    const tryEvents = this.#via === 'socket' && this.#socketFailures >= 2;
    this.#via = tryEvents ? 'events' : 'socket';
  }

  /** @param {number} code @returns {number} milliseconds */
  #pause(code) {
    if (STAY_AWAY.has(code)) return LONG_PAUSE;
    if (this.#wait !== null) return this.#wait;
    return fullJitter(this.#attempt, this.#random);
  }

  /** @param {LiveState} state */
  #tell(state) {
    this.state = state;
    this.#events.state(state);
  }
}
