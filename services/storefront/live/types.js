/**
 * @typedef {{ epoch: string, lastEventId: number }} Position  in the user's mailbox
 *
 * @typedef {object} LiveState
 * @property {'off'|'connecting'|'connected'|'waiting'|'offline'} phase
 * @property {string} [replica]  when connected
 * @property {'websocket'|'sse'} [transport]  when connected
 * @property {number} [retryAt]  when waiting; milliseconds since 1970
 *
 * @typedef {object} OpenOptions
 * @property {string} token
 * @property {Position|null} position  to resume from
 *
 * @typedef {object} TransportHandlers
 * @property {(message: any) => void} message
 * @property {() => void} activity  data arrived, heartbeats included
 * @property {(code: number) => void} closed  once; a WebSocket close code for either transport
 *
 * @typedef {object} OpenTransport
 * @property {(message: object) => void} send  does nothing on a one-way transport
 * @property {() => void} close  `closed` is not called afterwards
 *
 * @typedef {(options: OpenOptions, handlers: TransportHandlers) => OpenTransport} Transport
 * @typedef {{ websocket: Transport, sse: Transport }} Transports
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
 *   | { type: 'update', userId: string, update: import('../app/types.js').OrderUpdate, position: Position|null }
 *   | { type: 'resyncRequired', userId: string, position: Position|null }
 *   | { type: 'tokenRejected', token: string }
 *   | { type: 'alive', version: number }} BroadcastMessage  `alive` answers a ping
 */
export {};
