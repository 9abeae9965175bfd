import { connect } from './client.js';

/** @typedef {import('./types.js').TabMessage} TabMessage */
/** @typedef {import('./types.js').BroadcastMessage} BroadcastMessage */
/** @typedef {import('./types.js').Identity} Identity */

/** One live connection for all tabs of a browser. Runs in a shared worker or in one of the tabs. */
export class SharedConnection {
  #transports;
  #broadcast;
  /** @type {import('./client').LiveConnection|null} */
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
    this.#connection?.close();
    this.#connection = null;
    if (!identity) return;
    const { userId, token } = identity;
    this.#userId = userId;
    this.#connection = connect({
      token, position, transports: this.#transports,
      onState: (state) => this.#broadcast({ type: 'state', state }),
      onUpdate: (update, reached) => this.#broadcast({ type: 'update', userId, update, position: reached }),
      onGap: (reached) => this.#broadcast({ type: 'resyncRequired', userId, position: reached }),
      onTokenRejected: (rejected) => this.#broadcast({ type: 'tokenRejected', token: rejected }),
    });
    this.#connection.setOnline(this.#isOnline);
  }
}
