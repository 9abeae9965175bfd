import { Signal } from '../app/signal.js';
import { fullJitter } from '../live/backoff.js';
import { EventStreamParser } from '../live/event-stream.js';

/**
 * @typedef {{ phase: 'off'|'connecting'|'connected'|'waiting'|'refused', retryAt?: number }} FeedState
 */

const SILENCE = 10_000; // milliseconds: a state comes every second

/** The console's stream of events, followed for as long as somebody is signed in. */
export class Feed {
  /** @type {Signal<FeedState>} */
  state = new Signal(/** @type {FeedState} */ ({ phase: 'off' }));
  /** @type {Signal<import('./types.js').Hello|null>} */
  hello = new Signal(/** @type {import('./types.js').Hello|null} */ (null));
  /** @type {(state: import('./types.js').State) => void} */
  onState = () => {};
  /** @type {(entries: import('./types.js').Entry[]) => void} */
  onOrders = () => {};
  #session;
  /** @type {AbortController|null} */
  #stop = null;
  #attempt = 0;
  #timer = 0;

  /** @param {import('../session/session.js').Session} session */
  constructor(session) {
    this.#session = session;
    let userId = '';
    session.current.watch((current) => {
      // A renewed token changes nothing: the stream was let in with the one before.
      if ((current?.userId ?? '') === userId) return;
      userId = current?.userId ?? '';
      this.#end();
      if (current) void this.#follow();
      else this.state.value = { phase: 'off' };
    });
  }

  #end() {
    clearTimeout(this.#timer);
    this.#stop?.abort();
    this.#stop = null;
    this.hello.value = null;
  }

  async #follow() {
    const stop = new AbortController();
    this.#stop = stop;
    this.state.value = { phase: 'connecting' };
    const isRefused = await this.#read(stop).catch(() => false);
    if (this.#stop !== stop) return;
    this.#stop = null;
    if (isRefused) {
      this.state.value = { phase: 'refused' };
      return;
    }
    const pause = fullJitter(this.#attempt, Math.random, { base: 500, cap: 8_000 });
    this.#attempt += 1;
    this.state.value = { phase: 'waiting', retryAt: Date.now() + pause };
    this.#timer = window.setTimeout(() => void this.#follow(), pause);
  }

  /** @param {AbortController} stop @returns {Promise<boolean>} whether there is no use in asking again */
  async #read(stop) {
    let alarm = setTimeout(() => stop.abort(), SILENCE);
    try {
      const ask = async (/** @type {string} */ token) => fetch('/ops/api/stream', {
        headers: { Accept: 'text/event-stream', Authorization: `Bearer ${token}` }, cache: 'no-store', signal: stop.signal,
      });
      let response = await ask(await this.#session.token());
      if (response.status === 401) response = await ask(await this.#session.refused());
      if (response.status === 403) return true;
      if (!response.ok || !response.body) return false;
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      const parser = new EventStreamParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return false;
        clearTimeout(alarm);
        alarm = setTimeout(() => stop.abort(), SILENCE);
        for (const { event, data } of parser.push(decoder.decode(value, { stream: true }))) this.#received(event, JSON.parse(data));
      }
    } finally {
      clearTimeout(alarm);
    }
  }

  /** @param {string} event @param {any} data */
  #received(event, data) {
    switch (event) {
      case 'hello':
        this.#attempt = 0;
        this.state.value = { phase: 'connected' };
        this.hello.value = data;
        if (data.recent.length > 0) this.onOrders(data.recent);
        break;
      case 'orders':
        this.onOrders(data);
        break;
      case 'state':
        this.onState(data);
        break;
    }
  }
}
