/** The native WebSocket. The token travels as a subprotocol: it is in no URL, and so in no log. */

/**
 * @param {string} origin of the page
 * @returns {import('./types.js').OpenChannel}
 */
export function socketChannel(origin) {
  return ({ token, position }, on) => {
    const url = new URL('/ws', origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (position) {
      url.searchParams.set('epoch', position.epoch);
      url.searchParams.set('lastEventId', String(position.lastEventId));
    }
    const socket = new WebSocket(url, ['waybill.v1', `bearer.${token}`]);
    socket.onmessage = (event) => {
      on.alive();
      on.message(JSON.parse(event.data));
    };
    socket.onclose = (event) => on.closed(event.code);
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
