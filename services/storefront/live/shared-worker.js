/** The shared worker: every tab has a port, all have one hub. */
import { eventsChannel } from './events-channel.js';
import { Hub } from './hub.js';
import { socketChannel } from './socket-channel.js';

/** @type {Set<MessagePort>} */
const ports = new Set();
const hub = new Hub(
  { socket: socketChannel(location.origin), events: eventsChannel(location.origin) },
  (message) => ports.forEach((port) => port.postMessage(message)));

addEventListener('connect', (event) => {
  const port = /** @type {MessageEvent} */ (event).ports[0];
  if (!port) return;
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data.type === 'bye') ports.delete(port);
    else {
      ports.add(port); // A page may come back from the back/forward cache.
      hub.received(data);
    }
  };
});
