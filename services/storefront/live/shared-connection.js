import { Connection } from './connection.js';

/** @typedef {import('./types.js').FromTab} FromTab */
/** @typedef {import('./types.js').FromHub} FromHub */
/** @typedef {import('./types.js').Identity} Identity */

/**
 * One live connection for all tabs of a browser. It does not know where it runs: in a shared worker, or in the one
 * tab that leads the others.
 */
export class Hub {
  #channels;
  #broadcast;
  /** @type {Connection|null} */
  #connection = null;
  #userId = '';
  #isOnline = true;

  /**
   * @param {{ socket: import('./types.js').OpenChannel, events: import('./types.js').OpenChannel }} channels
   * @param {(message: FromHub) => void} broadcast
   */
  constructor(channels, broadcast) {
    this.#channels = channels;
    this.#broadcast = broadcast;
  }

  /** @param {FromTab} message */
  received(message) {
    switch (message.type) {
      case 'hello':
        this.#setOnline(message.online);
        this.#identify(message.identity, message.position);
        this.#broadcast({ type: 'state', state: this.#connection?.state ?? { phase: 'off' } });
        break;
      case 'identity':
        this.#identify(message.identity, null);
        break;
      case 'online':
        this.#setOnline(message.online);
        break;
      case 'nudge':
        this.#connection?.nudge();
        break;
    }
  }

  stop() {
    this.#connection?.stop();
    this.#connection = null;
  }

  /** @param {boolean} isOnline */
  #setOnline(isOnline) {
    this.#isOnline = isOnline;
    this.#connection?.setOnline(isOnline);
  }

  /** @param {Identity} identity @param {import('./types.js').Position|null} position */
  #identify(identity, position) {
    if (identity && this.#connection && identity.userId === this.#userId) {
      this.#connection.setToken(identity.token);
      return;
    }
    this.stop();
    if (!identity) return;
    const { userId, token } = identity;
    this.#userId = userId;
    /** @type {Connection} */
    const connection = new Connection(this.#channels, {
      state: (state) => this.#broadcast({ type: 'state', state }),
      update: (update) => this.#broadcast({ type: 'update', userId, update, position: connection.position }),
      truth: () => this.#broadcast({ type: 'truth', userId, position: connection.position }),
      tokenRefused: (refused) => this.#broadcast({ type: 'token refused', token: refused }),
    }, { token, position });
    this.#connection = connection;
    connection.setOnline(this.#isOnline);
    connection.start();
  }
}
