import { SharedConnection } from './shared-connection.js';
import { transports } from './transports.js';

/** @typedef {import('./types.js').BroadcastMessage} BroadcastMessage */
/** @typedef {import('./types.js').TabMessage} TabMessage */

/**
 * @typedef {object} TabPort  connects a tab to the browser's shared connection
 * @property {(message: TabMessage) => void} send
 * @property {() => void} close
 */

/** @typedef {(received: (message: BroadcastMessage) => void, attach: () => void, failed: () => void) => TabPort} OpenPort */

/** Of the messages between tabs and the shared connection, which another version of the page may have started. */
export const VERSION = 1;
const ASK_INTERVAL = 1_500; // milliseconds
const MOST_UNANSWERED = 2;

/**
 * @param {(message: BroadcastMessage) => void} received
 * @param {() => void} attach called when a shared connection has started that does not know this tab
 * @returns {TabPort}
 */
export function openTabPort(received, attach) {
  const port = new WatchedPort(sharedPort(), localPort, received, attach);
  setInterval(() => port.tick(document.visibilityState === 'visible', performance.now()), ASK_INTERVAL);
  return port;
}

/** @returns {OpenPort} */
function sharedPort() {
  if ('SharedWorker' in window) return workerPort;
  return navigator.locks && 'BroadcastChannel' in window ? leaderPort : localPort;
}

/**
 * A port whose shared connection is asked for a sign of life. One that does not load, hangs, or is of another version is
 * replaced by a connection of this tab's own.
 */
export class WatchedPort {
  #openLocal;
  #received;
  #attach;
  /** @type {TabPort} */
  #port;
  #isShared = true;
  #unanswered = 0;
  #lastTick = 0;

  /** @param {OpenPort} openShared @param {OpenPort} openLocal @param {(message: BroadcastMessage) => void} received @param {() => void} attach */
  constructor(openShared, openLocal, received, attach) {
    this.#openLocal = openLocal;
    this.#received = received;
    this.#attach = attach;
    this.#port = this.#open(openShared);
    queueMicrotask(attach);
  }

  /** @param {OpenPort} open */
  #open(open) {
    const isCurrent = this.#isShared;
    return open((message) => {
      if (this.#isShared === isCurrent) this.#heard(message);
    }, this.#attach, () => queueMicrotask(() => this.#replace()));
  }

  /** @param {BroadcastMessage} message */
  #heard(message) {
    if (message?.type !== 'alive') return message ? this.#received(message) : undefined;
    this.#unanswered = 0;
    if (message.version !== VERSION) this.#replace();
  }

  /**
   * Called at intervals. Browsers stretch them for hidden pages, which says nothing of the shared connection.
   * @param {boolean} isVisible @param {number} time milliseconds of a clock that is never set
   */
  tick(isVisible, time) {
    const isStretched = time - this.#lastTick > 2 * ASK_INTERVAL;
    this.#lastTick = time;
    if (!this.#isShared) return;
    if (!isVisible || isStretched) this.#unanswered = 0;
    if (this.#unanswered >= MOST_UNANSWERED) this.#replace();
    else if (isVisible) {
      this.#unanswered += 1;
      this.#port.send({ type: 'ping' });
    }
  }

  #replace() {
    if (!this.#isShared) return;
    this.#isShared = false;
    this.#port.close();
    this.#port = this.#open(this.#openLocal);
    this.#attach();
  }

  /** @param {TabMessage} message */
  send(message) {
    this.#port.send(message);
  }

  close() {
    this.#port.close();
  }
}

/** @type {OpenPort} */
function workerPort(received, _attach, failed) {
  try {
    const worker = new SharedWorker(new URL('./shared-worker.js', import.meta.url), { type: 'module', name: 'waybill' });
    worker.onerror = failed;
    worker.port.onmessage = (event) => received(event.data);
    return { send: (message) => worker.port.postMessage(message), close: () => worker.port.close() };
  } catch {
    failed();
    return { send: () => {}, close: () => {} };
  }
}

/**
 * Leader election by a Web Lock: the tab that holds it runs the shared connection, the others use broadcast channels.
 * When the leader closes or crashes, the browser grants the lock to another tab.
 * @type {OpenPort}
 */
function leaderPort(received, attach, failed) {
  /** @type {BroadcastChannel} */
  let toLeader;
  /** @type {BroadcastChannel} */
  let toTabs;
  try {
    toLeader = new BroadcastChannel('waybill.leader');
    toTabs = new BroadcastChannel('waybill.tabs');
  } catch {
    failed();
    return { send: () => {}, close: () => {} };
  }
  /** @type {SharedConnection|null} */
  let connection = null;
  let isClosed = false;
  toTabs.onmessage = ({ data }) => (data === 'leaderElected' ? attach() : received(data));
  toLeader.onmessage = ({ data }) => connection?.received(data);
  navigator.locks.request('waybill.leader', () => {
    if (isClosed) return undefined;
    connection = new SharedConnection(transports(location.origin), (message) => {
      toTabs.postMessage(message);
      received(message);
    }, VERSION);
    attach();
    toTabs.postMessage('leaderElected');
    return new Promise(() => {}); // Keeps the lock for the tab's lifetime.
  }).catch(failed);
  return {
    send: (message) => (connection ? connection.received(message) : toLeader.postMessage(message)),
    close: () => {
      isClosed = true;
      toLeader.close();
      toTabs.close();
    },
  };
}

/** @type {OpenPort} */
function localPort(received) {
  const connection = new SharedConnection(transports(location.origin), received, VERSION);
  return { send: (message) => connection.received(message), close: () => {} };
}
