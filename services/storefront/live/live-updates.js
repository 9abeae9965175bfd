import { Signal } from '../app/signal.js';
import { openTabPort } from './tab-port.js';

/** @typedef {import('./types.js').LiveState} LiveState */
/** @typedef {import('../app/types.js').OrderUpdate} OrderUpdate */

/** The live connection as one tab uses it. */
export class LiveUpdates {
  /** @type {Signal<LiveState>} */
  state = new Signal(/** @type {LiveState} */ ({ phase: 'off' }));
  /** @type {(update: OrderUpdate) => void} */
  onUpdate = () => {};
  /** Updates may be missing: fetch the state over REST. */
  onResyncRequired = () => {};
  #session;
  #port;
  /** @type {import('./types.js').Position|null} to resume from when this tab becomes the leader */
  #position = null;

  /** @param {import('../session/session.js').Session} session */
  constructor(session) {
    this.#session = session;
    this.#port = openTabPort((message) => this.#received(message), () => this.#attach());
    session.current.listen(() => this.#port.send({ type: 'identity', identity: this.#identity() }));
    for (const name of ['online', 'offline']) {
      addEventListener(name, () => this.#port.send({ type: 'online', online: navigator.onLine }));
    }
    addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#port.send({ type: 'reconnect' });
    });
    addEventListener('pagehide', () => this.#port.send({ type: 'detach' }));
    addEventListener('pageshow', (event) => {
      if (!event.persisted) return;
      this.#attach();
      this.onResyncRequired();
    });
  }

  #attach() {
    this.#port.send({ type: 'attach', identity: this.#identity(), online: navigator.onLine, position: this.#position });
  }

  #identity() {
    const current = this.#session.current.value;
    return current && { userId: current.userId, token: current.token };
  }

  /** @param {import('./types.js').BroadcastMessage} message */
  #received(message) {
    const current = this.#session.current.value;
    switch (message.type) {
      case 'state':
        this.state.value = message.state;
        break;
      case 'update':
        if (message.userId !== current?.userId) return; // The user has just changed.
        this.#position = message.position;
        this.onUpdate(message.update);
        break;
      case 'resyncRequired':
        if (message.userId !== current?.userId) return;
        this.#position = message.position;
        this.onResyncRequired();
        break;
      case 'tokenRejected':
        if (message.token === current?.token) this.#session.replaceRejectedToken().catch(() => {});
        break;
    }
  }
}
