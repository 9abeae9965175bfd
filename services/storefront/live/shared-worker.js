/** The shared worker: one shared connection, and a port for each tab. */
import { SharedConnection } from './shared-connection.js';
import { VERSION } from './tab-port.js';
import { transports } from './transports.js';

/** @type {Set<MessagePort>} */
const ports = new Set();
const connection = new SharedConnection(
  transports(location.origin), (message) => ports.forEach((port) => port.postMessage(message)), VERSION);

addEventListener('connect', (event) => {
  const port = /** @type {MessageEvent} */ (event).ports[0];
  if (!port) return;
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data.type === 'detach') ports.delete(port);
    else {
      ports.add(port); // A page restored from the back/forward cache attaches again.
      connection.received(data);
    }
  };
});
