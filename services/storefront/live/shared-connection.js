import { Connection } from './connection.js';

/** @typedef {import('./types.js').TabMessage} TabMessage */
/** @typedef {import('./types.js').BroadcastMessage} BroadcastMessage */
/** @typedef {import('./types.js').Identity} Identity */

/** One live connection for all tabs of a browser. Runs in a shared worker or in one of the tabs. */
export class SharedConnection {
  #transports;
  #broadcast;
  /** @type {Connection|null} */
  #connection = null;
  #userId = '';
  #isOnline = true;
  #version;

  /**
   * @param {import('./types.js').Transports} transports
   * @param {(message: BroadcastMessage) => void} broadcast
   * @param {number} version of the messages
   */
  constructor(transports, broadcast, version) {
    this.#version = version;
    this.#transports = transports;
    this.#broadcast = broadcast;
  }

  /** @param {TabMessage} message */
  received(message) {
    switch (message.type) {
      case 'attach':
        this.#setOnline(message.online);
        this.#setIdentity(message.identity, message.position);
        this.#broadcast({ type: 'state', state: this.#connection?.state ?? { phase: 'off' } });
        break;
      case 'identity':
        this.#setIdentity(message.identity, null);
        break;
      case 'online':
        this.#setOnline(message.online);
        break;
      case 'ping':
        this.#broadcast({ type: 'alive', version: this.#version });
        break;
      case 'reconnect':
        this.#connection?.reconnectNow();
        break;
    }
  }

  /** @param {boolean} isOnline */
  #setOnline(isOnline) {
    this.#isOnline = isOnline;
    this.#connection?.setOnline(isOnline);
  }

  /** @param {Identity} identity @param {import('./types.js').Position|null} position */
  #setIdentity(identity, position) {
    if (identity && this.#connection && identity.userId === this.#userId) {
      this.#connection.setToken(identity.token);
      return;
    }
    this.#connection?.stop();
    this.#connection = null;
    if (!identity) return;
    const { userId, token } = identity;
    this.#userId = userId;
    /** @type {Connection} */
    const connection = new Connection(this.#transports, {
      state: (state) => this.#broadcast({ type: 'state', state }),
      update: (update) => this.#broadcast({ type: 'update', userId, update, position: connection.position }),
      resyncRequired: () => this.#broadcast({ type: 'resyncRequired', userId, position: connection.position }),
      tokenRejected: (rejected) => this.#broadcast({ type: 'tokenRejected', token: rejected }),
    }, { token, position });
    this.#connection = connection;
    connection.setOnline(this.#isOnline);
    connection.start();
  }
}
