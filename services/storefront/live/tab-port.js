import { SharedConnection } from './shared-connection.js';
import { transports } from './transports.js';

/** @typedef {import('./types.js').BroadcastMessage} BroadcastMessage */

/**
 * @typedef {object} TabPort  connects a tab to the browser's shared connection
 * @property {(message: import('./types.js').TabMessage) => void} send
 */

/**
 * @param {(message: BroadcastMessage) => void} received
 * @param {() => void} attach called when a shared connection has started that does not know this tab
 * @returns {TabPort}
 */
export function openTabPort(received, attach) {
  queueMicrotask(attach);
  if ('SharedWorker' in window) return workerPort(received);
  if (navigator.locks && 'BroadcastChannel' in window) return leaderPort(received, attach);
  return localPort(received);
}

/** @param {(message: BroadcastMessage) => void} received @returns {TabPort} */
function workerPort(received) {
  const worker = new SharedWorker(new URL('./shared-worker.js', import.meta.url), { type: 'module', name: 'waybill' });
  worker.port.onmessage = (event) => received(event.data);
  return { send: (message) => worker.port.postMessage(message) };
}

/**
 * Leader election by a Web Lock: the tab that holds it runs the shared connection, the others use broadcast channels.
 * When the leader closes or crashes, the browser grants the lock to another tab.
 * @param {(message: BroadcastMessage) => void} received @param {() => void} attach @returns {TabPort}
 */
function leaderPort(received, attach) {
  const toLeader = new BroadcastChannel('waybill.leader');
  const toTabs = new BroadcastChannel('waybill.tabs');
  /** @type {SharedConnection|null} */
  let connection = null;
  toTabs.onmessage = ({ data }) => (data === 'leaderElected' ? attach() : received(data));
  toLeader.onmessage = ({ data }) => connection?.received(data);
  void navigator.locks.request('waybill.leader', () => {
    connection = new SharedConnection(transports(location.origin), (message) => {
      toTabs.postMessage(message);
      received(message);
    });
    attach();
    toTabs.postMessage('leaderElected');
    return new Promise(() => {}); // Keeps the lock for the tab's lifetime.
  });
  return { send: (message) => (connection ? connection.received(message) : toLeader.postMessage(message)) };
}

/** @param {(message: BroadcastMessage) => void} received @returns {TabPort} */
function localPort(received) {
  const connection = new SharedConnection(transports(location.origin), received);
  return { send: (message) => connection.received(message) };
}
