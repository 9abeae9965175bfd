import { EventStreamParser } from './event-stream.js';

/** Close codes for what happens to a stream, so that the connection need not know which channel it has. */
const CODES = new Map([[401, 4401], [403, 1008], [429, 1013], [503, 1013]]);
const ABNORMAL = 1006;

/**
 * Server-sent events by `fetch`, for networks that let no WebSocket through.
 * @param {string} origin of the page
 * @returns {import('./types.js').OpenChannel}
 */
export function eventsChannel(origin) {
  return (opening, on) => {
    const stop = new AbortController();
    read(new URL('/api/notifications/stream', origin), opening, on, stop.signal)
      .catch(() => ABNORMAL)
      .then((code) => {
        if (!stop.signal.aborted) on.closed(code);
      });
    return { send: () => {}, close: () => stop.abort() };
  };
}

/**
 * @param {URL} url @param {import('./types.js').Opening} opening @param {import('./types.js').ChannelHandlers} on
 * @param {AbortSignal} signal
 * @returns {Promise<number>} why it ended
 */
async function read(url, { token, position }, on, signal) {
  const response = await fetch(url, {
    headers: {
      Accept: 'text/event-stream',
      Authorization: `Bearer ${token}`,
      ...(position ? { 'Last-Event-ID': `${position.epoch}:${position.lastEventId}` } : {}),
    },
    cache: 'no-store',
    signal,
  });
  if (!response.ok || !response.body) return CODES.get(response.status) ?? ABNORMAL;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventStreamParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || signal.aborted) return ABNORMAL;
    on.alive();
    for (const event of parser.push(decoder.decode(value, { stream: true }))) {
      const data = JSON.parse(event.data);
      if (event.event === 'closed') return data.code;
      on.message(data);
    }
  }
}
