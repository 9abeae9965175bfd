/**
 * Of the client library:
 * @typedef {import('./client').Position} Position
 * @typedef {import('./client').LiveState} LiveState
 * @typedef {import('./client').OpenOptions} OpenOptions
 * @typedef {import('./client').TransportHandlers} TransportHandlers
 * @typedef {import('./client').OpenTransport} OpenTransport
 * @typedef {import('./client').Transport} Transport
 * @typedef {import('./client').Transports} Transports
 *
 * @typedef {{ userId: string, token: string }|null} Identity
 *
 * From a tab to the shared connection:
 * @typedef {{ type: 'attach', identity: Identity, online: boolean, position: Position|null }
 *   | { type: 'detach' }
 *   | { type: 'identity', identity: Identity }
 *   | { type: 'online', online: boolean }
 *   | { type: 'reconnect' }
 *   | { type: 'ping' }} TabMessage
 *
 * From the shared connection to every tab:
 * @typedef {{ type: 'state', state: LiveState }
 *   | { type: 'update', userId: string, update: import('./client').OrderUpdate, position: Position|null }
 *   | { type: 'resyncRequired', userId: string, position: Position|null }
 *   | { type: 'tokenRejected', token: string }
 *   | { type: 'alive', version: number }} BroadcastMessage  `alive` answers a ping
 */
export {};
