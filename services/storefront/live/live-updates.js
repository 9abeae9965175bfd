import { Signal } from '../app/signal.js';
import { link } from './links.js';

/** @typedef {import('./types.js').LiveState} LiveState */
/** @typedef {import('../app/types.js').OrderUpdate} OrderUpdate */

/** A tab's view of the live connection. */
export class Live {
  /** @type {Signal<LiveState>} */
  state = new Signal(/** @type {LiveState} */ ({ phase: 'off' }));
  /** @type {(update: OrderUpdate) => void} */
  onUpdate = () => {};
  /** Updates may have been missed: fetch the truth. */
  onTruth = () => {};
  #session;
  #link;
  /** @type {import('./types.js').Position|null} for a tab that must take over as leader */
  #position = null;

  /** @param {import('../session/session.js').Session} session */
  constructor(session) {
    this.#session = session;
    this.#link = link((message) => this.#received(message), () => this.#hello());
    session.current.listen(() => this.#link.send({ type: 'identity', identity: this.#identity() }));
    for (const name of ['online', 'offline']) {
      addEventListener(name, () => this.#link.send({ type: 'online', online: navigator.onLine }));
    }
    addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#link.send({ type: 'nudge' });
    });
    addEventListener('pagehide', () => this.#link.send({ type: 'bye' }));
    addEventListener('pageshow', (event) => {
      if (!event.persisted) return;
      this.#hello();
      this.onTruth();
    });
  }

  /** Reconnects now rather than later. */
  nudge() {
    this.#link.send({ type: 'nudge' });
  }

  #hello() {
    this.#link.send(
      { type: 'hello', identity: this.#identity(), online: navigator.onLine, position: this.#position });
  }

  #identity() {
    const current = this.#session.current.value;
    return current && { userId: current.userId, token: current.token };
  }

  /** @param {import('./types.js').FromHub} message */
  #received(message) {
    const userId = this.#session.current.value?.userId;
    switch (message.type) {
      case 'state':
        this.state.value = message.state;
        break;
      case 'update':
        if (message.userId !== userId) return; // Another user was signed in a moment ago.
        this.#position = message.position;
        this.onUpdate(message.update);
        break;
      case 'truth':
        if (message.userId !== userId) return;
        this.#position = message.position;
        this.onTruth();
        break;
      case 'token refused':
        if (this.#session.current.value?.token === message.token) this.#session.refused().catch(() => {});
        break;
    }
  }
}
