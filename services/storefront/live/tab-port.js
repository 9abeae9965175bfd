import { eventsChannel } from './events-channel.js';
import { Hub } from './hub.js';
import { socketChannel } from './socket-channel.js';

/** @typedef {import('./types.js').FromTab} FromTab */
/** @typedef {import('./types.js').FromHub} FromHub */

/**
 * The way from a tab to the browser's hub, wherever that is.
 * @typedef {object} Link
 * @property {(message: FromTab) => void} send
 */

/**
 * @param {(message: FromHub) => void} received
 * @param {() => void} isNew  there is a hub that does not know this tab: it should say hello
 * @returns {Link}
 */
export function link(received, isNew) {
  if ('SharedWorker' in window) return workerLink(received, isNew);
  if (navigator.locks && 'BroadcastChannel' in window) return leaderLink(received, isNew);
  return ownLink(received, isNew);
}

/** @param {(message: FromHub) => void} received @param {() => void} isNew @returns {Link} */
function workerLink(received, isNew) {
  const worker = new SharedWorker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'waybill' });
  worker.port.onmessage = (event) => received(event.data);
  queueMicrotask(isNew);
  return { send: (message) => worker.port.postMessage(message) };
}

/**
 * Without shared workers the tab that holds a lock has the hub, and the others hear it over a broadcast channel.
 * The browser gives the lock to another tab when that one closes or crashes.
 * @param {(message: FromHub) => void} received @param {() => void} isNew @returns {Link}
 */
function leaderLink(received, isNew) {
  const toHub = new BroadcastChannel('waybill.hub');
  const toTabs = new BroadcastChannel('waybill.tabs');
  /** @type {Hub|null} */
  let hub = null;
  toTabs.onmessage = ({ data }) => (data === 'new hub' ? isNew() : received(data));
  toHub.onmessage = ({ data }) => hub?.received(data);
  void navigator.locks.request('waybill.leader', () => {
    hub = localHub((message) => {
      toTabs.postMessage(message);
      received(message);
    });
    isNew();
    toTabs.postMessage('new hub');
    return new Promise(() => {}); // Held for as long as the tab lives.
  });
  queueMicrotask(isNew);
  return { send: (message) => (hub ? hub.received(message) : toHub.postMessage(message)) };
}

/** @param {(message: FromHub) => void} received @param {() => void} isNew @returns {Link} */
function ownLink(received, isNew) {
  const hub = localHub(received);
  queueMicrotask(isNew);
  return { send: (message) => hub.received(message) };
}

/** @param {(message: FromHub) => void} broadcast */
function localHub(broadcast) {
  const { origin } = window.location;
  return new Hub({ socket: socketChannel(origin), events: eventsChannel(origin) }, broadcast);
}
