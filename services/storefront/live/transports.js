import { readEvents } from './server-sent-events.js';

/** @typedef {import('./types.js').OpenOptions} OpenOptions */
/** @typedef {import('./types.js').TransportHandlers} TransportHandlers */

/** WebSocket close codes for the HTTP statuses of a stream. */
const CLOSE_CODES = new Map([[401, 4401], [403, 1008], [429, 1013], [503, 1013]]);
const ABNORMAL_CLOSURE = 1006;

/** @param {string} origin of the page @returns {import('./types.js').Transports} */
export function transports(origin) {
  return { websocket: webSocketTransport(origin), sse: sseTransport(origin) };
}

/**
 * The token is sent as a subprotocol, because URLs are logged.
 * @param {string} origin @returns {import('./types.js').Transport}
 */
function webSocketTransport(origin) {
  return ({ token, position }, handlers) => {
    const url = new URL('/ws', origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (position) {
      url.searchParams.set('epoch', position.epoch);
      url.searchParams.set('lastEventId', String(position.lastEventId));
    }
    const socket = new WebSocket(url, ['waybill.v1', `bearer.${token}`]);
    socket.onmessage = (event) => {
      handlers.activity();
      handlers.message(JSON.parse(event.data));
    };
    socket.onclose = (event) => handlers.closed(event.code);
    return {
      send: (message) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
      },
      close: () => {
        socket.onmessage = socket.onclose = null;
        socket.close(1000);
      },
    };
  };
}

/**
 * Server-sent events, for networks that block WebSockets.
 * @param {string} origin @returns {import('./types.js').Transport}
 */
function sseTransport(origin) {
  return (options, handlers) => {
    const controller = new AbortController();
    readStream(new URL('/api/notifications/stream', origin), options, handlers, controller.signal)
      .catch(() => ABNORMAL_CLOSURE)
      .then((code) => {
        if (!controller.signal.aborted) handlers.closed(code);
      });
    return { send: () => {}, close: () => controller.abort() };
  };
}

/**
 * @param {URL} url @param {OpenOptions} options @param {TransportHandlers} handlers @param {AbortSignal} signal
 * @returns {Promise<number>} the close code
 */
async function readStream(url, { token, position }, handlers, signal) {
  const response = await fetch(url, {
    headers: {
      Accept: 'text/event-stream',
      Authorization: `Bearer ${token}`,
      ...(position ? { 'Last-Event-ID': `${position.epoch}:${position.lastEventId}` } : {}),
    },
    cache: 'no-store',
    signal,
  });
  if (!response.ok || !response.body) return CLOSE_CODES.get(response.status) ?? ABNORMAL_CLOSURE;
  for await (const event of readEvents(response.body, handlers.activity)) {
    if (signal.aborted) break;
    const data = JSON.parse(event.data);
    if (event.event === 'closed') return data.code;
    handlers.message(data);
  }
  return ABNORMAL_CLOSURE;
}
