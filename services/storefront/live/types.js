/**
 * @typedef {{ epoch: string, lastEventId: number }} Position  how far this browser has read its user's mailbox
 *
 * @typedef {object} LiveState
 * @property {'off'|'connecting'|'connected'|'waiting'|'offline'} phase
 * @property {string} [replica]  when connected
 * @property {'socket'|'events'} [via]  when connected
 * @property {number} [retryAt]  when waiting; milliseconds since 1970
 *
 * @typedef {object} Opening
 * @property {string} token
 * @property {Position|null} position  where to resume
 *
 * @typedef {object} ChannelHandlers
 * @property {(message: any) => void} message
 * @property {() => void} alive  something came, if only a heartbeat
 * @property {(code: number) => void} closed  once; a WebSocket close code, also of other channels
 *
 * @typedef {object} Channel
 * @property {(message: object) => void} send  does nothing where the channel has one direction
 * @property {() => void} close  `closed` is not called after this
 *
 * @typedef {(opening: Opening, on: ChannelHandlers) => Channel} OpenChannel
 *
 * @typedef {{ userId: string, token: string }|null} Identity
 *
 * What a tab says to the hub:
 * @typedef {{ type: 'hello', identity: Identity, online: boolean, position: Position|null }} Hello
 * @typedef {Hello
 *   | { type: 'identity', identity: Identity }
 *   | { type: 'online', online: boolean }
 *   | { type: 'nudge' }
 *   | { type: 'bye' }} FromTab
 *
 * What the hub says to every tab:
 * @typedef {{ type: 'state', state: LiveState }
 *   | { type: 'update', userId: string, update: import('../app/types.js').OrderUpdate, position: Position|null }
 *   | { type: 'truth', userId: string, position: Position|null }
 *   | { type: 'token refused', token: string }} FromHub
 */
export {};
